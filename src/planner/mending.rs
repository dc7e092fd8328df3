//! Settings for as long as a deployment is mended: with the usual ones, a replica waits 5 s for its
//! first copy, and what one node learns takes seconds to be known to all.

use super::{Stages, World, server, settings};
use crate::observed::Replication;
use crate::plan::{Action, Cause, Order, ServerAction, Step};
use crate::topology::settings::{same_value, while_mending};
use crate::topology::{Kind, Node, Settings};

/// Plans other settings from stage `start` on, where replicas wait for copies by what is planned since
/// then, and the usual ones after it.
pub(super) fn hasten(world: &World<'_>, start: usize, stages: &mut Stages) {
    let waits = stages.len() > start && world.topology.kind != Kind::Cluster && any_link_is_down(world);
    if !waits && !stages.since(start).any(is_slow_otherwise) {
        return;
    }
    let nodes: Vec<(&Node, Settings)> = world
        .topology
        .servers()
        .into_iter()
        .map(|node| (node, settings_of(world, node)))
        .filter(|(_, settings)| !settings.is_empty())
        .collect();
    let configure =
        |node: &Node, settings| server(&node.name, ServerAction::Configure(settings), Cause::Mending);
    let begin = nodes.iter().map(|(node, settings)| configure(node, settings.clone()));
    stages.insert(start, "hasten", Order::SideBySide, begin.collect());
    let end = nodes.iter().map(|(node, settings)| (*node, were_usual(world, node, settings)));
    let end = end.filter(|(_, usual)| !usual.is_empty()).map(|(node, usual)| configure(node, usual));
    stages.push("usual settings", Order::SideBySide, end.collect());
}

/// What a node usually has, where it has it now: where it has not, that is a difference which is seen to
/// anyway ([`settings::plan`]).
fn were_usual(world: &World<'_>, node: &Node, changed: &Settings) -> Settings {
    let found = |name: &str| world.observed.view(&node.name)?.settings.get(name);
    let usual = settings::usual(node, changed);
    usual
        .iter()
        .filter(|(name, value)| found(name).is_some_and(|found| same_value(name, found, value)))
        .collect()
}

/// Whether a replica gets its copy because of a step, or is to be seen with it, or whether it counts how
/// soon the nodes hear from each other.
fn is_slow_otherwise(step: &Step) -> bool {
    use ServerAction::{Follow, MeetAgain, Replicate, Write};
    matches!(step.action, Action::Server(Follow(_) | MeetAgain(_) | Replicate(_) | Write { .. }))
}

/// Whether a replica that runs has no link to its primary.
fn any_link_is_down(world: &World<'_>) -> bool {
    let views = world.observed.servers.values().filter_map(|server| server.view());
    let mut replications = views.map(|view| &view.replication);
    replications.any(|replication| matches!(replication, Replication::Replica { link_up: false, .. }))
}

/// What a node gets for a while: nothing where it has it already, or does not answer.
fn settings_of(world: &World<'_>, node: &Node) -> Settings {
    const DIRECTIVE: &str = "cluster-node-timeout";
    let Some(view) = world.observed.view(&node.name) else {
        return Settings::default();
    };
    let mut wanted = while_mending(world.topology.kind == Kind::Cluster);
    let milliseconds = |settings: &Settings| settings.get(DIRECTIVE)?.parse::<u64>().ok();
    if let (Some(found), Some(for_a_while)) = (milliseconds(&view.settings), milliseconds(&wanted))
        && found < for_a_while
        && view.settings.get(DIRECTIVE) == node.settings.get(DIRECTIVE)
    {
        // The spec has it quicker still.
        wanted.remove(DIRECTIVE);
    }
    wanted.iter().filter(|(name, value)| view.settings.get(name) != Some(*value)).collect()
}
