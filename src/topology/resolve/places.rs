//! The engines of a deployment with their zones, and the engine of each node.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use super::numbers::{Numbers, ShardNumbers};
use super::{Facts, node_spec};
use crate::spec::{EngineSpec, Spec};
use crate::topology::rules::engines::reference;
use crate::topology::rules::host_ports::host_of;
use crate::topology::{EngineName, EngineSite, NodeName, spread};

/// The engines of the spec, with their hosts. If a host is not known yet, this machine is assumed.
pub(super) fn engines(spec: &Spec, facts: &Facts) -> BTreeMap<EngineName, EngineSite> {
    let site = |(name, engine): (&String, &EngineSpec)| {
        let host = host_of(facts, name, engine).unwrap_or(&facts.endpoint_host).clone();
        let zone = zone_of(spec, facts, name);
        Some((EngineName::new(name), EngineSite { at: reference(engine)?, host, zone }))
    };
    spec.engines.iter().flatten().filter_map(site).collect()
}

/// The zone of an engine: as written, otherwise by its label, otherwise as before. `None`: not known, or without zones.
fn zone_of(spec: &Spec, facts: &Facts, engine: &str) -> Option<String> {
    let label = spec.spread.as_ref()?;
    let written = || spec.engines.as_ref()?.get(engine)?.zone.clone();
    let labelled = || facts.engine_labels.get(engine)?.get(label).cloned();
    let stored = || facts.existing.stored.as_ref()?.engines.get(&EngineName::new(engine))?.zone.clone();
    written().or_else(labelled).or_else(stored)
}

/// The engine of each node: its present engine, otherwise the spec's, otherwise by the rule of [`spread`].
pub(super) fn places(
    spec: &Spec,
    facts: &Facts,
    engines: &BTreeMap<EngineName, EngineSite>,
    numbers: &Numbers,
    names: &BTreeMap<usize, NodeName>,
) -> BTreeMap<NodeName, EngineName> {
    if engines.is_empty() {
        return BTreeMap::new();
    }
    let decided = names.values().filter_map(|name| {
        let pin = || node_spec(spec, name)?.engine.as_deref().map(EngineName::new);
        let stays = facts.existing.engine_of(name).cloned();
        Some((name.clone(), stays.or_else(pin)?))
    });
    let of_shard = |shard: &ShardNumbers| {
        std::iter::once(&shard.primary)
            .chain(&shard.replicas)
            .filter_map(|number| names.get(number))
            .collect()
    };
    let nodes = spread::Nodes {
        shards: numbers.shards.iter().map(of_shard).collect(),
        sentinels: numbers.sentinels.iter().filter_map(|number| names.get(number)).collect(),
    };
    spread::spread(&nodes, engines, decided.collect())
}

/// The IP of each node's engine. Without an answer of the engine, loopback is assumed.
pub(super) fn ips_of_engines(
    places: &BTreeMap<NodeName, EngineName>,
    engines: &BTreeMap<EngineName, EngineSite>,
    facts: &Facts,
) -> BTreeMap<NodeName, Ipv4Addr> {
    let ip = |engine: &EngineName| facts.ip_of(&engines.get(engine)?.host);
    let of_node =
        |(name, engine): (&NodeName, &EngineName)| (name.clone(), ip(engine).unwrap_or(Ipv4Addr::LOCALHOST));
    places.iter().map(of_node).collect()
}
