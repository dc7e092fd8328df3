//! The text of `status`: a line about the deployment, a table of its nodes, and its problems.

use std::collections::BTreeSet;

use console::Alignment::{Left, Right};
use indicatif::HumanBytes;

use super::Palette;
use super::table::Table;
use crate::status::{DeploymentState, Link, ModuleStatus, NodeCondition, NodeStatus, StatusView};
use crate::topology::Kind;

pub(super) fn render(status: &StatusView, palette: Palette) -> String {
    let mut text = format!(
        "{} is {}: {}, {}\n{}{}\n",
        palette.strong(&status.deployment),
        state(status.state, palette),
        status.kind.as_str(),
        status.server,
        image(status, palette),
        modules(status),
    );
    let has_engines = status.nodes.iter().any(|node| node.engine.is_some());
    let mut table = Table::new(&[
        ("NODE", Left),
        (if has_engines { "ENGINE" } else { "" }, Left),
        ("ROLE", Left),
        (serves_heading(status.kind), Left),
        ("ENDPOINT", Left),
        ("IP", Left),
        ("STATE", Left),
        ("MEMORY", Right),
        ("KEYS", Right),
    ]);
    for node in &status.nodes {
        // The column ENDPOINT shows the port.
        let ip = node.address.rsplit_once(':').map_or(node.address.as_str(), |(ip, _)| ip);
        table.row(vec![
            palette.strong(&node.name),
            node.engine.as_ref().map_or_else(String::new, ToString::to_string),
            node.role.as_str().to_owned(),
            serves(node),
            node.endpoint.clone(),
            ip.to_owned(),
            condition(node, palette),
            node.memory.map_or_else(String::new, |bytes| HumanBytes(bytes).to_string()),
            node.keys.map_or_else(String::new, |keys| keys.to_string()),
        ]);
    }
    text.push_str(&table.render(palette));
    if !status.problems.is_empty() {
        text.push('\n');
    }
    let problems = status.problems.iter();
    text.extend(problems.map(|problem| format!("{} {problem}\n", palette.bad("problem:"))));
    text.push_str(&notes(status, palette));
    text
}

/// What clients have to know.
pub(super) fn notes(status: &StatusView, palette: Palette) -> String {
    let lines: Vec<String> =
        status.notes.iter().map(|note| format!("{} {note}\n", palette.caution("note:"))).collect();
    if lines.is_empty() { String::new() } else { format!("\n{}", lines.concat()) }
}

/// The line about the image, with its digest. A name with a digest can be copied into a spec.
pub(super) fn image(status: &StatusView, palette: Palette) -> String {
    let digest = status.digest.as_ref().filter(|digest| **digest != status.image);
    let digest = digest.map(|digest| palette.faint(format!(", {digest}"))).unwrap_or_default();
    format!("image {}{digest}\n", status.image)
}

/// The modules of the servers: a line for all of them, or for each where they differ; empty if no server has loaded any.
pub(super) fn modules(status: &StatusView) -> String {
    let of_node = |modules: &Vec<ModuleStatus>| -> BTreeSet<String> {
        let own = modules.iter().filter(|module| !module.built_in);
        own.map(|module| format!("{} {}", module.name, module.version)).collect()
    };
    let servers: Vec<(&str, BTreeSet<String>)> = status
        .nodes
        .iter()
        .filter_map(|node| Some((node.name.as_str(), of_node(node.modules.as_ref()?))))
        .collect();
    let list = |names: &BTreeSet<String>| names.iter().cloned().collect::<Vec<_>>().join(", ");
    match servers.first() {
        None => String::new(),
        Some((_, first)) if servers.iter().all(|(_, names)| names == first) => {
            if first.is_empty() {
                String::new()
            } else {
                format!("modules {}\n", list(first))
            }
        }
        Some(_) => {
            let line = |(node, names): &(&str, BTreeSet<String>)| {
                let names = if names.is_empty() { "none".to_owned() } else { list(names) };
                format!("modules of {node}: {names}\n")
            };
            servers.iter().map(line).collect()
        }
    }
}

/// The deployment's state in its colour.
pub(super) fn state(state: DeploymentState, palette: Palette) -> String {
    match state {
        DeploymentState::Ready => palette.good(state.as_str()),
        DeploymentState::Degraded => palette.bad(state.as_str()),
        DeploymentState::Stopped => palette.caution(state.as_str()),
    }
}

/// The heading over [`serves`].
pub(super) fn serves_heading(kind: Kind) -> &'static str {
    if kind == Kind::Cluster { "SLOTS" } else { "" }
}

/// The slots of a primary, or the primary of a replica.
pub(super) fn serves(node: &NodeStatus) -> String {
    if let Some(primary) = &node.primary {
        return format!("of {primary}");
    }
    let range = |[start, end]: &[u16; 2]| {
        if start == end { start.to_string() } else { format!("{start}-{end}") }
    };
    node.slots.iter().map(range).collect::<Vec<_>>().join(",")
}

fn condition(node: &NodeStatus, palette: Palette) -> String {
    match (node.condition, node.link, node.lag) {
        (NodeCondition::Answering, Some(Link::Down), _) => palette.bad("link down"),
        (NodeCondition::Answering, Some(Link::Up), Some(lag)) if lag > 0 => {
            palette.caution(format!("{lag} B behind"))
        }
        (NodeCondition::Answering, _, _) => palette.good("up"),
        (other, _, _) => palette.bad(other.as_str()),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::spec::Spec;
    use crate::status::Role;
    use crate::topology::resolve::{Facts, resolve};
    use crate::topology::{SlotSet, Topology};

    pub(in crate::ui) fn topology(yaml: &str) -> Topology {
        let spec: Spec = serde_yaml::from_str(yaml).unwrap();
        resolve(&spec, &Facts::offline("shop")).unwrap()
    }

    fn pairs(slots: &SlotSet) -> Vec<[u16; 2]> {
        slots.ranges().iter().map(|range| [range.start(), range.end()]).collect()
    }

    /// The status of a healthy deployment.
    pub(in crate::ui) fn healthy(topology: &Topology) -> StatusView {
        let node = |node: &crate::topology::Node| {
            let shard = topology.shard_of(&node.name).unwrap();
            let follows = shard.primary.name != node.name;
            NodeStatus {
                name: node.name.clone(),
                role: if follows { Role::Replica } else { Role::Primary },
                address: node.address.to_string(),
                endpoint: node.endpoint.to_string(),
                container: node.name.clone(),
                engine: None,
                condition: NodeCondition::Answering,
                slots: if follows { Vec::new() } else { pairs(&shard.slots) },
                primary: follows.then(|| shard.primary.name.clone()),
                link: follows.then_some(Link::Up),
                lag: follows.then_some(0),
                memory: Some(1_572_864),
                keys: Some(3),
                version: Some("8.0.2".to_owned()),
                modules: Some(Vec::new()),
            }
        };
        StatusView {
            deployment: topology.name.clone(),
            kind: topology.kind,
            state: DeploymentState::Ready,
            image: topology.image.clone(),
            digest: Some("redis@sha256:0123".to_owned()),
            server: topology.server.to_string(),
            nodes: topology.nodes().into_iter().map(node).collect(),
            problems: Vec::new(),
            notes: topology.told_instead_of_endpoints().map(|told| told.note).into_iter().collect(),
        }
    }

    #[test]
    fn a_cluster_fits_a_narrow_terminal() {
        let status = healthy(&topology("kind: cluster"));
        let text = render(&status, Palette::new(false));
        insta::assert_snapshot!(text, @"
        shop is ready: cluster, redis 8.0.0
        image redis:8, redis@sha256:0123

        NODE    ROLE     SLOTS        ENDPOINT        IP           STATE    MEMORY  KEYS
        shop-1  primary  0-5460       127.0.0.1:7001  172.30.0.11  up     1.50 MiB     3
        shop-2  primary  5461-10922   127.0.0.1:7002  172.30.0.12  up     1.50 MiB     3
        shop-3  primary  10923-16383  127.0.0.1:7003  172.30.0.13  up     1.50 MiB     3
        shop-4  replica  of shop-1    127.0.0.1:7004  172.30.0.14  up     1.50 MiB     3
        shop-5  replica  of shop-2    127.0.0.1:7005  172.30.0.15  up     1.50 MiB     3
        shop-6  replica  of shop-3    127.0.0.1:7006  172.30.0.16  up     1.50 MiB     3
        ");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        assert_eq!(console::strip_ansi_codes(&render(&status, Palette::new(true))), text);
    }

    #[test]
    fn what_is_wrong_is_said_at_the_node_and_below() {
        let mut status = healthy(&topology("kind: replication\nreplicas: 3"));
        status.state = DeploymentState::Degraded;
        status.problems = vec!["shop-2 has ended".to_owned(), "shop-3 has no link to shop-1".to_owned()];
        let down = &mut status.nodes[1];
        (down.condition, down.memory, down.keys) = (NodeCondition::Exited, None, None);
        (down.primary, down.link, down.lag) = (None, None, None);
        (status.nodes[2].link, status.nodes[2].lag) = (Some(Link::Down), None);
        status.nodes[3].lag = Some(14);
        insta::assert_snapshot!(render(&status, Palette::new(false)), @"
        shop is degraded: replication, redis 8.0.0
        image redis:8, redis@sha256:0123

        NODE    ROLE                ENDPOINT        IP           STATE          MEMORY  KEYS
        shop-1  primary             127.0.0.1:7001  172.30.0.11  up           1.50 MiB     3
        shop-2  replica             127.0.0.1:7002  172.30.0.12  exited
        shop-3  replica  of shop-1  127.0.0.1:7003  172.30.0.13  link down    1.50 MiB     3
        shop-4  replica  of shop-1  127.0.0.1:7004  172.30.0.14  14 B behind  1.50 MiB     3

        problem: shop-2 has ended
        problem: shop-3 has no link to shop-1
        ");
    }

    #[test]
    fn modules_are_told_once_and_of_each_node_if_they_differ() {
        let module = |version| ModuleStatus {
            name: "bf".to_owned(),
            version,
            built_in: false,
            path: None,
            args: Vec::new(),
        };
        let mut status = healthy(&topology("kind: replication"));
        status.nodes.truncate(2);
        let mut told = |first: Vec<ModuleStatus>, second: Option<Vec<ModuleStatus>>| {
            status.nodes[0].modules = Some(first);
            status.nodes[1].modules = second;
            modules(&status)
        };
        assert_eq!(told(vec![module(1)], Some(vec![module(1)])), "modules bf 1\n");
        assert_eq!(told(vec![module(1)], None), "modules bf 1\n", "a sentinel has none");
        assert_eq!(told(vec![], Some(vec![])), "");
        let differ = "modules of shop-1: bf 1\nmodules of shop-2: none\n";
        assert_eq!(told(vec![module(1)], Some(vec![])), differ);
    }

    #[test]
    fn a_standalone_server_has_no_column_of_slots() {
        insta::assert_snapshot!(render(&healthy(&topology("kind: standalone")), Palette::new(false)), @"
        shop is ready: standalone, redis 8.0.0
        image redis:8, redis@sha256:0123

        NODE    ROLE     ENDPOINT        IP           STATE    MEMORY  KEYS
        shop-1  primary  127.0.0.1:7001  172.30.0.11  up     1.50 MiB     3
        ");
    }
}
