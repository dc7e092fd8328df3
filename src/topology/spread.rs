//! Spreads the nodes of a deployment over zones and engines, so that the loss of a zone or an engine costs as little as
//! possible. Without zones, each engine is a zone of its own.

use std::collections::{BTreeMap, BTreeSet};

use super::{EngineName, EngineSite, Kind, Node, NodeName, Topology};

/// The nodes to spread.
pub(super) struct Nodes<'a> {
    /// The nodes of each shard, the primary first.
    pub(super) shards: Vec<Vec<&'a NodeName>>,
    /// The sentinels.
    pub(super) sentinels: Vec<&'a NodeName>,
}

/// Gives each node an engine. Nodes in `decided` keep theirs. The primaries are even over the zones and then over the
/// engines, the nodes of a shard are in different zones and then on different engines, and the sentinels are in as
/// many zones as there are.
pub(super) fn spread(
    nodes: &Nodes<'_>,
    engines: &BTreeMap<EngineName, EngineSite>,
    decided: BTreeMap<NodeName, EngineName>,
) -> BTreeMap<NodeName, EngineName> {
    let mut places = Places { engines: engines.keys().collect(), sites: engines, of_nodes: decided };
    let most = nodes.shards.iter().map(Vec::len).max().unwrap_or(0);
    for rank in 0..most {
        let rank_of_shards: Vec<&NodeName> =
            nodes.shards.iter().filter_map(|shard| shard.get(rank).copied()).collect();
        for shard in nodes.shards.iter().filter(|shard| shard.len() > rank) {
            places.place(shard[rank], shard, &rank_of_shards, shard.first().copied());
        }
    }
    for sentinel in &nodes.sentinels {
        places.place(sentinel, &nodes.sentinels, &nodes.sentinels, None);
    }
    places.of_nodes
}

struct Places<'a> {
    engines: Vec<&'a EngineName>,
    sites: &'a BTreeMap<EngineName, EngineSite>,
    of_nodes: BTreeMap<NodeName, EngineName>,
}

impl Places<'_> {
    /// Chooses the engine with the fewest nodes of the shard, then the fewest of the same rank, then the fewest at
    /// all: each time in its zone first, then on the engine itself. Of equal engines, the next after the primary's is
    /// chosen.
    fn place(
        &mut self,
        node: &NodeName,
        shard: &[&NodeName],
        rank: &[&NodeName],
        primary: Option<&NodeName>,
    ) {
        if self.of_nodes.contains_key(node) {
            return;
        }
        let count = self.engines.len();
        let position = |name: &EngineName| self.engines.iter().position(|engine| *engine == name);
        let start = primary.and_then(|primary| position(self.of_nodes.get(primary)?)).map_or(0, |at| at + 1);
        let all: Vec<&NodeName> = self.of_nodes.keys().collect();
        let cost = |offset: &usize| {
            let engine = self.engines[(start + offset) % count];
            let here = |nodes: &[&NodeName]| self.count(nodes, engine);
            (here(shard), here(rank), here(&all), *offset)
        };
        if let Some(offset) = (0..count).min_by_key(cost) {
            self.of_nodes.insert(node.clone(), self.engines[(start + offset) % count].clone());
        }
    }

    /// How many of the nodes are in the zone of an engine, and how many on the engine itself.
    fn count(&self, nodes: &[&NodeName], engine: &EngineName) -> (usize, usize) {
        let zone = zone(self.sites, engine);
        let places = || nodes.iter().filter_map(|node| self.of_nodes.get(*node));
        let in_zone = places().filter(|place| zone.is_some() && self::zone(self.sites, place) == zone);
        (in_zone.count(), places().filter(|place| *place == engine).count())
    }
}

/// The zone of an engine, if it is known.
fn zone<'a>(engines: &'a BTreeMap<EngineName, EngineSite>, engine: &EngineName) -> Option<&'a str> {
    engines.get(engine)?.zone.as_deref()
}

/// A part of a deployment that can be lost at once.
#[derive(Clone, Copy)]
enum Part<'a> {
    Engine(&'a EngineName),
    Zone(&'a str),
}

impl Part<'_> {
    fn has(self, topology: &Topology, node: &Node) -> bool {
        match (self, &node.engine) {
            (Self::Engine(engine), place) => place.as_ref() == Some(engine),
            (Self::Zone(name), Some(engine)) => zone(&topology.engines, engine) == Some(name),
            (Self::Zone(_), None) => false,
        }
    }
}

impl std::fmt::Display for Part<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Engine(name) => write!(formatter, "engine `{name}`"),
            Self::Zone(name) => write!(formatter, "zone `{name}`"),
        }
    }
}

/// A sentence for each zone, and for each engine, whose loss would stop the deployment or its failovers. The sentence
/// about a zone includes its engines.
#[must_use]
pub fn losses(topology: &Topology) -> Vec<String> {
    let zones: BTreeSet<&str> = topology.engines.values().filter_map(|site| site.zone.as_deref()).collect();
    let of_zones = zones.iter().map(|zone| (*zone, loss(topology, Part::Zone(zone))));
    let of_zones: BTreeMap<&str, String> = of_zones.filter_map(|(zone, loss)| Some((zone, loss?))).collect();
    let is_told = |engine: &&EngineName| {
        zone(&topology.engines, engine).is_some_and(|zone| of_zones.contains_key(zone))
    };
    let engines = topology.engines.keys().filter(|engine| !is_told(engine));
    let of_engines = engines.filter_map(|engine| loss(topology, Part::Engine(engine)));
    let of_engines: Vec<String> = of_engines.collect();
    of_zones.into_values().chain(of_engines).collect()
}

/// The consequence of the loss of a part; `None`: the others go on.
fn loss(topology: &Topology, lost: Part<'_>) -> Option<String> {
    let is_lost = |node: &Node| lost.has(topology, node);
    let whole = topology.shards.iter().find(|shard| shard.nodes().all(is_lost));
    if let Some(shard) = whole.filter(|_| topology.formed) {
        let names: Vec<String> = shard.nodes().map(|node| node.name.to_string()).collect();
        let holds = if topology.shards.len() == 1 { "all servers".to_owned() } else { names.join(" and ") };
        return Some(format!("the loss of {lost} stops the deployment: it has {holds}"));
    }
    let (all, lost_votes, sort) = match topology.kind {
        Kind::Cluster if topology.formed => {
            let lost = topology.shards.iter().filter(|shard| is_lost(&shard.primary)).count();
            (topology.shards.len(), lost, "primaries")
        }
        Kind::Sentinel => {
            let lost = topology.sentinels.iter().filter(|node| is_lost(node)).count();
            (topology.sentinels.len(), lost, "sentinels")
        }
        Kind::Cluster | Kind::Standalone | Kind::Replication => return None,
    };
    let stays = all - lost_votes;
    (lost_votes > 0 && stays * 2 <= all).then(|| {
        format!(
            "the loss of {lost} stops failovers: it has {lost_votes} of {all} {sort}, and the others \
             are no majority"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::{DeploymentName, EngineReference};

    /// The engines of the nodes by number. `engines` has names, or names with zones: `a@eu1`.
    fn placed(shards: &[&[usize]], sentinels: &[usize], engines: &[&str], pins: &[(usize, &str)]) -> String {
        let shop = DeploymentName::new("shop").unwrap();
        let names: BTreeMap<usize, NodeName> = (1..40).map(|number| (number, shop.node(number))).collect();
        let of = |numbers: &[usize]| numbers.iter().map(|number| &names[number]).collect::<Vec<_>>();
        let nodes =
            Nodes { shards: shards.iter().map(|shard| of(shard)).collect(), sentinels: of(sentinels) };
        let site = |text: &&str| {
            let (name, zone) = text.split_once('@').map_or((*text, None), |(name, zone)| (name, Some(zone)));
            let at = EngineReference::Context(name.to_owned());
            (EngineName::new(name), EngineSite { at, host: name.to_owned(), zone: zone.map(str::to_owned) })
        };
        let engines = engines.iter().map(site).collect();
        let pins = pins.iter().map(|(number, name)| (names[number].clone(), EngineName::new(name)));
        let places = spread(&nodes, &engines, pins.collect());
        places.values().map(EngineName::as_str).collect::<Vec<_>>().join(" ")
    }

    const THREE: [&[usize]; 3] = [&[1, 4], &[2, 5], &[3, 6]];

    #[test]
    fn primaries_are_even_and_no_shard_is_on_one_engine() {
        assert_eq!(placed(&THREE, &[], &["a", "b", "c"], &[]), "a b c b c a");
        assert_eq!(placed(&THREE, &[], &["a", "b"], &[]), "a b a b a b");
        assert_eq!(placed(&THREE, &[], &["a"], &[]), "a a a a a a");
        // A pinned primary moves its replica, and the other primaries fill the other engines.
        assert_eq!(placed(&THREE, &[], &["a", "b", "c"], &[(1, "b")]), "b a c c b a");
        assert_eq!(placed(&[&[1, 2, 3]], &[4, 5, 6], &["a", "b", "c"], &[]), "a b c a b c");
    }

    #[test]
    fn new_nodes_go_where_there_is_room_and_others_stay() {
        let four: [&[usize]; 4] = [&[1, 4], &[2, 5], &[3, 6], &[7, 8]];
        let stay = [(1, "a"), (2, "b"), (3, "c"), (4, "b"), (5, "c"), (6, "a")];
        assert_eq!(placed(&four, &[], &["a", "b", "c"], &stay), "a b c b c a a b");
    }

    #[test]
    fn zones_come_before_engines() {
        // Two engines in one zone: no shard is in one zone, and the primaries are even over the zones.
        let zones = ["a@x", "b@x", "c@y"];
        assert_eq!(placed(&THREE, &[], &zones, &[]), "a c b c a c");
        let three = ["a@x", "b@x", "c@y", "d@y", "e@z", "f@z"];
        assert_eq!(placed(&THREE, &[], &three, &[]), "a c e d f b");
        assert_eq!(placed(&[&[1, 2, 3]], &[4, 5, 6], &three, &[]), "a c e b d f");
        assert_eq!(placed(&[&[1, 2]], &[3, 4, 5], &zones, &[]), "a c b c a");
    }
}
