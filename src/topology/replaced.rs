//! Engines that were lost and replaced: their nodes are on other engines now, with other identities.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use super::{Address, Endpoint, EngineName, EngineReference, NodeName, Topology};
use crate::spec::nearest;

/// A lost engine whose nodes were rebuilt on another engine. It may come back, with the former nodes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplacedEngine {
    /// Its address, or the context that has the address.
    pub at: EngineReference,
    /// The host at which clients reached its nodes.
    pub host: String,
    /// The IPs of its former nodes. No node gets them again: other machines may still send them to the lost engine.
    pub ips: BTreeMap<NodeName, BTreeSet<Ipv4Addr>>,
}

/// The wish to rebuild the nodes of a lost engine on another engine (`up --replace-engine LOST=BY`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// The lost engine.
    pub lost: EngineName,
    /// The engine that gets its nodes.
    pub by: EngineName,
}

/// The facts with which a replacement is judged.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// The topology of the last `up`.
    pub stored: Option<&'a Topology>,
    /// The engines of the spec.
    pub engines: &'a [EngineName],
    /// The engines that answer.
    pub answering: &'a BTreeSet<EngineName>,
    /// Whether an answering engine manages the swarm.
    pub has_manager: bool,
    /// The nodes of the lost engine whose servers answer.
    pub alive: &'a [NodeName],
}

/// Why an engine is not replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The problem.
    pub message: String,
    /// The correction.
    pub hint: String,
}

impl Replacement {
    /// Reads `LOST=BY`.
    ///
    /// # Errors
    /// The text has another form, or names one engine twice.
    pub fn read(text: &str) -> Result<Self, String> {
        let form = "write LOST=OTHER, with the names of two engines: `b=c`";
        let (lost, by) = text.split_once('=').ok_or(form)?;
        if lost.is_empty() || by.is_empty() || by.contains('=') {
            return Err(form.to_owned());
        }
        if lost == by {
            return Err(format!("`{lost}` cannot replace itself: {form}"));
        }
        Ok(Self { lost: EngineName::new(lost), by: EngineName::new(by) })
    }

    /// Whether nodes move now. `false`: an earlier run has moved them.
    ///
    /// # Errors
    /// The replacement would be wrong.
    pub fn judge(&self, situation: &Situation<'_>) -> Result<bool, Refusal> {
        let Self { lost, by } = self;
        let refusal = |message: String, hint: String| Err(Refusal { message, hint });
        let list = |names: Vec<&str>| format!("`{}`", names.join("`, `"));
        let Some(stored) = situation.stored else {
            return refusal(
                "there is no deployment whose engine could be replaced".to_owned(),
                "leave `--replace-engine` out: `up` chooses the engines of new nodes".to_owned(),
            );
        };
        let engines: Vec<&str> = situation.engines.iter().map(EngineName::as_str).collect();
        if !situation.engines.contains(by) {
            let hint = match nearest(by.as_str(), &engines) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("name one of the engines of the spec: {}", list(engines)),
            };
            return refusal(format!("`--replace-engine {lost}={by}`: the spec has no engine `{by}`"), hint);
        }
        if stored.nodes_on(lost).is_empty() {
            if stored.replaced.contains_key(lost) {
                return Ok(false);
            }
            let used = stored.used_engines().into_iter().flatten().map(EngineName::as_str).collect();
            return refusal(
                format!("`{}` has no nodes on an engine `{lost}`", stored.name),
                format!("it has nodes on the engines {}", list(used)),
            );
        }
        if situation.answering.contains(lost) {
            return refusal(
                format!("engine `{lost}` answers, so its nodes are not lost"),
                "run `up` without `--replace-engine`: it repairs the nodes where they are".to_owned(),
            );
        }
        if let [first, ..] = situation.alive {
            return refusal(
                format!("engine `{lost}` is out of reach, but its node `{first}` answers"),
                format!(
                    "a node must not live twice: repair the way to the engine; or end its machine, and run the same \
                     command again ({} of its nodes answer)",
                    situation.alive.len()
                ),
            );
        }
        if !situation.answering.contains(by) {
            return refusal(
                format!("engine `{by}` is out of reach, too"),
                "name an engine that answers".to_owned(),
            );
        }
        if !situation.has_manager {
            return refusal(
                "no engine that answers manages the swarm, so it cannot connect new containers".to_owned(),
                "start a manager again; `docker node promote` on it makes further managers for the next loss"
                    .to_owned(),
            );
        }
        Ok(true)
    }

    /// The engine of a node after the replacement.
    #[must_use]
    pub fn engine_after<'a>(&'a self, engine: &'a EngineName) -> &'a EngineName {
        if *engine == self.lost { &self.by } else { engine }
    }
}

impl Topology {
    /// The addresses that a node had on replaced engines.
    #[must_use]
    pub fn former_addresses(&self, node: &NodeName) -> Vec<Address> {
        let Some(port) = self.node(node).map(|node| node.address.port) else { return Vec::new() };
        let ips = self.replaced.values().filter_map(|engine| engine.ips.get(node)).flatten();
        ips.map(|ip| Address { ip: *ip, port }).collect()
    }

    /// The endpoint and the address of each node on replaced engines. The latest address counts.
    #[must_use]
    pub fn former_endpoints(&self) -> Vec<(Endpoint, Address)> {
        let of_engine = |engine: &ReplacedEngine| {
            let former = engine.ips.iter().filter_map(|(node, ips)| {
                let port = self.node(node)?.address.port;
                let endpoint = Endpoint { host: engine.host.clone(), port };
                Some((endpoint, Address { ip: *ips.last()?, port }))
            });
            former.collect::<Vec<_>>()
        };
        self.replaced.values().flat_map(of_engine).collect()
    }

    /// Whether a node was on an engine that was replaced.
    #[must_use]
    pub fn was_on(&self, engine: &EngineName, node: &NodeName) -> bool {
        self.replaced.get(engine).is_some_and(|engine| engine.ips.contains_key(node))
    }

    /// Every engine that may have parts of the deployment, with its address: present engines and replaced engines.
    #[must_use]
    pub fn known_engines(&self) -> BTreeMap<EngineName, EngineReference> {
        let replaced = self.replaced.iter().map(|(name, engine)| (name.clone(), engine.at.clone()));
        let present = self.engines.iter().map(|(name, site)| (name.clone(), site.at.clone()));
        replaced.chain(present).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::facts::{Existing, Facts};
    use crate::topology::resolve::resolve;

    const SHOP: &str = "{kind: replication, replicas: 2, ports: {bind: 0.0.0.0}, engines: {a: {host: 'tcp://one:1'}, \
                        b: {host: 'tcp://two:1'}, c: {host: 'tcp://three:1'}}";

    fn shop(existing: Existing, more: &str) -> Result<Topology, Vec<crate::spec::Problem>> {
        let spec = serde_yaml::from_str(&format!("{SHOP}{more}}}")).unwrap();
        resolve(&spec, &Facts { existing, ..Facts::offline("shop") })
    }

    fn after(stored: &Topology, replacement: Option<&str>) -> Existing {
        let replacement = replacement.map(|text| Replacement::read(text).unwrap());
        let stored = Some(Box::new(stored.clone()));
        Existing { stored, replacement, ..Existing::default() }
    }

    #[test]
    fn a_wish_names_two_engines() {
        assert_eq!(
            Replacement::read("b=c"),
            Ok(Replacement { lost: EngineName::new("b"), by: EngineName::new("c") })
        );
        for wrong in ["", "b", "b=", "=c", "b=b", "b=c=d"] {
            assert!(Replacement::read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_replacement_is_said() {
        let stored = shop(Existing::default(), "").unwrap();
        let engines = ["a", "b", "c"].map(EngineName::new);
        let answering: BTreeSet<EngineName> = ["a", "c"].map(EngineName::new).into();
        let good = Situation {
            stored: Some(&stored),
            engines: &engines,
            answering: &answering,
            has_manager: true,
            alive: &[],
        };
        let wish = |text: &str| Replacement::read(text).unwrap();
        let said = |text: &str, situation: Situation<'_>| wish(text).judge(&situation).unwrap_err().message;
        assert_eq!(wish("b=c").judge(&good), Ok(true));
        assert!(said("b=c", Situation { stored: None, ..good }).starts_with("there is no deployment"));
        assert_eq!(said("b=d", good), "`--replace-engine b=d`: the spec has no engine `d`");
        assert_eq!(said("d=c", good), "`shop` has no nodes on an engine `d`");
        assert_eq!(said("a=c", good), "engine `a` answers, so its nodes are not lost");
        let alive = [stored.name.node(2)];
        assert_eq!(
            said("b=c", Situation { alive: &alive, ..good }),
            "engine `b` is out of reach, but its node `shop-2` answers"
        );
        let only_a = [EngineName::new("a")].into();
        assert_eq!(said("b=c", Situation { answering: &only_a, ..good }), "engine `c` is out of reach, too");
        assert!(said("b=c", Situation { has_manager: false, ..good }).contains("manages the swarm"));

        // The next run finishes what a killed run began.
        let moved = shop(after(&stored, Some("b=c")), "").unwrap();
        assert_eq!(wish("b=c").judge(&Situation { stored: Some(&moved), ..good }), Ok(false));
    }

    #[test]
    fn moved_nodes_get_new_ips_that_later_runs_keep() {
        let first = shop(Existing::default(), "").unwrap();
        let ip = |topology: &Topology, number| {
            topology.node(&topology.name.node(number)).unwrap().address.ip.octets()[3]
        };
        let place = |topology: &Topology| {
            topology.places().values().map(EngineName::as_str).collect::<Vec<_>>().join(" ")
        };
        assert_eq!((place(&first).as_str(), ip(&first, 2)), ("a b c", 12));
        let moved = shop(after(&first, Some("b=c")), "").unwrap();
        assert_eq!((place(&moved).as_str(), ip(&moved, 2), moved.replacements), ("a c c", 14, 1));
        assert_eq!(
            moved.node(&moved.name.node(2)).unwrap().address.port,
            first.node(&first.name.node(2)).unwrap().address.port
        );
        assert_eq!(moved.former_addresses(&moved.name.node(2))[0].to_string(), "172.30.0.12:7002");
        // Without the flag, the nodes stay. A pin to the former engine does not matter.
        assert_eq!(shop(after(&moved, None), "").unwrap(), moved);
        assert_eq!(shop(after(&moved, None), ", nodes: {shop-2: {engine: b}}").unwrap(), moved);
        // The next loss uses none of the former IPs.
        let again = shop(after(&moved, Some("c=a")), "").unwrap();
        assert_eq!((place(&again).as_str(), ip(&again, 2), ip(&again, 3)), ("a a a", 15, 16));
        let back = shop(after(&again, Some("a=b")), "").unwrap();
        assert_eq!((ip(&back, 1), ip(&back, 2), ip(&back, 3), back.replacements), (17, 18, 19, 3));
        // An IP of the spec would be used on another host.
        let problems = shop(after(&first, Some("b=c")), ", nodes: {shop-2: {ip: 172.30.0.12}}").unwrap_err();
        assert!(problems[0].message.contains("another IP"), "{problems:?}");
    }
}
