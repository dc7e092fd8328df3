//! What `up` ends with: the deployment at a glance, and how to connect to it. No secret is shown.

use console::Alignment::Left;

use super::Palette;
use super::status::{serves, serves_heading, state};
use super::table::Table;
use crate::spec::Access;
use crate::status::StatusView;
use crate::topology::{Kind, Topology};

pub(super) fn render(topology: &Topology, status: &StatusView, palette: Palette) -> String {
    let mut text = format!(
        "{} is {}: {}, {}\n\n",
        palette.strong(&topology.name),
        state(status.state, palette),
        topology.summary(),
        topology.server,
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
    text.push_str("\nconnect with\n");
    for command in commands(topology) {
        text.push_str(&format!("  {}\n", palette.accent(command)));
    }
    text
}

/// Command lines that work as they are, passwords left to the environment or the prompt.
fn commands(topology: &Topology) -> Vec<String> {
    let name = &topology.name;
    let client = redis_cli(topology);
    let mut commands = Vec::new();
    match &topology.auth {
        None => {
            commands.push(client);
            commands.push(format!("eval \"$(redisctl env {name})\""));
        }
        Some(auth) => {
            commands.push(format!("eval \"$(redisctl env {name})\" && {client}"));
            let users = auth.users.iter();
            commands.extend(users.map(|user| format!("{client} --user {} --askpass", user.name)));
        }
    }
    commands.push(format!("redisctl cli {name}"));
    commands
}

/// `redis-cli` at the first node, with as few options as do.
fn redis_cli(topology: &Topology) -> String {
    let mut command = "redis-cli".to_owned();
    if topology.kind == Kind::Cluster {
        command.push_str(" -c");
    }
    if let Some(node) = topology.nodes().first() {
        let host = match topology.access {
            Access::Host => node.endpoint.host.clone(),
            Access::Network => node.address.ip.to_string(),
        };
        // redis-cli's own default.
        if host != "127.0.0.1" {
            command.push_str(&format!(" -h {host}"));
        }
        command.push_str(&format!(" -p {}", node.endpoint.port));
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::status::tests::{healthy, topology};

    fn text(yaml: &str) -> String {
        let topology = topology(yaml);
        render(&topology, &healthy(&topology), Palette::new(false))
    }

    #[test]
    fn a_cluster_at_a_glance() {
        insta::assert_snapshot!(text("kind: cluster\nshards: 2"), @"");
    }

    #[test]
    fn a_secured_one_shows_how_to_log_in_but_no_password() {
        let text = text(
            "kind: replication
auth: {password: hunter2, users: [{name: regular, password: hunter3, rules: ['+@read']}]}",
        );
        insta::assert_snapshot!(text, @"");
    }

    #[test]
    fn clients_inside_the_network_are_told_the_address() {
        let commands = commands(&topology("kind: standalone\naccess: network"));
        assert_eq!(commands[0], "redis-cli -h 172.30.0.11 -p 7001");
    }
}
