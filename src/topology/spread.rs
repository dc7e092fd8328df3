//! Spreads the nodes of a deployment over engines, so that the loss of an engine costs as little as possible.

use std::collections::BTreeMap;

use super::{EngineName, Kind, NodeName, Topology};

/// The nodes to spread.
pub(super) struct Nodes<'a> {
    /// The nodes of each shard, the primary first.
    pub(super) shards: Vec<Vec<&'a NodeName>>,
    /// The sentinels.
    pub(super) sentinels: Vec<&'a NodeName>,
}

/// Gives each node an engine. Nodes in `decided` keep theirs. The primaries are even over the engines, the nodes of a
/// shard are on different engines, and the sentinels are on as many engines as there are.
pub(super) fn spread(
    nodes: &Nodes<'_>,
    engines: &[EngineName],
    decided: BTreeMap<NodeName, EngineName>,
) -> BTreeMap<NodeName, EngineName> {
    let mut places = Places { engines, places: decided };
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
    places.places
}

struct Places<'a> {
    engines: &'a [EngineName],
    places: BTreeMap<NodeName, EngineName>,
}

impl Places<'_> {
    /// Chooses the engine with the fewest nodes of the shard, then the fewest of the same rank, then the fewest at
    /// all. Of equal engines, the next after the primary's is chosen.
    fn place(
        &mut self,
        node: &NodeName,
        shard: &[&NodeName],
        rank: &[&NodeName],
        primary: Option<&NodeName>,
    ) {
        if self.places.contains_key(node) {
            return;
        }
        let count = self.engines.len();
        let position = |name: &EngineName| self.engines.iter().position(|engine| engine == name);
        let start = primary.and_then(|primary| position(self.places.get(primary)?)).map_or(0, |at| at + 1);
        let on = |engine: &EngineName, nodes: &[&NodeName]| {
            nodes.iter().filter(|node| self.places.get(**node) == Some(engine)).count()
        };
        let cost = |offset: &usize| {
            let engine = &self.engines[(start + offset) % count];
            let all = self.places.values().filter(|place| *place == engine).count();
            (on(engine, shard), on(engine, rank), all, *offset)
        };
        if let Some(offset) = (0..count).min_by_key(cost) {
            self.places.insert(node.clone(), self.engines[(start + offset) % count].clone());
        }
    }
}

/// A sentence for each engine whose loss would stop the deployment.
#[must_use]
pub fn losses(topology: &Topology) -> Vec<String> {
    topology.engines.keys().filter_map(|engine| loss(topology, engine)).collect()
}

/// The consequence of the loss of an engine; `None`: the other engines go on.
fn loss(topology: &Topology, lost: &EngineName) -> Option<String> {
    let is_lost = |node: &super::Node| node.engine.as_ref() == Some(lost);
    if topology.nodes_on(lost).is_empty() {
        return None;
    }
    let whole = topology.shards.iter().find(|shard| shard.nodes().all(is_lost));
    if let Some(shard) = whole.filter(|_| topology.formed) {
        let names: Vec<String> = shard.nodes().map(|node| node.name.to_string()).collect();
        let holds = if topology.shards.len() == 1 { "all servers".to_owned() } else { names.join(" and ") };
        return Some(format!("the loss of engine `{lost}` stops the deployment: it has {holds}"));
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
            "the loss of engine `{lost}` stops failovers: it has {lost_votes} of {all} {sort}, and the others \
             are no majority"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::DeploymentName;

    fn placed(shards: &[&[usize]], sentinels: &[usize], engines: &[&str], pins: &[(usize, &str)]) -> String {
        let shop = DeploymentName::new("shop").unwrap();
        let names: BTreeMap<usize, NodeName> = (1..40).map(|number| (number, shop.node(number))).collect();
        let of = |numbers: &[usize]| numbers.iter().map(|number| &names[number]).collect::<Vec<_>>();
        let nodes =
            Nodes { shards: shards.iter().map(|shard| of(shard)).collect(), sentinels: of(sentinels) };
        let engines: Vec<EngineName> = engines.iter().map(|name| EngineName::new(name)).collect();
        let pins = pins.iter().map(|(number, name)| (names[number].clone(), EngineName::new(name)));
        let places = spread(&nodes, &engines, pins.collect());
        places.values().map(EngineName::as_str).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn primaries_are_even_and_no_shard_is_on_one_engine() {
        let three: [&[usize]; 3] = [&[1, 4], &[2, 5], &[3, 6]];
        assert_eq!(placed(&three, &[], &["a", "b", "c"], &[]), "a b c b c a");
        assert_eq!(placed(&three, &[], &["a", "b"], &[]), "a b a b a b");
        assert_eq!(placed(&three, &[], &["a"], &[]), "a a a a a a");
        // A pinned primary moves its replica, and the other primaries fill the other engines.
        assert_eq!(placed(&three, &[], &["a", "b", "c"], &[(1, "b")]), "b a c c b a");
        assert_eq!(placed(&[&[1, 2, 3]], &[4, 5, 6], &["a", "b", "c"], &[]), "a b c a b c");
    }

    #[test]
    fn new_nodes_go_where_there_is_room_and_others_stay() {
        let four: [&[usize]; 4] = [&[1, 4], &[2, 5], &[3, 6], &[7, 8]];
        let stay = [(1, "a"), (2, "b"), (3, "c"), (4, "b"), (5, "c"), (6, "a")];
        assert_eq!(placed(&four, &[], &["a", "b", "c"], &stay), "a b c b c a a b");
    }
}
