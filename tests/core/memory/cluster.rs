//! A node's side of the cluster bus: the nodes that it knows, and its reactions to their messages.
//!
//! It models real servers. CLUSTER MEET only opens a handshake. A claim of slots wins by its config epoch. A primary
//! that loses its last slot replicates the new owner.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use redisctl::observation::{ClusterNode, ClusterRole, ClusterView, SlotWay};
use redisctl::topology::{Address, Server, SlotSet};
use tokio::time::Instant;

use super::slots::Slots;

/// How long a forgotten node is refused.
const KEPT_OUT: Duration = Duration::from_secs(60);

/// The time after which servers give up a handshake: `cluster-node-timeout`.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);

/// A node's cluster state, with the parts that survive its process in `nodes.conf`.
#[derive(Debug, Clone)]
pub(crate) struct Cluster {
    pub(crate) own_id: String,
    pub(crate) current_epoch: u64,
    pub(crate) nodes: BTreeMap<String, Line>,
    pub(crate) open_slots: BTreeMap<u16, SlotWay>,
    /// The slots of running atomic migrations, by the id of their target.
    pub(crate) exports: BTreeMap<String, SlotSet>,
    pub(crate) ok: bool,
    /// Whether the process omits itself from CLUSTER SHARDS: a primary that has just got a shard id.
    pub(crate) is_unlisted: bool,
    /// Ids that gossip must not bring back after CLUSTER FORGET, with the time of the command.
    forgotten: BTreeMap<String, Instant>,
    /// Ids that the servers have told each other to refuse, with the time.
    kept_out: BTreeMap<String, Instant>,
}

/// A node's data about a node, itself included.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) address: Option<Address>,
    pub(crate) role: ClusterRole,
    pub(crate) handshake: bool,
    pub(crate) connected: bool,
    pub(crate) slots: Slots,
    pub(crate) epoch: u64,
    pub(crate) offset: u64,
    /// The time at which the node got the line.
    since: Instant,
}

impl Line {
    fn new(address: Option<Address>, handshake: bool) -> Self {
        Self {
            address,
            role: ClusterRole::Primary,
            handshake,
            connected: !handshake,
            slots: Slots::default(),
            epoch: 0,
            offset: 0,
            since: Instant::now(),
        }
    }

    pub(crate) fn is_primary(&self) -> bool {
        self.role == ClusterRole::Primary
    }
}

/// A node's statements about itself in every message.
#[derive(Debug, Clone)]
pub(crate) struct Header {
    pub(crate) id: String,
    pub(crate) address: Address,
    role: ClusterRole,
    slots: Slots,
    epoch: u64,
    current_epoch: u64,
    pub(crate) offset: u64,
    /// The gossip section: neighbours with their addresses.
    neighbours: Vec<(String, Address)>,
    /// The targets of its CLUSTER MEET.
    meets: BTreeSet<Address>,
    /// The nodes that it refuses, on servers that tell each other, with the time.
    kept_out: BTreeMap<String, Instant>,
}

impl Cluster {
    pub(crate) fn new(own_id: String, address: Address) -> Self {
        let nodes = BTreeMap::from([(own_id.clone(), Line::new(Some(address), false))]);
        let (forgotten, kept_out) = (BTreeMap::new(), BTreeMap::new());
        let (open_slots, exports) = (BTreeMap::new(), BTreeMap::new());
        Self {
            own_id,
            current_epoch: 0,
            nodes,
            open_slots,
            exports,
            ok: false,
            is_unlisted: false,
            forgotten,
            kept_out,
        }
    }

    pub(crate) fn own(&self) -> &Line {
        &self.nodes[&self.own_id]
    }

    pub(crate) fn own_mut(&mut self) -> &mut Line {
        self.nodes.get_mut(&self.own_id).expect("a node always knows itself")
    }

    pub(crate) fn header(&self, address: Address, offset: u64) -> Header {
        let own = self.own();
        let (handshakes, known): (Vec<_>, Vec<_>) = self.nodes.iter().partition(|(_, line)| line.handshake);
        let neighbours = known
            .into_iter()
            .filter(|(id, line)| **id != self.own_id && line.connected)
            .filter_map(|(id, line)| Some((id.clone(), line.address?)))
            .collect();
        let meets = handshakes.into_iter().filter_map(|(_, line)| line.address).collect();
        Header {
            id: self.own_id.clone(),
            address,
            role: own.role.clone(),
            slots: if own.is_primary() { own.slots.clone() } else { Slots::default() },
            epoch: own.epoch,
            current_epoch: self.current_epoch,
            offset,
            neighbours,
            meets,
            kept_out: self.kept_out.clone(),
        }
    }

    /// Whether the node at `address` is known, with the handshake complete.
    pub(crate) fn knows(&self, address: Address) -> bool {
        self.nodes.values().any(|line| !line.handshake && line.address == Some(address))
    }

    /// CLUSTER MEET.
    pub(crate) fn meet(&mut self, address: Address) {
        let open = self.nodes.values().any(|line| line.handshake && line.address == Some(address));
        if !open {
            self.nodes.insert(format!("handshake with {address}"), Line::new(Some(address), true));
        }
    }

    /// CLUSTER FORGET.
    pub(crate) fn forget(&mut self, id: &str) -> Result<(), &'static str> {
        if id == self.own_id {
            return Err("I tried hard but I can't forget myself");
        }
        if self.own().role == ClusterRole::Replica(id.to_owned()) {
            return Err("Can't forget my master!");
        }
        self.nodes.remove(id).ok_or("Unknown node")?;
        self.forgotten.insert(id.to_owned(), Instant::now());
        Ok(())
    }

    /// The effect of another node's CLUSTER FORGET, on servers since 7.2.
    pub(crate) fn keep_out(&mut self, id: &str) {
        self.keep_out_since(id, Instant::now());
    }

    fn keep_out_since(&mut self, id: &str, since: Instant) {
        if id != self.own_id && self.own().role != ClusterRole::Replica(id.to_owned()) {
            self.nodes.remove(id);
            self.kept_out.insert(id.to_owned(), since);
        }
    }

    /// CLUSTER FAILOVER TAKEOVER.
    pub(crate) fn take_over(&mut self) -> Result<(), &'static str> {
        let ClusterRole::Replica(primary) = self.own().role.clone() else {
            return Err("You should send CLUSTER FAILOVER to a replica");
        };
        let line = self.nodes.get_mut(&primary).ok_or("I don't know my master")?;
        let slots = std::mem::take(&mut line.slots);
        self.current_epoch += 1;
        let epoch = self.current_epoch;
        let own = self.own_mut();
        (own.role, own.slots, own.epoch) = (ClusterRole::Primary, slots, epoch);
        Ok(())
    }

    /// CLUSTER SETSLOT STABLE.
    pub(crate) fn close(&mut self, slots: &Slots) {
        self.open_slots.retain(|slot, _| !slots.contains(*slot));
    }

    /// CLUSTER SETSLOT NODE at the former owner. A primary without its last slot replicates the new owner, if
    /// it `migrates`. Returns the epoch that the owner knows.
    pub(crate) fn hand_slots_to(&mut self, id: &str, slots: &Slots, migrates: bool) -> u64 {
        self.close(slots);
        self.exports.remove(id);
        self.own_mut().slots.remove(slots);
        if let Some(line) = self.nodes.get_mut(id) {
            line.slots.add(slots);
        }
        if self.own().slots.is_empty() && migrates {
            self.replicate(id);
        }
        self.current_epoch
    }

    /// The news that another node owns slots.
    pub(crate) fn hear_of_move(&mut self, owner: &str, slots: &Slots, epoch: u64) {
        if !self.nodes.contains_key(owner) {
            return;
        }
        self.nodes.values_mut().for_each(|line| line.slots.remove(slots));
        self.current_epoch = self.current_epoch.max(epoch);
        if let Some(line) = self.nodes.get_mut(owner) {
            line.slots.add(slots);
            line.epoch = line.epoch.max(epoch);
        }
    }

    /// CLUSTER SETSLOT NODE at the new owner, which raises its config epoch above all that it and the former owner know.
    pub(crate) fn accept_slots(&mut self, slots: &Slots, known: u64) {
        self.close(slots);
        self.current_epoch = self.current_epoch.max(known);
        self.take_slots(slots);
    }

    /// A node that is gone, but was never forgotten.
    pub(crate) fn remember(&mut self, id: &str) {
        self.nodes.insert(id.to_owned(), Line::new(None, false));
    }

    /// CLUSTER BUMPEPOCH.
    pub(crate) fn raise_epoch(&mut self) {
        self.current_epoch += 1;
        self.own_mut().epoch = self.current_epoch;
    }

    /// The node owns these slots, with the highest epoch.
    pub(crate) fn take_slots(&mut self, slots: &Slots) {
        self.nodes.values_mut().for_each(|line| line.slots.remove(slots));
        self.own_mut().slots.add(slots);
        self.raise_epoch();
    }

    /// CLUSTER REPLICATE, once the primary's id is known.
    pub(crate) fn replicate(&mut self, primary: &str) {
        let own = self.own_mut();
        own.role = ClusterRole::Replica(primary.to_owned());
        own.slots = Slots::default();
        self.open_slots.clear();
        self.exports.clear();
        self.is_unlisted = false;
    }

    /// One round of messages. `everybody` has the headers of all reachable nodes, by address.
    pub(crate) fn hear(&mut self, own_address: Address, everybody: &BTreeMap<Address, Header>) {
        self.forgotten.retain(|_, since| since.elapsed() < KEPT_OUT);
        self.kept_out.retain(|_, since| since.elapsed() < KEPT_OUT);
        self.pongs(everybody);
        for sender in everybody.values() {
            if sender.id == self.own_id {
                continue;
            }
            let known = self.nodes.get(&sender.id).is_some_and(|line| !line.handshake);
            let reaches_us = sender.meets.contains(&own_address)
                || sender
                    .neighbours
                    .iter()
                    .any(|(id, address)| *id == self.own_id && *address == own_address);
            let reached = self.nodes.get(&sender.id).and_then(|line| line.address) == Some(sender.address);
            if known && (reaches_us || reached) {
                self.read(sender);
            } else if sender.meets.contains(&own_address) {
                self.meet(sender.address);
            }
        }
        self.nodes.retain(|id, _| !self.kept_out.contains_key(id));
    }

    /// The answers of known nodes, and of nodes in handshake.
    fn pongs(&mut self, everybody: &BTreeMap<Address, Header>) {
        let others: Vec<String> = self.nodes.keys().filter(|id| **id != self.own_id).cloned().collect();
        for id in others {
            let Some(mut line) = self.nodes.get(&id).cloned() else { continue };
            match line.address.and_then(|address| everybody.get(&address)) {
                None if line.handshake && line.since.elapsed() >= HANDSHAKE_TIMEOUT => {
                    self.nodes.remove(&id);
                    continue;
                }
                None => line.connected = false,
                Some(answer) if line.handshake => {
                    self.nodes.remove(&id);
                    if let Some(known) = self.nodes.get_mut(&answer.id) {
                        known.address = Some(answer.address);
                    } else {
                        // The slots in the answer to an introduction are ignored.
                        self.forgotten.remove(&answer.id);
                        self.nodes.insert(answer.id.clone(), Line::new(Some(answer.address), false));
                    }
                    continue;
                }
                // Another node has this address now.
                Some(answer) if answer.id != id => {
                    line.connected = false;
                    line.address = None;
                }
                Some(_) => line.connected = true,
            }
            self.nodes.insert(id, line);
        }
    }

    /// Reads the message of a known node.
    fn read(&mut self, sender: &Header) {
        self.current_epoch = self.current_epoch.max(sender.current_epoch);
        let line = self.nodes.get_mut(&sender.id).expect("only known senders are read");
        line.address = Some(sender.address);
        line.role = sender.role.clone();
        line.offset = sender.offset;
        if line.is_primary() {
            line.epoch = line.epoch.max(sender.epoch);
            self.claim(sender);
            self.part_epochs(sender);
        } else {
            line.slots = Slots::default();
        }
        for (id, since) in &sender.kept_out {
            if !self.kept_out.contains_key(id) && since.elapsed() < KEPT_OUT {
                self.keep_out_since(id, *since);
            }
        }
        for (id, address) in &sender.neighbours {
            let is_kept_out = self.forgotten.contains_key(id) || self.kept_out.contains_key(id);
            if !self.nodes.contains_key(id) && !is_kept_out {
                self.meet(*address);
            }
        }
    }

    /// A claim of slots: the higher config epoch owns them.
    fn claim(&mut self, sender: &Header) {
        if self.nodes[&sender.id].slots.covers(&sender.slots) {
            return;
        }
        let mut taken = sender.slots.clone();
        let mut emptied = Vec::new();
        for (id, line) in self.nodes.iter_mut().filter(|(id, _)| **id != sender.id) {
            if line.slots.meets(&sender.slots) {
                if line.epoch < sender.epoch {
                    line.slots.remove(&sender.slots);
                    if line.slots.is_empty() {
                        emptied.push(id.clone());
                    }
                } else {
                    taken.remove(&line.slots);
                }
            }
        }
        self.nodes.get_mut(&sender.id).expect("only known senders are read").slots.add(&taken);
        let lost = emptied.iter().any(|id| match &self.own().role {
            ClusterRole::Primary => *id == self.own_id,
            ClusterRole::Replica(primary) => id == primary,
        });
        if lost {
            self.replicate(&sender.id);
        }
    }

    /// If two primaries have the same epoch, the primary with the lesser id takes a new epoch.
    fn part_epochs(&mut self, sender: &Header) {
        if self.own().is_primary() && self.own().epoch == sender.epoch && sender.id > self.own_id {
            self.current_epoch += 1;
            self.own_mut().epoch = self.current_epoch;
        }
    }

    /// `cluster_state`. A fresh primary does not become `ok`, but an `ok` primary stays `ok`.
    pub(crate) fn judge(&mut self, fresh: bool, full_coverage: bool) {
        let owners = || self.nodes.values().filter(|line| !line.slots.is_empty());
        let reachable = owners().filter(|line| line.connected).count();
        let served: usize = owners().filter(|line| line.connected).map(|line| line.slots.count()).sum();
        let majority = reachable > owners().count() / 2;
        let good = majority && (!full_coverage || served == 16_384);
        self.ok = good && (self.ok || !(fresh && self.own().is_primary()));
    }

    /// The replies to CLUSTER INFO, NODES, SLOTS and SHARDS.
    pub(crate) fn view(&self, offset: u64, server: Server) -> ClusterView {
        let is_listed = |id: &str, line: &Line| {
            let offset = if id == self.own_id { offset } else { line.offset };
            line.connected && (line.is_primary() || offset > 0)
        };
        let mut slots = BTreeMap::new();
        let mut nodes = BTreeMap::new();
        for (id, line) in &self.nodes {
            let set = line.slots.set().clone();
            let replicas = self.nodes.iter().filter(|(replica, line)| {
                line.role == ClusterRole::Replica(id.clone()) && is_listed(replica, line)
            });
            let serving: Vec<String> =
                std::iter::once(id.clone()).chain(replicas.map(|(id, _)| id.clone())).collect();
            for range in set.ranges() {
                slots.insert((range.start(), range.end()), serving.clone());
            }
            let node = ClusterNode {
                address: line.address,
                told_ip: None,
                role: line.role.clone(),
                handshake: line.handshake,
                failing: !line.handshake && !line.connected,
                slots: set,
                epoch: line.epoch,
                connected: line.connected,
            };
            nodes.insert(id.clone(), node);
        }
        let told = self.nodes.iter().filter(|(id, _)| !self.is_unlisted || **id != self.own_id);
        let shards = told.map(|(id, line)| (id.clone(), is_listed(id, line)));
        ClusterView {
            ok: self.ok,
            own_id: self.own_id.clone(),
            current_epoch: self.current_epoch,
            asked_for_votes: false,
            nodes,
            slots,
            open_slots: self.open_slots.clone(),
            exports: self.exports.clone(),
            hostless: BTreeSet::new(),
            shards: server.has_shards().then(|| shards.collect()),
        }
    }
}
