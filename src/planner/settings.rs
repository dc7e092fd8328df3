//! Settings in force against settings wanted; and after forming, what goes back to normal.

use super::{ServerState, ServerStates, Stages, server};
use crate::observed::Observed;
use crate::plan::{Cause, Order, ServerAction};
use crate::topology::settings::{same_value, server_default, while_forming};
use crate::topology::{Node, Settings, Topology};

/// Directives that only count at the start, or that the servers say back in other words: a part of
/// `client-output-buffer-limit` is given back whole.
const NOT_COMPARED: [&str; 7] = [
    "client-output-buffer-limit",
    "cluster-config-file",
    "cluster-enabled",
    "dir",
    "port",
    "protected-mode",
    "replicaof",
];

/// Plans what brings every node's settings to the spec's, or to the servers' defaults for what
/// forming changed.
pub(super) fn plan(
    topology: &Topology,
    observed: &Observed,
    servers: &ServerStates<'_>,
    stages: &mut Stages,
) {
    let forming = while_forming(topology.kind, topology.server, topology.nodes().len());
    let mut steps = Vec::new();
    for node in topology.nodes() {
        match servers.of(&node.name) {
            // Only a deployment that is new as a whole is formed with other settings.
            ServerState::New if servers.all_new() => {
                let usual = usual(node, &forming);
                if !usual.is_empty() {
                    steps.push(server(&node.name, ServerAction::Configure(usual), Cause::Forming));
                }
            }
            ServerState::New | ServerState::Unknown => {}
            ServerState::Answering => {
                let differences = differences(node, &forming, observed);
                if !differences.is_empty() {
                    let wanted =
                        differences.iter().map(|(name, _, wanted)| (name, wanted.as_str())).collect();
                    let cause = Cause::Settings(differences.clone());
                    steps.push(server(&node.name, ServerAction::Configure(wanted), cause));
                }
            }
        }
    }
    stages.push("settings", Order::SideBySide, steps);
}

/// What a node has, once it is formed, of all that forming changes.
fn usual(node: &Node, forming: &Settings) -> Settings {
    let value = |name: &str| node.settings.get(name).or_else(|| server_default(name)).map(str::to_owned);
    forming.iter().filter_map(|(name, _)| Some((name, value(name)?))).collect()
}

/// Where a node's settings differ: name, value in force, value wanted.
fn differences(node: &Node, forming: &Settings, observed: &Observed) -> Vec<(String, String, String)> {
    let Some(view) = observed.servers.get(&node.name).and_then(|server| server.view()) else {
        return Vec::new();
    };
    let usual = usual(node, forming);
    let wanted = node.settings.iter().filter(|(name, _)| !NOT_COMPARED.contains(name));
    let mut differences: Vec<_> = wanted
        .chain(usual.iter().filter(|(name, _)| node.settings.get(name).is_none()))
        .filter_map(|(name, wanted)| {
            let found = view.settings.get(name)?;
            (!same_value(name, found, wanted)).then(|| (name.to_owned(), found.to_owned(), wanted.to_owned()))
        })
        .collect();
    differences.sort();
    differences
}
