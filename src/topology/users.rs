//! The users of a deployment's servers: the default user, the spec's users, and redisctl's own two.

use super::acl::Rule;
use super::{Auth, Kind, NodeName, Server, Topology, User};

/// The user of redisctl itself, with `auth`. redisctl's access does not depend on the spec's users.
pub const OPERATOR: &str = "redisctl";

/// The user that replicas log in with at their primaries, with `auth`. Changed passwords of other users do not affect
/// it. It can do nothing else, but in a cluster of Valkey 9 it also moves slots.
pub const REPLICATION: &str = "redisctl-replication";

/// The user of a client that has not logged in, or that logged in without a name.
pub const DEFAULT: &str = "default";

/// The rights that replicas need at their primaries (`redis.conf`, section "ACL").
const REPLICATING: [&str; 3] = ["+psync", "+replconf", "+ping"];

/// The rights that a source needs at its target to move slots atomically (Valkey 9). The source logs in with the login
/// of replicas, and sends its keys as write commands.
const SENDING_SLOTS: [&str; 4] = ["~*", "+@write", "+select", "+cluster|syncslots"];

/// The rules that allow everything.
pub const EVERYTHING: [&str; 3] = ["~*", "&*", "+@all"];

/// The rules with which clients find the primary at sentinels, and hear of a failover.
const DISCOVERING: [&str; 17] = [
    "&*",
    "+ping",
    "+hello",
    "+client",
    "+info",
    "+role",
    "+command",
    "+subscribe",
    "+psubscribe",
    "+unsubscribe",
    "+punsubscribe",
    "+sentinel|get-master-addr-by-name",
    "+sentinel|master",
    "+sentinel|masters",
    "+sentinel|replicas",
    "+sentinel|slaves",
    "+sentinel|sentinels",
];

/// A user of a server, without its password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerUser {
    /// Its name.
    pub name: String,
    /// All its rules, as this server spells them.
    pub rules: Vec<String>,
    /// Whether it has a password. If not, its rules have `nopass`, or it cannot log in.
    pub has_password: bool,
}

/// Whether a user belongs to redisctl.
#[must_use]
pub fn is_own(name: &str) -> bool {
    name == OPERATOR || name == REPLICATION
}

/// All users of a node, spelt for `server`. Until the node is replaced, its server may differ from the topology's.
#[must_use]
pub fn users_of(topology: &Topology, node: &NodeName, server: Server) -> Vec<ServerUser> {
    if topology.is_sentinel(node) { users_of_sentinels(topology, server) } else { users_on(topology, server) }
}

/// Every user of the nodes that hold data, the default user first. Without `auth`, the default user only.
#[must_use]
pub fn users(topology: &Topology) -> Vec<ServerUser> {
    users_on(topology, topology.server)
}

fn users_on(topology: &Topology, server: Server) -> Vec<ServerUser> {
    let user = |name: &str, first: &[&str], rules: &[String], has_password: bool| {
        // Servers have different defaults for the channels of a user without channel rules.
        let channels = server.has_channel_rules().then_some("resetchannels");
        let rules = first.iter().copied().chain(channels).chain(known_rules(server, rules));
        let rules = rules.map(str::to_owned).collect();
        ServerUser { name: name.to_owned(), rules, has_password }
    };
    let everything = EVERYTHING.map(str::to_owned);
    let Some(auth) = &topology.auth else {
        return vec![user(DEFAULT, &["on", "nopass"], &everything, false)];
    };
    let mut users = vec![match &auth.default_rules {
        None => user(DEFAULT, &["off"], &logging_in(server), false),
        Some(rules) if auth.default_password => {
            user(DEFAULT, &["on"], &[rules.as_slice(), &logging_in(server)].concat(), true)
        }
        Some(rules) => {
            user(DEFAULT, &["on", "nopass"], &[rules.as_slice(), &logging_in(server)].concat(), false)
        }
    }];
    users.push(user(OPERATOR, &["on"], &everything, true));
    users.push(user(REPLICATION, &["on"], &replicating(topology.kind, server), true));
    users.extend(auth.users.iter().map(|one| user(&one.name, &["on"], &one.rules, one.needs_password())));
    users
}

/// The rules of the user that replicas log in with.
fn replicating(kind: Kind, server: Server) -> Vec<String> {
    let sends_slots = kind == Kind::Cluster && server.way_to_move_slots().atomic;
    let more: &[&str] = if sends_slots { &SENDING_SLOTS } else { &[] };
    REPLICATING.iter().chain(more).map(|rule| (*rule).to_owned()).collect()
}

/// The rights that the default user needs so that clients can log in as another user. Clients of RESP3 log in with
/// HELLO, and old servers check the default user's rules for it.
fn logging_in(server: Server) -> Vec<String> {
    if server.has_selectors() { Vec::new() } else { vec!["+hello".to_owned()] }
}

/// The users of each sentinel. A sentinel does not start with rules about commands that it lacks. So the spec's users
/// get fixed rules there: those to ask for the primary.
fn users_of_sentinels(topology: &Topology, server: Server) -> Vec<ServerUser> {
    let user = |name: &str, first: &[&str], rules: &[&str], has_password: bool| {
        let rules: Vec<String> = rules.iter().map(|rule| (*rule).to_owned()).collect();
        let rules = known_rules(server, &rules).map(str::to_owned);
        let rules = first.iter().map(|rule| (*rule).to_owned()).chain(rules).collect();
        ServerUser { name: name.to_owned(), rules, has_password }
    };
    let everybody = |name: &str, first: &[&str], has_password| user(name, first, &EVERYTHING, has_password);
    let Some(auth) = &topology.auth else { return vec![everybody(DEFAULT, &["on", "nopass"], false)] };
    let default = match auth.default_rules {
        None => everybody(DEFAULT, &["off"], false),
        Some(_) if auth.default_password => everybody(DEFAULT, &["on"], true),
        Some(_) => everybody(DEFAULT, &["on", "nopass"], false),
    };
    let asks = |one: &User| {
        let state = if one.is_on() { "on" } else { "off" };
        let first = if one.needs_password() { vec![state] } else { vec![state, "nopass"] };
        user(&one.name, &first, &DISCOVERING, one.needs_password())
    };
    let mut users = vec![default, everybody(OPERATOR, &["on"], true)];
    users.extend(auth.users.iter().map(asks));
    users
}

/// The rules that this server knows: a server without rules for channels lets every user use every channel.
fn known_rules(server: Server, rules: &[String]) -> impl Iterator<Item = &str> {
    let rules = rules.iter().map(String::as_str);
    rules.filter(move |rule| {
        server.has_channel_rules() || !Rule::parse(rule).is_ok_and(|rule| rule.is_about_channels())
    })
}

impl Auth {
    /// The user that clients log in as if the default user is off: the spec's first user that is on.
    #[must_use]
    pub fn user_for_default(&self) -> Option<&str> {
        let is_off = self.default_rules.is_none();
        let first = self.users.iter().find(|user| user.is_on()).or(self.users.first());
        first.filter(|_| is_off).map(|user| user.name.as_str())
    }

    /// Whether the default user is on, with its usual rules.
    #[must_use]
    pub fn default_does_everything(&self) -> bool {
        self.default_rules.as_ref().is_some_and(|rules| *rules == EVERYTHING)
    }
}

impl User {
    /// Whether the user can log in.
    #[must_use]
    pub fn is_on(&self) -> bool {
        let states = self.rules.iter().filter_map(|rule| match Rule::parse(rule) {
            Ok(Rule::Enabled(on)) => Some(on),
            _ => None,
        });
        states.fold(true, |_, on| on)
    }

    /// Whether the user logs in with a password; otherwise its rules say `nopass`.
    #[must_use]
    pub fn needs_password(&self) -> bool {
        !self.rules.iter().any(|rule| Rule::parse(rule) == Ok(Rule::NoPassword))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Spec;
    use crate::topology::resolve::{Facts, resolve};

    fn lines(yaml: &str) -> Vec<String> {
        let spec: Spec = serde_yaml::from_str(yaml).expect("a spec");
        let topology = resolve(&spec, &Facts::offline("shop")).expect("a topology");
        let line = |user: ServerUser| {
            let password = if user.has_password { " >" } else { "" };
            format!("{}{password} {}", user.name, user.rules.join(" "))
        };
        users(&topology).into_iter().map(line).collect()
    }

    #[test]
    fn every_node_has_the_specs_users_and_redisctls_own() {
        assert_eq!(lines("kind: standalone"), ["default on nopass resetchannels ~* &* +@all"]);
        let own = [
            "redisctl > on resetchannels ~* &* +@all",
            "redisctl-replication > on resetchannels +psync +replconf +ping",
        ];
        let secure =
            lines("{kind: standalone, auth: {password: p, users: [{name: a, rules: ['~a:*', '+get']}]}}");
        assert_eq!(secure[0], "default > on resetchannels ~* &* +@all");
        assert_eq!(secure[1..3], own);
        assert_eq!(secure[3], "a > on resetchannels ~a:* +get");
        let cluster = lines("{kind: cluster, image: 'valkey/valkey:9.0', auth: {password: p}}");
        assert_eq!(
            cluster[2],
            "redisctl-replication > on resetchannels +psync +replconf +ping ~* +@write +select +cluster|syncslots"
        );
        let off =
            lines("{kind: standalone, auth: {default: off, users: [{name: a, rules: [nopass, '+get']}]}}");
        assert_eq!(off[0], "default off resetchannels");
        assert_eq!(off[3], "a on resetchannels nopass +get");
        let limited = "{name: default, rules: ['~*', '+@read']}";
        let limited = lines(&format!("{{kind: standalone, auth: {{password: p, users: [{limited}]}}}}"));
        assert_eq!(limited[0], "default > on resetchannels ~* +@read");
        assert_eq!(limited.len(), 3);
    }

    #[test]
    fn old_servers_get_no_rules_of_channels() {
        let old = lines(
            "{kind: standalone, image: 'redis:6.0', auth: {password: p, users: [{name: a, rules: ['&c', '+get']}]}}",
        );
        assert_eq!(old[0], "default > on ~* +@all +hello");
        assert_eq!(old[3], "a > on +get");
    }
}
