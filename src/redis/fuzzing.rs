//! Properties of the parsers for servers' replies.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use redis::Value;

use super::cli_reply::from_value;
use super::parse;
use super::redirect::Redirect;
use super::users::Passwords;
use crate::fuzzing::{Property, Target};
use crate::observation::{ClusterNode, ClusterRole, ClusterView, ServerView, SlotWay};
use crate::topology::acl::words;
use crate::topology::facts::Facts;
use crate::topology::resolve::resolve;
use crate::topology::settings::is_secret;
use crate::topology::slots::SLOT_COUNT;
use crate::topology::{Credentials, Server};

pub(crate) const TARGETS: &[Target] = &[
    ("acl_list", Property::Text(acl_list)),
    ("cluster_nodes", Property::Text(cluster_nodes)),
    ("cluster_replies", Property::Bytes(cluster_replies)),
    ("info", Property::Text(info)),
    ("redirect", Property::Text(redirect)),
];

/// All parsed slots are valid. A parsed reply that is written and parsed again is the same.
fn cluster_nodes(text: &str) {
    let mut view = ClusterView::default();
    if parse::cluster_nodes(text, &mut view).is_err() {
        return;
    }
    assert!(view.open_slots.iter().all(|(slot, _)| *slot < SLOT_COUNT), "{:?}", view.open_slots);
    assert!(view.nodes.values().all(|node| node.slots.slots().all(|slot| slot < SLOT_COUNT)));
    let mut written = String::new();
    for (id, node) in &view.nodes {
        // Writing to a String cannot fail.
        let _ = writeln!(written, "{}", line(id, node, &view));
    }
    let mut again = ClusterView::default();
    parse::cluster_nodes(&written, &mut again).unwrap_or_else(|error| panic!("{error} in {written}"));
    assert_eq!(again.nodes, view.nodes, "{written}");
    assert_eq!(again.own_id, view.own_id, "{written}");
    assert_eq!(again.open_slots, view.open_slots, "{written}");
}

/// A line of CLUSTER NODES.
fn line(id: &str, node: &ClusterNode, view: &ClusterView) -> String {
    let is_own = id == view.own_id;
    let (ip, port) =
        node.address.map_or((String::new(), 0), |address| (address.ip.to_string(), address.port));
    let (role, primary) = match &node.role {
        ClusterRole::Primary => ("master", "-"),
        ClusterRole::Replica(primary) => ("slave", primary.as_str()),
    };
    let flags = [(is_own, "myself,"), (node.handshake, "handshake,"), (node.failing, "fail,")];
    let flags: String = flags.into_iter().filter_map(|(is_set, flag)| is_set.then_some(flag)).collect();
    let state = if node.connected { "connected" } else { "disconnected" };
    let epoch = node.epoch;
    let mut line = format!("{id} {ip}:{port}@1{port} {flags}{role} {primary} 0 0 {epoch} {state}");
    let ranges = node.slots.to_string();
    for range in ranges.split(',').filter(|range| !range.is_empty()) {
        line.extend([" ", range]);
    }
    for (slot, way) in view.open_slots.iter().filter(|_| is_own) {
        // Writing to a String cannot fail.
        let _ = match way {
            SlotWay::Migrating(to) => write!(line, " [{slot}->-{to}]"),
            SlotWay::Importing(from) => write!(line, " [{slot}-<-{from}]"),
        };
    }
    line
}

/// CLUSTER SLOTS, CLUSTER SHARDS and CONFIG GET: slots are valid, passwords are left out, and RESP2 and RESP3 give
/// the same result.
fn cluster_replies(bytes: &[u8]) {
    let Ok(reply) = redis::parse_redis_value(bytes) else { return };
    let mut view = ClusterView::default();
    if parse::cluster_slots(&reply, &mut view).is_ok() {
        assert!(view.slots.keys().all(|(start, end)| start <= end && *end < SLOT_COUNT), "{:?}", view.slots);
    }
    let printed = from_value(reply.clone());
    assert!(printed.is_error() || !printed.for_terminal().is_empty() || printed.raw().is_empty());
    let _ = printed.to_json();
    assert_eq!(parse::shards(&without_maps(reply.clone())), parse::shards(&reply));
    if let Ok(settings) = parse::settings(reply) {
        assert!(settings.iter().all(|(name, _)| !is_secret(name)), "a password is among the settings");
    }
}

/// CLUSTER SHARDS in RESP2: shards and their nodes are arrays of names and values instead of maps.
fn without_maps(reply: Value) -> Value {
    let node = |node| flat(node, |value| value);
    let shard = |shard| flat(shard, |value| each(value, node));
    each(reply, shard)
}

fn each(list: Value, change: impl Fn(Value) -> Value) -> Value {
    match list {
        Value::Array(items) => Value::Array(items.into_iter().map(change).collect()),
        other => other,
    }
}

/// A map as an array, with its values changed.
fn flat(fields: Value, change: impl Fn(Value) -> Value) -> Value {
    match fields {
        Value::Map(pairs) => {
            Value::Array(pairs.into_iter().flat_map(|(name, value)| [name, change(value)]).collect())
        }
        other => each(other, change),
    }
}

/// Line ends do not matter. A server and its version are found in its own INFO text.
fn info(text: &str) {
    let read = |text: &str| {
        let mut view = ServerView::default();
        parse::info(text, &mut view);
        view
    };
    let view = read(text);
    assert_eq!(read(&text.replace("\r\n", "\n")), view);
    if let Some(server) = view.server {
        let (product, version) = server.to_string().split_once(' ').map(own).expect("product and version");
        assert_eq!(Server::from_info(&format!("{product}_version:{version}\r\n")), Some(server));
    }
    let mut view = ClusterView::default();
    parse::cluster_info(text, &mut view);
}

fn own((one, other): (&str, &str)) -> (String, String) {
    (one.to_owned(), other.to_owned())
}

/// The slot is valid. A parsed redirection that is written and parsed again is the same.
fn redirect(text: &str) {
    let Some(redirect) = Redirect::parse(text) else { return };
    assert!(redirect.slot < SLOT_COUNT, "{redirect:?}");
    let kind = if redirect.once { "ASK" } else { "MOVED" };
    let written = format!("{kind} {} host:{}", redirect.slot, redirect.port);
    assert_eq!(Redirect::parse(&written), Some(redirect));
}

/// The rules of a line of ACL LIST are complete, and contain no password hash.
fn acl_list(text: &str) {
    let spec = serde_yaml::from_str("{kind: standalone, auth: {password: p}}").expect("a spec");
    let topology = resolve(&spec, &Facts::offline("shop")).expect("a good spec");
    let node = topology.name.node(1);
    let credentials = Credentials::default();
    let passwords = Passwords::new(&topology, &credentials, &node);
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let Ok(users) = passwords.judge(&lines) else { return };
    let last: BTreeMap<String, &String> =
        lines.iter().filter_map(|line| Some((words(line).into_iter().nth(1)?, line))).collect();
    assert_eq!(users.len(), last.len());
    for (name, user) in users {
        assert!(user.rules.iter().all(|rule| !rule.starts_with('#')), "{name}: a hash is among the rules");
        let rest = user.rules.join(" ");
        let written = words(last[&name]).into_iter().skip(2).filter(|word| !word.starts_with('#'));
        assert_eq!(words(&rest), written.collect::<Vec<_>>(), "{name}");
        assert!(!user.right_password, "{name}: there is no right password");
    }
}
