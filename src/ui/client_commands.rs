//! Command lines with which a person connects to a deployment.

use crate::spec::{Access, ClientAuth};
use crate::topology::{Kind, Node, Topology};

/// Command lines that work as they are. Passwords come from the environment or the prompt.
pub(super) fn commands(topology: &Topology, primary: &Node, shell: Shell) -> Vec<String> {
    let name = &topology.name;
    let client = redis_cli(topology, primary, shell);
    let take_settings = shell.take_settings(name.as_str());
    let off = topology.auth.as_ref().filter(|auth| auth.default_rules.is_none());
    let first = off.and_then(|auth| auth.users.iter().find(|user| user.is_on()));
    let user = first.map(|user| format!(" --user {}", user.name)).unwrap_or_default();
    let mut commands = Vec::new();
    if topology.auth.is_none() && topology.tls.is_none() {
        commands.extend([client.clone(), take_settings]);
    } else {
        commands.push(format!("{take_settings}{}{client}{user}", shell.then()));
    }
    let users = topology.auth.iter().flat_map(|auth| &auth.users).filter(|user| user.is_on());
    commands.extend(users.map(|user| format!("{client} --user {} --askpass", user.name)));
    commands.push(format!("redisctl cli {name}"));
    if let Some(sentinel) = topology.sentinels.first() {
        let asks =
            topology.auth.as_ref().is_some_and(|auth| auth.default_password || auth.default_rules.is_none());
        let login = if asks { format!("{user} --askpass") } else { String::new() };
        commands.push(format!(
            "{}{login} sentinel get-master-addr-by-name {name}",
            redis_cli(topology, sentinel, shell)
        ));
    }
    commands
}

/// The shells that commands are written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shell {
    /// `sh` and shells that understand its language.
    Posix,
    /// The shell of Windows.
    PowerShell,
}

impl Shell {
    /// The shell of this system.
    pub(super) const USUAL: Self = if cfg!(windows) { Self::PowerShell } else { Self::Posix };

    /// The command that puts a deployment's settings into the shell's environment.
    fn take_settings(self, deployment: &str) -> String {
        match self {
            Self::Posix => format!("eval \"$(redisctl env {deployment})\""),
            Self::PowerShell => {
                format!("redisctl env {deployment} --format powershell | Out-String | Invoke-Expression")
            }
        }
    }

    /// The value of a variable of the environment, in quotes.
    fn variable(self, name: &str) -> String {
        match self {
            Self::Posix => format!("\"${name}\""),
            Self::PowerShell => format!("\"$env:{name}\""),
        }
    }

    /// What stands between two commands. The PowerShell that comes with Windows has no `&&`, so that the
    /// second command runs there in any case.
    fn then(self) -> &'static str {
        match self {
            Self::Posix => " && ",
            Self::PowerShell => "; ",
        }
    }
}

/// `redis-cli` at a node, with the options that it needs.
fn redis_cli(topology: &Topology, node: &Node, shell: Shell) -> String {
    let mut words = vec!["redis-cli".to_owned()];
    if let Some(tls) = topology.tls {
        words.push(format!("--tls --cacert {}", shell.variable("REDIS_CA_FILE")));
        if tls.client_auth == ClientAuth::Required {
            let (certificate, key) = (shell.variable("REDIS_CERT_FILE"), shell.variable("REDIS_KEY_FILE"));
            words.push(format!("--cert {certificate} --key {key}"));
        }
    }
    if topology.kind == Kind::Cluster {
        words.push("-c".to_owned());
    }
    let host = match topology.access {
        Access::Host => node.endpoint.host.clone(),
        Access::Network => node.address.ip.to_string(),
    };
    // The default of redis-cli.
    if host != "127.0.0.1" {
        words.extend(["-h".to_owned(), host]);
    }
    words.extend(["-p".to_owned(), node.endpoint.port.to_string()]);
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::status::tests::topology;

    fn suggested(yaml: &str, shell: Shell) -> Vec<String> {
        let topology = topology(yaml);
        commands(&topology, &topology.shards[0].primary, shell)
    }

    #[test]
    fn with_tls_clients_get_the_file_of_the_ca() {
        let lines = suggested("{kind: cluster, tls: true}", Shell::Posix).join("\n");
        insta::assert_snapshot!(lines, @r#"
        eval "$(redisctl env shop)" && redis-cli --tls --cacert "$REDIS_CA_FILE" -c -p 7001
        redisctl cli shop
        "#);
        let lines = suggested("{kind: standalone, tls: {client_auth: true}}", Shell::Posix);
        assert!(
            lines[0].contains("--cert \"$REDIS_CERT_FILE\" --key \"$REDIS_KEY_FILE\" -p 7001"),
            "{lines:?}"
        );
    }

    #[test]
    fn clients_inside_the_network_get_the_address() {
        let commands = suggested("kind: standalone\naccess: network", Shell::Posix);
        assert_eq!(commands[0], "redis-cli -h 172.30.0.11 -p 7001");
    }

    #[test]
    fn powershell_gets_commands_of_its_own() {
        let settings = "redisctl env shop --format powershell | Out-String | Invoke-Expression";
        let open = suggested("kind: cluster", Shell::PowerShell);
        assert_eq!(open, ["redis-cli -c -p 7001", settings, "redisctl cli shop"]);
        let secured = suggested("kind: standalone\nauth: {password: x}", Shell::PowerShell);
        assert_eq!(secured, [&format!("{settings}; redis-cli -p 7001"), "redisctl cli shop"]);
    }
}
