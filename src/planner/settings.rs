//! Settings in force compared with the wanted settings, and the usual settings after forming.

use super::draft::{Changes, Pass, Stages, server};
use super::fate::Fate;
use super::server_states::ServerState;
use super::temporary::usual;
use super::world::World;
use crate::plan::{Cause, Order, ServerAction, Step};
use crate::topology::certificates::Renewal;
use crate::topology::learned::is_set_by_clients;
use crate::topology::settings::usual::usual_default;
use crate::topology::settings::{STOPS_WRITES, while_forming};
use crate::topology::{Kind, Learned, Node, NodeName, Settings};

/// The directive with the IP that a node announces to clients instead of its address.
const CLIENT_IP: &str = "cluster-announce-client-ipv4";

/// The directives with the host that a node announces to clients.
const ANNOUNCES: [&str; 2] = ["cluster-announce-hostname", CLIENT_IP];

/// Directives that this pass does not change. Most take effect only at the start, though some servers can change them
/// later. The passes for roles decide `replicaof`.
const NOT_COMPARED: [&str; 4] = ["port", "protected-mode", "replicaof", "tls-port"];

/// Plans the steps that bring every node's settings to the spec's. A directive that the spec does not have returns to
/// the server's default, if the default is known. Replaced nodes read their settings from their files.
pub(super) fn plan(world: &World<'_>) -> Pass {
    let forming = while_forming(world.topology);
    let stopped_writes = (world.topology.kind != Kind::Standalone).then_some((STOPS_WRITES, ""));
    let for_a_while: Settings = forming.iter().chain(stopped_writes).collect();
    let (mut steps, mut changes) = (super::forming::forming(world).end(|_| true), Changes::default());
    for node in world.topology.nodes() {
        let answers = world.servers.state(&node.name) == ServerState::Answering;
        let differences = differences(world, node, &for_a_while);
        if answers && !world.is_rolled(&node.name) && !differences.is_empty() {
            let wanted: Settings = differences
                .iter()
                .map(|(name, _, wanted)| (name, world.observed.learned.to_set(name, wanted)))
                .collect();
            changes.endpoints |= ANNOUNCES.iter().any(|name| wanted.get(name).is_some());
            let cause = Cause::Settings(differences.clone());
            steps.push(server(&node.name, ServerAction::Configure(wanted), cause));
        }
    }
    let mut stages = Stages::one("settings", Order::SideBySide, steps);
    stages.push("certificates", Order::SideBySide, certificates(world));
    Pass { stages, changes }
}

/// Makes servers read renewed certificates. A server reads its certificate again when CONFIG SET names the same path.
/// Connections stay open.
fn certificates(world: &World<'_>) -> Vec<Step> {
    const DIRECTIVE: &str = "tls-cert-file";
    let World { topology, observed, servers, fates, .. } = *world;
    let read_again = |(name, renewal): (&NodeName, &Renewal)| {
        let path = topology.node(name)?.settings.get(DIRECTIVE)?;
        let settings = Settings::from_iter([(DIRECTIVE, path)]);
        let cause = Cause::Certificate(*renewal);
        // All other nodes read it when they start.
        let reads_it_now =
            servers.state(name) == ServerState::Answering && matches!(fates.fate(name), Fate::Kept);
        reads_it_now.then(|| server(name, ServerAction::Configure(settings), cause))
    };
    observed.renewed_certificates.iter().filter_map(read_again).collect()
}

/// Plans that directives which left the spec return to the servers' defaults. This comes before the files are
/// written, because only the old files name the directives.
pub(super) fn take_back(world: &World<'_>) -> Pass {
    let nothing = Learned::default();
    let (mut steps, mut changes) = (Vec::new(), Changes::default());
    for node in world.topology.nodes() {
        let learned = if node.own_image.is_some() { &nothing } else { &world.observed.learned };
        let Some(view) = world.observed.view(&node.name) else { continue };
        let differences: Vec<(String, String, String)> = no_longer_set(world, node)
            .filter_map(|name| {
                let default = learned.default_of(name).or_else(|| usual_default(name))?;
                let found = view.settings.get(name).filter(|_| learned.is_live(name) != Some(false))?;
                (!learned.is_same(name, found, default))
                    .then(|| (name.to_owned(), found.to_owned(), default.to_owned()))
            })
            .collect();
        if !differences.is_empty() {
            let wanted = differences.iter().map(|(name, _, wanted)| (name, wanted.as_str())).collect();
            let names: Vec<String> = differences.iter().map(|(name, ..)| name.clone()).collect();
            changes.endpoints |= names.iter().any(|name| name == CLIENT_IP);
            steps.push(server(&node.name, ServerAction::Configure(wanted), Cause::TakenOut(names)));
        }
    }
    let stages = Stages::one("settings no longer in the spec", Order::SideBySide, steps);
    Pass { stages, changes }
}

/// Directives that left the spec, for a node that is not replaced.
fn no_longer_set<'a>(world: &World<'a>, node: &'a Node) -> impl Iterator<Item = &'a str> {
    let stays = matches!(world.fates.fate(&node.name), Fate::Kept);
    let before =
        world.observed.stored.as_deref().filter(|_| stays).and_then(|stored| stored.node(&node.name));
    let before = before.into_iter().flat_map(|before| before.settings.iter());
    before.map(|(name, _)| name).filter(|name| node.settings.get(name).is_none())
}

/// The settings that differ: name, value in force, wanted value.
fn differences(
    world: &World<'_>,
    node: &Node,
    changed_for_a_while: &Settings,
) -> Vec<(String, String, String)> {
    let Some(view) = world.observed.view(&node.name) else {
        return Vec::new();
    };
    let nothing = Learned::default();
    // Sentinels have other directives, and servers of other images have other defaults.
    let is_other = world.topology.is_sentinel(&node.name) || node.own_image.is_some();
    let learned = if is_other { &nothing } else { &world.observed.learned };
    let all = |name: &str| world.removes_traces || !is_set_by_clients(name);
    let mut wanted: Settings = learned.defaults().filter(|(name, _)| all(name)).collect();
    usual(learned, node, changed_for_a_while).iter().for_each(|(name, value)| wanted.set(name, value));
    // `take_back` resets these.
    no_longer_set(world, node).for_each(|name| wanted.remove(name));
    node.settings.iter().for_each(|(name, value)| wanted.set(name, value));
    // A directive that was changed at run time can be changed back, even if the server was not asked.
    let is_compared = |name: &str| !NOT_COMPARED.contains(&name) && learned.is_live(name) != Some(false);
    let compared = wanted.iter().filter(|(name, _)| is_compared(name));
    let difference = |(name, wanted): (&str, &str)| {
        let found = view.settings.get(name)?;
        (!learned.is_same(name, found, wanted))
            .then(|| (name.to_owned(), found.to_owned(), wanted.to_owned()))
    };
    compared.filter_map(difference).collect()
}
