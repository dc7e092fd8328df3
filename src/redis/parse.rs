//! Parses servers' replies.

use std::collections::{BTreeMap, BTreeSet};

use redis::Value;

use crate::observation::{
    Ability, ClusterNode, ClusterRole, ClusterView, History, Replication, ServerView, SlotWay,
};
use crate::spec::redis_conf::names::newest_name;
use crate::topology::settings::is_secret;
use crate::topology::slots::SLOT_COUNT;
use crate::topology::{Address, Server, Settings, SlotRange, SlotSet};

/// `name:value` lines, as INFO and CLUSTER INFO have them.
fn fields(text: &str) -> BTreeMap<&str, &str> {
    text.lines().filter_map(|line| line.trim_end().split_once(':')).collect()
}

/// The longest time without an acknowledgement of a linked replica, in seconds. A replica acknowledges every second.
const MOST_SILENT: u64 = 2;

/// The number of keys of each database with keys, in INFO.
pub(super) fn databases(text: &str) -> BTreeMap<u32, u64> {
    keyspace(&fields(text)).collect()
}

/// `db0:keys=5,expires=0,avg_ttl=0`
fn keyspace(fields: &BTreeMap<&str, &str>) -> impl Iterator<Item = (u32, u64)> {
    fields.iter().filter_map(|(name, value)| {
        let database = name.strip_prefix("db")?.parse().ok()?;
        Some((database, value.strip_prefix("keys=")?.split(',').next()?.parse().ok()?))
    })
}

/// INFO.
pub(super) fn info(text: &str, view: &mut ServerView) {
    let fields = fields(text);
    let number = |name: &str| fields.get(name).and_then(|value| value.parse::<u64>().ok()).unwrap_or(0);
    view.server = Server::from_info(text);
    view.memory = number("used_memory");
    view.data = number("used_memory_dataset");
    view.libraries = number("number_of_libraries");
    view.scripts = number("number_of_cached_scripts");
    view.uptime = fields.get("uptime_in_seconds").and_then(|value| value.parse().ok());
    let text = |name: &str| fields.get(name).map(|value| (*value).to_owned());
    view.history = text("master_replid").map(|id| {
        // A server that never replicated another server has an id of zeros and the offset -1.
        let end = text("second_repl_offset").and_then(|offset| offset.parse().ok());
        History { id, earlier: text("master_replid2").zip(end) }
    });
    view.keys = keyspace(&fields).map(|(_, keys)| keys).fold(0, u64::saturating_add);
    view.ability = ability(&fields);
    view.replication = if fields.get("role") == Some(&"slave") {
        let port = fields.get("master_port").and_then(|port| port.parse().ok());
        let ip = fields.get("master_host").and_then(|host| host.parse().ok());
        Replication::Replica {
            of: ip.zip(port).map(|(ip, port)| Address { ip, port }),
            link_up: fields.get("master_link_status") == Some(&"up"),
            offset: number("slave_repl_offset"),
        }
    } else {
        let (mut online_replicas, mut joining_replicas) = (BTreeSet::new(), BTreeSet::new());
        for (name, value) in &fields {
            if name.strip_prefix("slave").is_none_or(|rest| rest.parse::<u32>().is_err()) {
                continue;
            }
            let parts: BTreeMap<&str, &str> =
                value.split(',').filter_map(|part| part.split_once('=')).collect();
            let ip = parts.get("ip").and_then(|ip| ip.parse().ok());
            let port = parts.get("port").and_then(|port| port.parse().ok());
            let Some((ip, port)) = ip.zip(port) else { continue };
            let silent_for = parts.get("lag").and_then(|lag| lag.parse::<u64>().ok()).unwrap_or(0);
            let replicas = if parts.get("state") == Some(&"online") && silent_for <= MOST_SILENT {
                &mut online_replicas
            } else {
                &mut joining_replicas
            };
            replicas.insert(Address { ip, port });
        }
        Replication::Primary { online_replicas, joining_replicas, offset: number("master_repl_offset") }
    };
}

/// A server's ability to serve, from INFO.
fn ability(fields: &BTreeMap<&str, &str>) -> Ability {
    let number = |name: &str| fields.get(name).and_then(|value| value.parse::<u64>().ok());
    let is = |name: &str, value: &str| fields.get(name) == Some(&value);
    let policy = fields.get("maxmemory_policy").copied().unwrap_or_default();
    // `keys=5,expires=0,avg_ttl=0`
    let expires =
        |value: &str| value.split(',').any(|part| part.starts_with("expires=") && part != "expires=0");
    let has_expiring_keys = || fields.iter().any(|(name, value)| name.starts_with("db") && expires(value));
    let evicts = policy.starts_with("allkeys") || policy.starts_with("volatile") && has_expiring_keys();
    let used = number("used_memory").unwrap_or(0);
    let counted = used.saturating_sub(number("mem_not_counted_for_evict").unwrap_or(0));
    Ability {
        loading: is("loading", "1"),
        snapshot_failed: is("rdb_last_bgsave_status", "err"),
        append_failed: is("aof_enabled", "1") && is("aof_last_write_status", "err"),
        good_replicas: number("min_slaves_good_slaves"),
        exceeded_limit: number("maxmemory").filter(|limit| (1..counted).contains(limit) && !evicts),
    }
}

/// CLUSTER INFO.
pub(super) fn cluster_info(text: &str, view: &mut ClusterView) {
    let fields = fields(text);
    view.ok = fields.get("cluster_state") == Some(&"ok");
    view.current_epoch =
        fields.get("cluster_current_epoch").and_then(|epoch| epoch.parse().ok()).unwrap_or(0);
    // Servers leave out the messages that they have never sent.
    view.asked_for_votes =
        fields.get("cluster_stats_messages_auth-req_sent").is_some_and(|sent| *sent != "0");
}

/// CLUSTER NODES.
pub(super) fn cluster_nodes(text: &str, view: &mut ClusterView) -> Result<(), String> {
    for line in text.lines().filter(|line| !line.is_empty()) {
        let (id, node, own) = cluster_node(line).ok_or_else(|| format!("line `{line}`"))?;
        if own && !view.own_id.is_empty() {
            return Err("two lines are about the node itself".to_owned());
        }
        if own {
            view.own_id.clone_from(&id);
            view.open_slots = line.split(' ').filter_map(open_slot).collect();
        }
        if view.nodes.insert(id.clone(), node).is_some() {
            return Err(format!("two lines are about the node {id}"));
        }
    }
    Ok(())
}

/// `id ip:port@bus[,hostname…] flags primary ping pong epoch link slots…`. The last value tells whether the line
/// describes the node itself.
fn cluster_node(line: &str) -> Option<(String, ClusterNode, bool)> {
    let mut words = line.split(' ');
    let id = words.next()?.to_owned();
    let (ip, ports) = words.next()?.split(',').next()?.rsplit_once(':')?;
    let port = ports.split('@').next()?.parse().ok()?;
    let flags: BTreeSet<&str> = words.next()?.split(',').collect();
    let primary = words.next()?;
    let (_ping, _pong) = (words.next()?, words.next()?);
    let epoch = words.next()?.parse().ok()?;
    let own = flags.contains("myself");
    let connected = words.next()? == "connected" || own;
    // Open slots in brackets: the slot itself is listed, too.
    let ranges = words.filter(|word| !word.starts_with('[')).filter_map(|word| {
        let (start, end) = word.split_once('-').unwrap_or((word, word));
        SlotRange::new(start.parse().ok()?, end.parse().ok()?)
    });
    let slots: SlotSet = ranges.collect();
    let role = if flags.contains("slave") && primary != "-" {
        ClusterRole::Replica(primary.to_owned())
    } else {
        ClusterRole::Primary
    };
    let node = ClusterNode {
        address: ip.parse().ok().map(|ip| Address { ip, port }),
        told_ip: None,
        role,
        handshake: flags.contains("handshake"),
        failing: flags.contains("fail") || flags.contains("fail?") || flags.contains("noaddr"),
        slots,
        epoch,
        connected,
    };
    Some((id, node, own))
}

/// `[slot->-id]` for MIGRATING, `[slot-<-id]` for IMPORTING.
fn open_slot(word: &str) -> Option<(u16, SlotWay)> {
    let (slot, way) = word.strip_prefix('[')?.strip_suffix(']')?.split_once('-')?;
    let way = match way.split_once('-')? {
        (">", id) => SlotWay::Migrating(id.to_owned()),
        ("<", id) => SlotWay::Importing(id.to_owned()),
        _ => return None,
    };
    Some((slot.parse().ok().filter(|slot| *slot < SLOT_COUNT)?, way))
}

/// CLUSTER SLOTS: the ids of each range's nodes, the primary first; and the ids of nodes without a host.
pub(super) fn cluster_slots(reply: &Value, view: &mut ClusterView) -> Result<(), String> {
    let Value::Array(entries) = reply else { return Err("it is no array".to_owned()) };
    for entry in entries {
        let (range, nodes) = served_range(entry).ok_or_else(|| "an entry is malformed".to_owned())?;
        let hostless = nodes.iter().filter(|(_, host)| host.is_none());
        view.hostless.extend(hostless.map(|(id, _)| id.clone()));
        view.slots.insert(range, nodes.into_iter().map(|(id, _)| id).collect());
    }
    Ok(())
}

/// A range of slots, with id and host of each node that serves it.
type ServedRange = ((u16, u16), Vec<(String, Option<String>)>);

/// `start end [host port id …]…`. An unknown host is `?` or empty.
fn served_range(entry: &Value) -> Option<ServedRange> {
    let [start, end, nodes @ ..] = items(entry) else { return None };
    let node = |node: &Value| {
        let [host, _port, id, ..] = items(node) else { return None };
        Some((as_text(id)?, as_text(host).filter(|host| !host.is_empty() && host != "?")))
    };
    let range = SlotRange::new(as_slot(start)?, as_slot(end)?)?;
    Some(((range.start(), range.end()), nodes.iter().filter_map(node).collect()))
}

/// CLUSTER SHARDS: the ids of its nodes, and whether their health is `online`.
pub(super) fn shards(reply: &Value) -> BTreeMap<String, bool> {
    let mut ids = BTreeMap::new();
    for shard in items(reply) {
        for node in
            pairs(shard).into_iter().filter(|(name, _)| name == "nodes").flat_map(|(_, nodes)| items(nodes))
        {
            let fields: BTreeMap<String, &Value> = pairs(node).into_iter().collect();
            let field = |name: &str| fields.get(name).and_then(|value| as_text(value));
            let online = field("health").as_deref() == Some("online");
            ids.extend(field("id").map(|id| (id, online)));
        }
    }
    ids
}

/// CONFIG GET, without passwords. If a directive has two names, the newer name counts.
pub(super) fn settings(reply: Value) -> Result<Settings, String> {
    let all: BTreeMap<String, String> =
        ::redis::from_redis_value(reply).map_err(|error| error.to_string())?;
    let is_newest = |name: &str| newest_name(name) == name || !all.contains_key(&*newest_name(name));
    Ok(all.iter().filter(|(name, _)| !is_secret(name) && is_newest(name)).collect())
}

pub(super) fn items(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        _ => &[],
    }
}

/// A map. RESP2 writes it as an array of names and values.
pub(super) fn pairs(value: &Value) -> Vec<(String, &Value)> {
    match value {
        Value::Map(pairs) => pairs.iter().filter_map(|(name, value)| Some((as_text(name)?, value))).collect(),
        _ => items(value).chunks_exact(2).filter_map(|pair| Some((as_text(&pair[0])?, &pair[1]))).collect(),
    }
}

pub(super) fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::BulkString(bytes) => String::from_utf8(bytes.clone()).ok(),
        Value::SimpleString(text) => Some(text.clone()),
        _ => None,
    }
}

fn as_slot(value: &Value) -> Option<u16> {
    match value {
        Value::Int(number) => u16::try_from(*number).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
