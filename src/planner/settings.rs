//! Settings in force against settings wanted; and after forming, what goes back to normal.

use super::fate::Fate;
use super::{ServerState, Stages, World, server};
use crate::observed::Observed;
use crate::plan::{Cause, Order, ServerAction};
use crate::topology::settings::{STOPS_WRITES, is_immutable, same_value, server_default, while_forming};
use crate::topology::{Kind, Node, NodeName, Settings};

/// Directives that count at the start only, though some servers take them later too, or that the
/// servers say back in other words: a part of `client-output-buffer-limit` is given back whole.
const NOT_COMPARED: [&str; 4] = ["client-output-buffer-limit", "port", "protected-mode", "tls-port"];

/// Plans what brings every node's settings to the spec's, or to the servers' defaults for what
/// forming changed. Nodes that are replaced find them in their files.
pub(super) fn plan(world: &World<'_>, stages: &mut Stages) {
    let World { topology, observed, servers, fates } = *world;
    let forming = while_forming(topology);
    let stopped_writes = (topology.kind != Kind::Standalone).then_some((STOPS_WRITES, ""));
    let for_a_while: Settings = forming.iter().chain(stopped_writes).collect();
    let mut steps = Vec::new();
    for node in topology.nodes() {
        match servers.of(&node.name) {
            // Only a deployment that is new as a whole is formed with other settings.
            ServerState::New if servers.all_new() && !topology.is_sentinel(&node.name) => {
                let usual = usual(node, &forming);
                if !usual.is_empty() {
                    steps.push(server(&node.name, ServerAction::Configure(usual), Cause::Forming));
                }
            }
            ServerState::Answering if fates.rolled(&node.name).is_none() => {
                let differences = differences(node, &for_a_while, observed);
                if !differences.is_empty() {
                    let wanted =
                        differences.iter().map(|(name, _, wanted)| (name, wanted.as_str())).collect();
                    let cause = Cause::Settings(differences.clone());
                    steps.push(server(&node.name, ServerAction::Configure(wanted), cause));
                }
            }
            ServerState::New | ServerState::Unknown | ServerState::Answering => {}
        }
    }
    stages.push("settings", Order::SideBySide, steps);
    certificates(world, stages);
}

/// A server that is told where its certificate is, reads it anew, although that is where it was;
/// connections that it has stay as they are.
fn certificates(world: &World<'_>, stages: &mut Stages) {
    const DIRECTIVE: &str = "tls-cert-file";
    let World { topology, observed, servers, fates } = *world;
    let read_anew = |(name, reason): (&NodeName, &String)| {
        let path = topology.node(name)?.settings.get(DIRECTIVE)?;
        let settings = Settings::from_iter([(DIRECTIVE, path)]);
        let cause = Cause::Certificate(reason.clone());
        // Those that do not run, or are replaced, read it when they start.
        let reads_it_now = servers.of(name) == ServerState::Answering && matches!(fates.of(name), Fate::Kept);
        reads_it_now.then(|| server(name, ServerAction::Configure(settings), cause))
    };
    let steps = observed.renewed_certificates.iter().filter_map(read_anew).collect();
    stages.push("certificates", Order::SideBySide, steps);
}

/// Plans that directives which the spec does not have any more go back to the servers' defaults. This
/// comes first: once the files are written, nothing tells that they were ever there.
pub(super) fn take_back(world: &World<'_>, stages: &mut Stages) {
    let World { topology, observed, fates, .. } = *world;
    let Some(stored) = observed.stored.as_deref() else { return };
    let mut steps = Vec::new();
    for node in topology.nodes() {
        let view = observed.view(&node.name);
        let before = stored.node(&node.name).filter(|_| matches!(fates.of(&node.name), Fate::Kept));
        let Some((view, before)) = view.zip(before) else { continue };
        let gone = before.settings.iter().filter(|(name, _)| node.settings.get(name).is_none());
        let differences: Vec<(String, String, String)> = gone
            .filter_map(|(name, _)| {
                let (found, default) = (view.settings.get(name)?, server_default(name)?);
                (!same_value(name, found, default))
                    .then(|| (name.to_owned(), found.to_owned(), default.to_owned()))
            })
            .collect();
        if !differences.is_empty() {
            let wanted = differences.iter().map(|(name, _, wanted)| (name, wanted.as_str())).collect();
            let names = differences.iter().map(|(name, ..)| name.clone()).collect();
            steps.push(server(&node.name, ServerAction::Configure(wanted), Cause::TakenOut(names)));
        }
    }
    stages.push("settings no longer in the spec", Order::SideBySide, steps);
}

/// What a node usually has of the settings that are changed for a while.
pub(super) fn usual(node: &Node, changed: &Settings) -> Settings {
    let value = |name: &str| node.settings.get(name).or_else(|| server_default(name)).map(str::to_owned);
    changed.iter().filter_map(|(name, _)| Some((name, value(name)?))).collect()
}

/// Where a node's settings differ: name, value in force, value wanted.
fn differences(
    node: &Node,
    changed_for_a_while: &Settings,
    observed: &Observed,
) -> Vec<(String, String, String)> {
    let Some(view) = observed.view(&node.name) else {
        return Vec::new();
    };
    let usual = usual(node, changed_for_a_while);
    let wanted = node.settings.iter().filter(|(name, _)| !NOT_COMPARED.contains(name) && !is_immutable(name));
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
