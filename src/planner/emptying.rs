//! Data of clients: keys, functions and scripts. A reset removes it, and ends connections if the user wants it.

use super::draft::{Stages, server, wait};
use super::world::World;
use super::{Options, Traces};
use crate::arrangement::Member;
use crate::observation::{Replication, ServerView};
use crate::plan::{Cause, Condition, Order, ServerAction, Step};
use crate::topology::NodeName;

/// Plans that every server becomes empty. Replicas become empty with their primaries.
pub(super) fn plan(world: &World<'_>, options: Options) -> Stages {
    let servers = || world.arrangement.members().filter(|member| !member.is_sentinel);
    // First, so that they write nothing afterwards.
    let ends = options.traces == Traces::Removed { end_clients: true };
    let ended = servers().filter(|_| ends).filter_map(end_clients);
    let mut stages = Stages::one("clients", Order::SideBySide, ended.collect());
    let steps: Vec<Step> = servers().flat_map(|member| steps(world, member)).collect();
    if steps.is_empty() {
        return stages;
    }
    stages.push("empty", Order::SideBySide, steps);
    let answering = servers().filter(|member| member.view.is_some()).map(|member| member.name.clone());
    let proof = wait(None, Condition::Empty(answering.collect()), Cause::Changed);
    stages.push("emptied", Order::InTurn, vec![proof]);
    stages
}

fn end_clients(member: &Member<'_>) -> Option<Step> {
    let connected = member.view?.clients.connected;
    (connected > 0).then(|| server(&member.name, ServerAction::EndClients, Cause::Connected(connected)))
}

fn steps(world: &World<'_>, member: &Member<'_>) -> Vec<Step> {
    let Some(view) = member.view else { return Vec::new() };
    let cause = || Cause::Holds(view.contents());
    let mut steps = Vec::new();
    let group = || std::iter::once(view).chain(followers(world, member));
    if let Replication::Primary { online_replicas, .. } = &view.replication
        && group().any(|view| view.keys + view.libraries > 0)
    {
        let has_functions = group().any(|view| view.libraries > 0);
        let empty = ServerAction::Empty { replicas: online_replicas.len(), has_functions };
        steps.push(server(&member.name, empty, cause()));
    }
    if view.scripts > 0 {
        steps.push(server(&member.name, ServerAction::FlushScripts, cause()));
    }
    steps
}

/// The replicas of a primary that answer.
fn followers<'a>(world: &World<'a>, primary: &Member<'_>) -> impl Iterator<Item = &'a ServerView> {
    let (arrangement, name, address) = (world.arrangement, primary.name.clone(), primary.address);
    let follows =
        move |other: &NodeName| arrangement.replicates(other, &name) || arrangement.follows(other, address);
    arrangement.members().filter(move |other| follows(&other.name)).filter_map(|other| other.view)
}
