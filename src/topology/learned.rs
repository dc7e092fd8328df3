//! Facts about directives that the server of an image has told: defaults, spellings of values, and directives that
//! CONFIG SET can change. The deployment keeps them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::settings::of_spec;
use super::settings::values::{memory_bytes, same_value, with_every_class};
use super::{Node, Settings, Topology};
use crate::spec::redis_conf::names::newest_name;

/// The file, in the deployment's volume, that keeps what was learned.
pub const LEARNED_FILE: &str = "learned.json";

/// The version of that file. A file of another version is not read: all of it can be learned again.
const VERSION: u64 = 1;

/// Directives whose value is not the server's default, although a node's settings do not have them. redisctl writes
/// them separately, or a failover changes them.
const NO_DEFAULTS: [&str; 4] = ["aclfile", "masteruser", "port", "replicaof"];

/// A directive that clients set to receive keyspace events.
const SET_BY_CLIENTS: &str = "notify-keyspace-events";

/// Whether clients set a directive for their own use. `up` leaves their value.
#[must_use]
pub fn is_set_by_clients(directive: &str) -> bool {
    directive == SET_BY_CLIENTS
}

/// Facts about directives that the server of one image has told.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Learned {
    /// The id of the image.
    image: String,
    /// The server's spelling of each written value, by directive. `None` if CONFIG GET does not show the directive.
    spellings: BTreeMap<String, BTreeMap<String, Option<String>>>,
    /// The values of directives that no file set.
    defaults: Settings,
    /// The directives that CONFIG SET can change; `None` if the server was not asked.
    live: Option<BTreeSet<String>>,
}

/// A value that the server lowers at its start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lowered {
    /// The directive.
    pub directive: String,
    /// The value that was written.
    pub written: String,
    /// The value that the server has in force instead.
    pub in_force: String,
}

impl Learned {
    /// No facts yet, for the image with this id.
    #[must_use]
    pub fn nothing_of(image: &str) -> Self {
        Self { image: image.to_owned(), ..Self::default() }
    }

    /// The facts in a file, if they are about the image with this id. Otherwise, and if the file is malformed, no
    /// facts.
    #[must_use]
    pub fn read(text: &str, image: &str) -> Self {
        let file: Option<Value> = serde_json::from_str(text).ok();
        let file = file.filter(|file| file["version"].as_u64() == Some(VERSION));
        let learned = file.and_then(|mut file| serde_json::from_value::<Self>(file["learned"].take()).ok());
        learned.filter(|learned| learned.image == image).unwrap_or_else(|| Self::nothing_of(image))
    }

    /// The text of the file.
    #[must_use]
    pub fn write(&self) -> String {
        json!({ "version": VERSION, "learned": self }).to_string()
    }

    /// Learns from a server that was started with a node's settings. `live` are the directives that CONFIG SET can
    /// change, if the server was asked.
    pub fn learn(&mut self, started_with: &Settings, found: &Settings, live: Option<&BTreeSet<String>>) {
        for (name, written) in of_spec(started_with) {
            let spellings = self.spellings.entry(newest_name(name).into_owned()).or_default();
            spellings.insert(written.to_owned(), found.get(name).map(str::to_owned));
        }
        for (name, value) in found.iter().filter(|(name, _)| started_with.get(name).is_none()) {
            if self.defaults.get(name).is_none() && !NO_DEFAULTS.contains(&&*newest_name(name)) {
                self.defaults.set(name, value);
            }
        }
        if let Some(live) = live {
            let live = live.iter().map(|name| newest_name(name).into_owned());
            self.live.get_or_insert_default().extend(live);
        }
    }

    /// Learns the defaults of servers that have just started. Directives in which the servers differ are left out.
    pub fn learn_defaults<'a>(&mut self, servers: impl Iterator<Item = (&'a Node, &'a Settings)>) {
        let servers: Vec<(&Node, &Settings)> = servers.collect();
        for (node, found) in &servers {
            self.learn(&node.settings, found, None);
        }
        let agreed = |(name, value): &(&str, &str)| {
            servers.iter().all(|(_, found)| found.get(name).is_none_or(|found| found == *value))
        };
        self.defaults = self.defaults.iter().filter(agreed).collect();
    }

    /// Whether no default is known.
    #[must_use]
    pub fn is_without_defaults(&self) -> bool {
        self.defaults.is_empty()
    }

    /// The nodes whose settings a server must spell before a plan is made: one node for each combination. `stored` is
    /// the stored topology.
    #[must_use]
    pub fn to_ask_about<'t>(&self, topology: &'t Topology, stored: Option<&Topology>) -> Vec<&'t Node> {
        let mut asked: Vec<Settings> = Vec::new();
        let mut nodes = Vec::new();
        // The servers of other images are not asked.
        for node in topology.servers().into_iter().filter(|node| node.own_image.is_none()) {
            let before = stored.and_then(|stored| stored.node(&node.name)).map(|before| &before.settings);
            let own: Settings = of_spec(&node.settings).collect();
            if self.is_unknown(&node.settings, before, stored.is_some()) && !asked.contains(&own) {
                asked.push(own);
                nodes.push(node);
            }
        }
        nodes
    }

    fn is_unknown(&self, settings: &Settings, before: Option<&Settings>, exists: bool) -> bool {
        let is_new = |(name, written): (&str, &str)| {
            self.spellings.get(&*newest_name(name)).is_none_or(|known| !known.contains_key(written))
        };
        let taken_out = |(name, _): (&str, &str)| {
            settings.get(name).is_none()
                && self.default_of(name).is_none()
                && !NO_DEFAULTS.contains(&&*newest_name(name))
        };
        let changes = before.is_some_and(|before| !of_spec(before).eq(of_spec(settings)));
        of_spec(settings).any(is_new)
            || before.is_some_and(|before| before.iter().any(taken_out))
            || (changes && self.live.is_none())
            || (exists && self.defaults.is_empty())
    }

    /// Whether a value in force is the server's form of the wanted value.
    #[must_use]
    pub fn is_same(&self, directive: &str, found: &str, wanted: &str) -> bool {
        match self.spelling(directive, wanted) {
            Some(spelling) => found == spelling,
            None => same_value(directive, found, wanted),
        }
    }

    fn spelling(&self, directive: &str, written: &str) -> Option<&str> {
        self.spellings.get(&*newest_name(directive))?.get(written)?.as_deref()
    }

    /// The value for CONFIG SET that leads to the wanted value. CONFIG SET refuses an amount that the server would
    /// lower at its start.
    #[must_use]
    pub fn to_set<'a>(&'a self, directive: &str, wanted: &'a str) -> Cow<'a, str> {
        match self.spelling(directive, wanted) {
            Some(in_force) if is_lower(in_force, wanted) => Cow::Borrowed(in_force),
            _ => with_every_class(directive, wanted),
        }
    }

    /// The server's default of a directive.
    #[must_use]
    pub fn default_of(&self, directive: &str) -> Option<&str> {
        self.defaults.get(directive)
    }

    /// The defaults that directives return to after a manual change.
    pub fn defaults(&self) -> impl Iterator<Item = (&str, &str)> {
        self.defaults.iter()
    }

    /// Whether CONFIG SET can change a directive; `None` if the server was not asked.
    #[must_use]
    pub fn is_live(&self, directive: &str) -> Option<bool> {
        Some(self.live.as_ref()?.contains(&*newest_name(directive)))
    }

    /// A topology with the values that its servers have in force.
    #[must_use]
    pub fn in_force(&self, topology: &Topology) -> Topology {
        let mut topology = topology.clone();
        for shard in &mut topology.shards {
            let nodes = std::iter::once(&mut shard.primary).chain(&mut shard.replicas);
            for node in nodes.filter(|node| node.own_image.is_none()) {
                let value = |name, written| self.spelling(name, written).unwrap_or(written).to_owned();
                node.settings =
                    node.settings.iter().map(|(name, written)| (name, value(name, written))).collect();
            }
        }
        topology
    }

    /// The amounts that the server lowers, without those that `before` knew.
    #[must_use]
    pub fn lowered_since(&self, before: &Self) -> Vec<Lowered> {
        let mut lowered = Vec::new();
        for (directive, spellings) in &self.spellings {
            for (written, in_force) in spellings {
                let Some(in_force) = in_force else { continue };
                if is_lower(in_force, written) && before.spelling(directive, written).is_none() {
                    let (directive, written, in_force) =
                        (directive.clone(), written.clone(), in_force.clone());
                    lowered.push(Lowered { directive, written, in_force });
                }
            }
        }
        lowered
    }
}

fn is_lower(in_force: &str, written: &str) -> bool {
    memory_bytes(in_force).zip(memory_bytes(written)).is_some_and(|(in_force, written)| in_force < written)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::resolve::{Facts, resolve};

    fn topology(yaml: &str) -> Topology {
        let spec = serde_yaml::from_str(yaml).unwrap();
        resolve(&spec, &Facts::offline("shop")).unwrap()
    }

    fn learned(topology: &Topology, found: &[(&str, &str)], live: &[&str]) -> Learned {
        let mut learned = Learned::nothing_of("sha256:1");
        let live = live.iter().map(ToString::to_string).collect();
        let found = found.iter().copied().collect();
        learned.learn(&topology.servers()[0].settings, &found, Some(&live));
        learned
    }

    #[test]
    fn a_value_that_the_server_lowers_is_told_once_and_is_no_drift() {
        let topology = topology("{kind: standalone, config: {maxclients: 2000000}}");
        let found = [("maxclients", "1048544"), ("save", ""), ("timeout", "0")];
        let learned = learned(&topology, &found, &["maxclients"]);
        assert!(learned.is_same("maxclients", "1048544", "2000000"));
        assert!(!learned.is_same("maxclients", "10000", "2000000"));
        assert_eq!(learned.to_set("maxclients", "2000000"), "1048544");
        let lowered = learned.lowered_since(&Learned::nothing_of("sha256:1"));
        assert_eq!(lowered.len(), 1);
        assert_eq!((lowered[0].written.as_str(), lowered[0].in_force.as_str()), ("2000000", "1048544"));
        assert_eq!(learned.lowered_since(&learned), []);
        assert_eq!(learned.in_force(&topology).servers()[0].settings.get("maxclients"), Some("1048544"));
        assert_eq!(learned.to_ask_about(&topology, Some(&topology)), Vec::<&Node>::new());
    }

    #[test]
    fn a_server_is_asked_about_what_is_not_known() {
        let plain = topology("kind: cluster");
        let nothing = Learned::nothing_of("sha256:1");
        assert_eq!(nothing.to_ask_about(&plain, None).len(), 0, "new servers say their defaults themselves");
        assert_eq!(nothing.to_ask_about(&plain, Some(&plain)).len(), 1, "its values may have drifted");
        let set = topology("{kind: cluster, config: {hz: 20}, nodes: {shop-2: {config: {hz: 30}}}}");
        assert_eq!(nothing.to_ask_about(&set, None).len(), 2, "one of each sort");
        let learned = learned(&plain, &[("hz", "10"), ("timeout", "0"), ("save", "")], &["hz"]);
        assert_eq!(learned.to_ask_about(&plain, Some(&set)).len(), 0, "the default to go back to is known");
        assert_eq!((learned.is_live("hz"), learned.is_live("databases")), (Some(true), Some(false)));
    }

    #[test]
    fn what_was_learned_is_kept_for_its_image() {
        let learned = learned(&topology("kind: standalone"), &[("hz", "10"), ("save", "")], &["hz"]);
        assert_eq!(Learned::read(&learned.write(), "sha256:1"), learned);
        assert_eq!(Learned::read(&learned.write(), "sha256:2"), Learned::nothing_of("sha256:2"));
        let newer = learned.write().replace("\"version\":1", "\"version\":2");
        for other in ["", "{}", newer.as_str()] {
            assert_eq!(Learned::read(other, "sha256:1"), Learned::nothing_of("sha256:1"));
        }
    }
}
