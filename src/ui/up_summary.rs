//! The last output of `up`: the deployment in short, and commands to connect to it. It contains no secrets.

use console::Alignment::Left;

use super::client_commands::{Shell, commands};
use super::palette::Palette;
use super::status::{image, modules, notes, serves, serves_heading, state};
use super::table::Table;
use crate::status::{Role, StatusView};
use crate::topology::Topology;

pub(super) fn render(topology: &Topology, status: &StatusView, palette: Palette) -> String {
    render_for(Shell::USUAL, topology, status, palette)
}

fn render_for(shell: Shell, topology: &Topology, status: &StatusView, palette: Palette) -> String {
    let mut text = format!(
        "{} is {}: {}, {}\n{}{}\n",
        palette.strong(&topology.name),
        state(status.state, palette),
        topology.summary(),
        topology.server,
        image(status, palette),
        modules(status),
    );
    let mut table = Table::new(&[
        ("NODE", Left),
        (if topology.engines.is_empty() { "" } else { "ENGINE" }, Left),
        ("ROLE", Left),
        (serves_heading(topology.kind), Left),
        ("ENDPOINT", Left),
        ("ADDRESS", Left),
    ]);
    for node in &status.nodes {
        table.row(vec![
            palette.strong(&node.name),
            node.engine.as_ref().map_or_else(String::new, ToString::to_string),
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
    text.push_str(&notes(status, palette));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::status::tests::{healthy, topology};

    fn text(yaml: &str) -> String {
        let topology = topology(yaml);
        render_for(Shell::Posix, &topology, &healthy(&topology), Palette::new(false))
    }

    #[test]
    fn after_a_failover_the_new_primary_is_the_one_to_connect_with() {
        let topology = topology("kind: replication");
        let mut status = healthy(&topology);
        (status.nodes[0].role, status.nodes[1].role) = (Role::Replica, Role::Primary);
        let text = render_for(Shell::Posix, &topology, &status, Palette::new(false));
        assert!(text.contains("redis-cli -p 7002\n"), "{text}");
    }

    #[test]
    fn a_cluster_in_short() {
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
    fn what_clients_are_told_instead_of_endpoints_is_said_at_the_end() {
        let note = "note: redis 6.2.0 announces addresses in 172.30.0.0/24 to clients: only machines with a route to it can \
                    follow redirections\n";
        let old = text("{kind: cluster, image: 'redis:6.2'}");
        assert!(old.ends_with(&format!("redisctl cli shop\n\n{note}")), "{old}");
    }

    #[test]
    fn a_secured_deployment_shows_how_to_log_in_but_no_password() {
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
          eval "$(redisctl env shop --user regular)" && redis-cli -p 7001 --user regular
          redisctl cli shop
        "#);
    }
}
