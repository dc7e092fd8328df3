//! What `up` ends with: the deployment at a glance, and how to connect to it. No secret is shown.

use console::Alignment::Left;

use super::Palette;
use super::status::{image, serves, serves_heading, state};
use super::table::Table;
use crate::spec::{Access, ClientAuth};
use crate::status::{Role, StatusView};
use crate::topology::{Kind, Node, Topology};

pub(super) fn render(topology: &Topology, status: &StatusView, palette: Palette) -> String {
    render_for(Shell::USUAL, topology, status, palette)
}

fn render_for(shell: Shell, topology: &Topology, status: &StatusView, palette: Palette) -> String {
    let mut text = format!(
        "{} is {}: {}, {}\n{}\n",
        palette.strong(&topology.name),
        state(status.state, palette),
        topology.summary(),
        topology.server,
        image(status, palette),
    );
    let mut table = Table::new(&[
        ("NODE", Left),
        ("ROLE", Left),
        (serves_heading(topology.kind), Left),
        ("ENDPOINT", Left),
        ("ADDRESS", Left),
    ]);
    for node in &status.nodes {
        table.row(vec![
            palette.strong(&node.name),
            node.role.as_str().to_owned(),
            serves(node),
            node.endpoint.clone(),
            palette.faint(&node.address),
        ]);
    }
    text.push_str(&table.render(palette));
    let serves_writes = status.nodes.iter().find(|node| node.role == Role::Primary);
    let primary = serves_writes.and_then(|node| topology.node(&node.name));
    let primary = primary.unwrap_or(&topology.shards[0].primary);
    text.push_str("\nconnect with\n");
    text.extend(
        commands(topology, primary, shell)
            .into_iter()
            .map(|command| format!("  {}\n", palette.accent(command))),
    );
    text
}

/// Command lines that work as they are, passwords left to the environment or the prompt.
fn commands(topology: &Topology, primary: &Node, shell: Shell) -> Vec<String> {
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
enum Shell {
    /// sh and its like.
    Posix,
    /// Windows' own.
    PowerShell,
}

impl Shell {
    /// The one that people have at hand on this system.
    const USUAL: Self = if cfg!(windows) { Self::PowerShell } else { Self::Posix };

    /// The command that puts a deployment's settings into the shell's environment.
    fn take_settings(self, deployment: &str) -> String {
        match self {
            Self::Posix => format!("eval \"$(redisctl env {deployment})\""),
            Self::PowerShell => {
                format!("redisctl env {deployment} --format powershell | Out-String | Invoke-Expression")
            }
        }
    }

    /// The value of a variable of the environment, whatever is in it.
    fn variable(self, name: &str) -> String {
        match self {
            Self::Posix => format!("\"${name}\""),
            Self::PowerShell => format!("\"$env:{name}\""),
        }
    }

    /// What stands between two commands; that of PowerShell does not ask how the first one ended,
    /// because Windows' own release of it knows no `&&`.
    fn then(self) -> &'static str {
        match self {
            Self::Posix => " && ",
            Self::PowerShell => "; ",
        }
    }
}

/// `redis-cli` at a node, with as few options as do.
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
    // redis-cli's own default.
    if host != "127.0.0.1" {
        words.extend(["-h".to_owned(), host]);
    }
    words.extend(["-p".to_owned(), node.endpoint.port.to_string()]);
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::status::tests::{healthy, topology};

    fn text(yaml: &str) -> String {
        let topology = topology(yaml);
        render_for(Shell::Posix, &topology, &healthy(&topology), Palette::new(false))
    }

    fn suggested(yaml: &str, shell: Shell) -> Vec<String> {
        let topology = topology(yaml);
        commands(&topology, &topology.shards[0].primary, shell)
    }

    #[test]
    fn after_a_failover_it_is_the_new_primary_that_one_connects_with() {
        let topology = topology("kind: replication");
        let mut status = healthy(&topology);
        (status.nodes[0].role, status.nodes[1].role) = (Role::Replica, Role::Primary);
        let text = render_for(Shell::Posix, &topology, &status, Palette::new(false));
        assert!(text.contains("redis-cli -p 7002\n"), "{text}");
    }

    #[test]
    fn a_cluster_at_a_glance() {
        insta::assert_snapshot!(text("kind: cluster\nshards: 2"), @r#"
        shop is ready: cluster, 2 shards with 1 replica each, redis 8.0.0
        image redis:8, redis@sha256:0123

        NODE    ROLE     SLOTS       ENDPOINT        ADDRESS
        shop-1  primary  0-8191      127.0.0.1:7001  172.30.0.11:7001
        shop-2  primary  8192-16383  127.0.0.1:7002  172.30.0.12:7002
        shop-3  replica  of shop-1   127.0.0.1:7003  172.30.0.13:7003
        shop-4  replica  of shop-2   127.0.0.1:7004  172.30.0.14:7004

        connect with
          redis-cli -c -p 7001
          eval "$(redisctl env shop)"
          redisctl cli shop
        "#);
    }

    #[test]
    fn a_secured_one_shows_how_to_log_in_but_no_password() {
        let text = text(
            "kind: replication
auth: {password: hunter2, users: [{name: regular, password: hunter3, rules: ['+@read']}]}",
        );
        insta::assert_snapshot!(text, @r#"
        shop is ready: replication, 1 replica, redis 8.0.0
        image redis:8, redis@sha256:0123

        NODE    ROLE                ENDPOINT        ADDRESS
        shop-1  primary             127.0.0.1:7001  172.30.0.11:7001
        shop-2  replica  of shop-1  127.0.0.1:7002  172.30.0.12:7002

        connect with
          eval "$(redisctl env shop)" && redis-cli -p 7001
          redis-cli -p 7001 --user regular --askpass
          redisctl cli shop
        "#);
    }

    #[test]
    fn with_tls_clients_are_told_whom_to_trust() {
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
    fn clients_inside_the_network_are_told_the_address() {
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
