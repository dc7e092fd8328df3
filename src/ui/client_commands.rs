//! Command lines with which the user connects to a deployment.

use crate::connection::{quote_for_powershell, quote_for_sh};
use crate::spec::{Access, ClientAuth};
use crate::topology::{Auth, Kind, Node, Topology};

/// Command lines that each work without the others. Passwords come from the environment.
pub(super) fn commands(topology: &Topology, primary: &Node, shell: Shell) -> Vec<String> {
    let name = &topology.name;
    let login = CommandLogin::usual(topology);
    let mut commands = Vec::new();
    if topology.auth.is_none() && topology.tls.is_none() {
        commands.extend([redis_cli(topology, primary, shell), shell.take_settings(topology, None)]);
    } else {
        commands.push(login.redis_cli(topology, primary, shell));
    }
    let users = topology.auth.iter().flat_map(|auth| &auth.users).filter(|user| user.is_on());
    let users = users.map(|user| CommandLogin { user: Some(&user.name) }).filter(|user| *user != login);
    commands.extend(users.map(|user| user.redis_cli(topology, primary, shell)));
    commands.push(format!("{} cli {name}", redisctl(topology)));
    if let Some(sentinel) = topology.sentinels.first() {
        // Old sentinels have the default user's password, but no users.
        let client = if topology.has_sentinel_users() || login.user.is_none() {
            login.redis_cli(topology, sentinel, shell)
        } else {
            redis_cli(topology, sentinel, shell)
        };
        commands.push(format!("{client} sentinel get-master-addr-by-name {name}"));
    }
    commands
}

/// The beginning of a command line of redisctl: with several engines, it names the first.
fn redisctl(topology: &Topology) -> String {
    topology.engines.values().next().map_or_else(|| "redisctl".to_owned(), |engine| engine.at.redisctl())
}

/// The user that a client logs in as; `None`: the default user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct CommandLogin<'a> {
    user: Option<&'a str>,
}

impl<'a> CommandLogin<'a> {
    /// The user of `redisctl env` without `--user`.
    fn usual(topology: &'a Topology) -> Self {
        Self { user: topology.auth.as_ref().and_then(Auth::user_for_default) }
    }

    /// `redis-cli` at a node, with its settings for login and TLS.
    fn redis_cli(self, topology: &'a Topology, node: &Node, shell: Shell) -> String {
        let client = redis_cli(topology, node, shell);
        if topology.auth.is_none() && topology.tls.is_none() {
            return client;
        }
        let named = self.user.filter(|_| self != Self::usual(topology));
        let settings = shell.take_settings(topology, named);
        let user = self.user.map(|user| format!(" --user {}", shell.word(user))).unwrap_or_default();
        format!("{settings}{}{client}{user}", shell.then())
    }
}

/// The shells that commands are written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shell {
    /// `sh` and compatible shells.
    Posix,
    /// The shell of Windows.
    PowerShell,
}

impl Shell {
    /// The shell of this system.
    pub(super) const USUAL: Self = if cfg!(windows) { Self::PowerShell } else { Self::Posix };

    /// The command that puts a deployment's settings for a user into the shell's environment.
    fn take_settings(self, topology: &Topology, user: Option<&str>) -> String {
        let (redisctl, deployment) = (redisctl(topology), &topology.name);
        let user = user.map(|user| format!(" --user {}", self.word(user))).unwrap_or_default();
        match self {
            Self::Posix => format!("eval \"$({redisctl} env {deployment}{user})\""),
            Self::PowerShell => {
                format!(
                    "{redisctl} env {deployment}{user} --format powershell | Out-String | Invoke-Expression"
                )
            }
        }
    }

    /// A word, with quotes if the shell needs them.
    fn word(self, text: &str) -> String {
        let is_plain = |character: char| character.is_ascii_alphanumeric() || "-._/:".contains(character);
        match self {
            _ if text.chars().all(is_plain) => text.to_owned(),
            Self::Posix => quote_for_sh(text),
            Self::PowerShell => quote_for_powershell(text),
        }
    }

    /// The value of an environment variable, in quotes.
    fn variable(self, name: &str) -> String {
        match self {
            Self::Posix => format!("\"${name}\""),
            Self::PowerShell => format!("\"$env:{name}\""),
        }
    }

    /// The separator of two commands. The PowerShell of Windows has no `&&`, so the second command always runs there.
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
    // This is the default of redis-cli.
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
        let yaml = "{kind: standalone, auth: {users: [{name: \"it's\", rules: ['+@read']}]}}";
        let named = settings.replace("shop", "shop --user 'it''s'");
        assert_eq!(
            suggested(yaml, Shell::PowerShell)[1],
            format!("{named}; redis-cli -p 7001 --user 'it''s'")
        );
    }

    #[test]
    fn every_line_logs_in_without_the_others() {
        let users = "users: [{name: first, rules: ['+@all']}, {name: \"it's\", rules: ['+@read']}]";
        let lines = suggested(&format!("{{kind: sentinel, auth: {{default: off, {users}}}}}"), Shell::Posix);
        insta::assert_snapshot!(lines.join("\n"), @r#"
        eval "$(redisctl env shop)" && redis-cli -p 7001 --user first
        eval "$(redisctl env shop --user 'it'\''s')" && redis-cli -p 7001 --user 'it'\''s'
        redisctl cli shop
        eval "$(redisctl env shop)" && redis-cli -p 7003 --user first sentinel get-master-addr-by-name shop
        "#);
    }
}
