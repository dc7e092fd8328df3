//! Settings in force against settings wanted; and after forming, what goes back to normal.

use super::fate::Fate;
use super::{ServerState, Stages, World, server};
use crate::plan::{Cause, Order, ServerAction};
use crate::topology::certificates::Renewal;
use crate::topology::settings::{
    STOPS_WRITES, is_immutable, lasting_defaults, same_value, server_default, while_forming,
};
use crate::topology::{Kind, Node, NodeName, Settings};

/// Directives that count at the start only, though some servers take them later too, or that the
/// servers say back in other words: a part of `client-output-buffer-limit` is given back whole.
const NOT_COMPARED: [&str; 4] = ["client-output-buffer-limit", "port", "protected-mode", "tls-port"];

/// Plans what brings every node's settings to the spec's, or to the servers' defaults where it has none: for
/// what forming changed, and where the defaults are known for what somebody else did. Nodes that are
/// replaced find them in their files.
pub(super) fn plan(world: &World<'_>, stages: &mut Stages) {
    let World { topology, servers, fates, .. } = *world;
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
                let differences = differences(world, node, &for_a_while);
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
    let World { topology, observed, servers, fates, .. } = *world;
    let read_anew = |(name, renewal): (&NodeName, &Renewal)| {
        let path = topology.node(name)?.settings.get(DIRECTIVE)?;
        let settings = Settings::from_iter([(DIRECTIVE, path)]);
        let cause = Cause::Certificate(*renewal);
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
    let mut steps = Vec::new();
    for node in world.topology.nodes() {
        let Some(view) = world.observed.view(&node.name) else { continue };
        let differences: Vec<(String, String, String)> = no_longer_set(world, node)
            .filter_map(|name| {
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

/// Directives that the spec had for a node until now, and has no more, where the node stays as it is.
fn no_longer_set<'a>(world: &World<'a>, node: &'a Node) -> impl Iterator<Item = &'a str> {
    let stays = matches!(world.fates.of(&node.name), Fate::Kept);
    let before =
        world.observed.stored.as_deref().filter(|_| stays).and_then(|stored| stored.node(&node.name));
    let before = before.into_iter().flat_map(|before| before.settings.iter());
    before.map(|(name, _)| name).filter(|name| node.settings.get(name).is_none())
}

/// What a node usually has of the settings that are changed for a while.
pub(super) fn usual(node: &Node, changed: &Settings) -> Settings {
    let value = |name: &str| node.settings.get(name).or_else(|| server_default(name)).map(str::to_owned);
    changed.iter().filter_map(|(name, _)| Some((name, value(name)?))).collect()
}

/// Where a node's settings differ: name, value in force, value wanted.
fn differences(
    world: &World<'_>,
    node: &Node,
    changed_for_a_while: &Settings,
) -> Vec<(String, String, String)> {
    let Some(view) = world.observed.view(&node.name) else {
        return Vec::new();
    };
    let defaults = lasting_defaults().filter(|_| world.topology.server.has_measured_defaults());
    let mut wanted: Settings = defaults.collect();
    usual(node, changed_for_a_while).iter().for_each(|(name, value)| wanted.set(name, value));
    // Those are taken back before.
    no_longer_set(world, node).for_each(|name| wanted.remove(name));
    node.settings.iter().for_each(|(name, value)| wanted.set(name, value));
    let compared = wanted.iter().filter(|(name, _)| !NOT_COMPARED.contains(name) && !is_immutable(name));
    let difference = |(name, wanted): (&str, &str)| {
        let found = view.settings.get(name)?;
        (!same_value(name, found, wanted)).then(|| (name.to_owned(), found.to_owned(), wanted.to_owned()))
    };
    compared.filter_map(difference).collect()
}
