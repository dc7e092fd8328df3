//! Changes that users and accidents make to a deployment without redisctl.

use std::convert::Infallible;
use std::time::Duration;

use redisctl::observation::{ContainerState, Foreign, SlotWay};
use redisctl::topology::container::data_volume;
use redisctl::topology::kept_data::KeptData;
use redisctl::topology::{Address, NodeName, Server, SlotSet};

use super::World;
use super::cluster::Cluster;
use super::keys::{KeyId, Keys};
use super::process::Process;
use super::slots::Slots;

impl World {
    /// The server of a node, which must answer.
    fn with_process<T>(&self, node: &NodeName, change: impl FnOnce(&mut Process) -> T) -> T {
        change(self.state().process(node).expect("the server answers"))
    }

    pub(crate) fn with_cluster<T>(&self, node: &NodeName, change: impl FnOnce(&mut Cluster) -> T) -> T {
        self.with_process(node, |process| change(process.cluster.as_mut().expect("a cluster node")))
    }

    /// No other node hears a node any more, as behind a firewall.
    pub(crate) fn silence(&self, node: &NodeName) {
        self.state().faults.silent.insert(node.clone());
    }

    /// Silent nodes are heard again after a while.
    pub(crate) async fn end_silences(&self, after: Duration) -> Infallible {
        loop {
            if !self.state().faults.silent.is_empty() {
                tokio::time::sleep(after).await;
                self.state().faults.silent.clear();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// `docker rmi`.
    pub(crate) fn lose_image(&self) {
        self.state().engine.image = None;
    }

    /// `docker tag`: the image's name now belongs to another image, with this server.
    pub(crate) fn move_image(&self, id: &str, server: &str) {
        self.state().engine.image = Some((id.to_owned(), Some(Server::assumed(server))));
    }

    /// `docker stop`.
    pub(crate) fn stop_container(&self, node: &NodeName) {
        self.state().stop_container(node).expect("it exists");
    }

    /// `docker rm -f`.
    pub(crate) fn remove_container(&self, node: &NodeName) {
        self.state().remove_container(node).expect("it exists");
    }

    /// `docker rm -f` and `docker volume rm` of a node's data.
    pub(crate) fn lose_data(&self, node: &NodeName) {
        let mut state = self.state();
        state.remove_container(node).expect("it exists");
        state.engine.volumes.remove(&data_volume(node));
    }

    /// `docker pause`.
    pub(crate) fn pause(&self, node: &NodeName) {
        self.state().container(node).expect("it exists").state = ContainerState::Paused;
    }

    /// A network of an engine with an MTU for all networks.
    pub(crate) fn set_mtu(&self, mtu: u16) {
        let mut state = self.state();
        state.engine.network.as_mut().expect("a network").mtu = Some(mtu);
    }

    /// `docker network rm`, after every container was disconnected. Strangers do not come back.
    pub(crate) fn lose_network(&self) {
        let mut state = self.state();
        state.engine.network = None;
        state.strangers.clear();
        for container in state.engine.containers.values_mut() {
            // Containers in a shared namespace keep it.
            container.attached &= container.anchor().is_some();
        }
    }

    /// `redisctl down` of all existing parts. Strangers are removed, too.
    pub(crate) fn take_down(&self) {
        let mut state = self.state();
        let names: Vec<NodeName> = state.engine.containers.keys().cloned().collect();
        // Here, the labels of the data volumes hold the record.
        let kept =
            state.stored().filter(|_| !names.is_empty()).map(|(topology, _)| KeptData::of_topology(topology));
        for name in names {
            state.remove_container(&name).expect("it exists");
        }
        for volume in state.engine.volumes.values_mut().filter(|volume| volume.keeps.is_some()) {
            volume.keeps = kept.clone().or(volume.keeps.take());
        }
        state.engine.network = None;
        state.strangers.clear();
        state.engine.volumes.retain(|_, volume| volume.keeps.is_some());
    }

    /// An object that redisctl did not make.
    pub(crate) fn add_foreign(&self, kind: &'static str, name: &str) {
        self.state().engine.foreign.push(Foreign { kind, name: name.to_owned() });
    }

    /// A running container that redisctl did not make, in the deployment's network.
    pub(crate) fn add_guest(&self, name: &str) {
        self.state().engine.guests.push(name.to_owned());
    }

    /// `CONFIG SET`.
    pub(crate) fn configure(&self, node: &NodeName, directive: &str, value: &str) {
        self.with_process(node, |process| process.settings.set(directive, value));
    }

    /// `CONFIG GET`.
    pub(crate) fn setting(&self, node: &NodeName, directive: &str) -> Option<String> {
        self.with_process(node, |process| process.settings.get(directive).map(str::to_owned))
    }

    /// `ACL SETUSER`.
    pub(crate) fn set_user(&self, node: &NodeName, user: &str, words: &[&str]) {
        self.with_process(node, |process| process.accounts.set(user, words));
    }

    /// `ACL DELUSER`.
    pub(crate) fn delete_user(&self, node: &NodeName, user: &str) {
        self.with_process(node, |process| process.accounts.delete(user));
    }

    /// `SET` of this number of keys, in slots of the node. Returns each key with its slot.
    pub(crate) fn write_keys(&self, node: &NodeName, count: u64) -> Vec<(KeyId, u16)> {
        let own = self.with_process(node, |process| {
            process.cluster.as_ref().map(|cluster| cluster.own().slots.set().clone())
        });
        self.write_keys_in(node, count, &own.unwrap_or_else(|| std::iter::once(0).collect()))
    }

    /// `SET` of this number of keys, in these slots. Returns each key with its slot.
    pub(crate) fn write_keys_in(&self, node: &NodeName, count: u64, slots: &SlotSet) -> Vec<(KeyId, u16)> {
        let mut state = self.state();
        let first = state.written + 1;
        state.written += count;
        let slots: Vec<u16> = slots.slots().collect();
        let slot = |id: KeyId| {
            // The slots are far from each other, so that a part of the slots has some of the keys.
            let position = usize::try_from(id).expect("a small number") * 7919 % slots.len().max(1);
            slots.get(position).copied().unwrap_or_default()
        };
        let keys: Vec<(KeyId, u16)> = (first..first + count).map(|id| (id, slot(id))).collect();
        let process = state.process(node).expect("the server answers");
        for (id, slot) in &keys {
            process.keys.set(*id, *slot);
        }
        process.write(100 * count);
        keys
    }

    /// `SET` of this number of keys.
    pub(crate) fn put_keys(&self, node: &NodeName, count: u64) {
        self.write_keys(node, count);
    }

    /// `DBSIZE`.
    pub(crate) fn keys(&self, node: &NodeName) -> u64 {
        self.with_process(node, |process| process.keys.count())
    }

    /// `REPLICAOF NO ONE`.
    pub(crate) fn promote(&self, node: &NodeName) {
        self.with_process(node, Process::promote);
    }

    /// `REPLICAOF` another node.
    pub(crate) fn follow(&self, node: &NodeName, primary: &NodeName) {
        let address = self.with_process(primary, |process| process.address);
        self.with_process(node, |process| process.follows = Some(address));
    }

    /// `docker ps`.
    pub(crate) fn runs(&self, node: &NodeName) -> bool {
        self.state().container(node).is_ok_and(|container| container.state == ContainerState::Running)
    }

    /// `ROLE`.
    pub(crate) fn is_replica(&self, node: &NodeName) -> bool {
        self.with_process(node, |process| process.is_replica())
    }

    /// Whether a client can write.
    pub(crate) fn takes_writes(&self, node: &NodeName) -> bool {
        self.with_process(node, |process| {
            let is_up = process.cluster.as_ref().is_none_or(|cluster| cluster.ok);
            let has_stopped = process.settings.get("min-replicas-to-write").is_some_and(|count| count != "0");
            is_up && !has_stopped && !process.is_replica()
        })
    }

    /// The slots that a node owns.
    pub(crate) fn slots(&self, node: &NodeName) -> SlotSet {
        self.with_cluster(node, |cluster| cluster.own().slots.set().clone())
    }

    /// `CLUSTER DELSLOTS`.
    pub(crate) fn drop_slots(&self, node: &NodeName, slots: &SlotSet) {
        self.with_cluster(node, |cluster| cluster.own_mut().slots.remove(&Slots::from(slots)));
    }

    /// Slots move to another node, as `redis-cli --cluster reshard` moves them.
    pub(crate) fn move_slots(&self, to: &NodeName, slots: &SlotSet) {
        self.with_cluster(to, |cluster| cluster.take_slots(&Slots::from(slots)));
    }

    /// `CLUSTER SETSLOT MIGRATING`.
    pub(crate) fn open_slot(&self, node: &NodeName, slot: u16, to: &NodeName) {
        let id = self.with_cluster(to, |cluster| cluster.own_id.clone());
        self.with_cluster(node, |cluster| cluster.open_slots.insert(slot, SlotWay::Migrating(id)));
    }

    /// `CLUSTER MIGRATESLOTS` that does not end.
    pub(crate) fn begin_migration(&self, from: &NodeName, to: &NodeName, slots: &SlotSet) {
        let id = self.with_cluster(to, |cluster| cluster.own_id.clone());
        self.with_cluster(from, |cluster| cluster.exports.insert(id, slots.clone()));
    }

    /// `CLUSTER FAILOVER TAKEOVER`.
    pub(crate) fn take_over(&self, node: &NodeName) {
        self.with_cluster(node, |cluster| cluster.take_over().expect("it is a replica"));
    }

    /// `CLUSTER FORGET`.
    pub(crate) fn forget(&self, node: &NodeName, other: &NodeName) {
        let id = self.with_cluster(other, |cluster| cluster.own_id.clone());
        self.with_cluster(node, |cluster| cluster.forget(&id).expect("it is known"));
    }

    /// `CLUSTER FORGET`, as the servers do it. Returns whether it was accepted.
    pub(crate) fn try_forget(&self, node: &NodeName, other: &NodeName) -> bool {
        let id = self.with_cluster(other, |cluster| cluster.own_id.clone());
        self.with_cluster(node, |cluster| cluster.nodes.contains_key(&id))
            && self.state().forget(node, &id).is_ok()
    }

    /// `CLUSTER MEET`.
    pub(crate) fn introduce(&self, node: &NodeName, other: &NodeName) {
        let address = self.with_process(other, |process| process.address);
        self.with_cluster(node, |cluster| cluster.meet(address));
    }

    /// A node still knows a node under the id that it had before its reset.
    pub(crate) fn remember_a_stranger(&self, node: &NodeName) {
        self.with_cluster(node, |cluster| cluster.remember("4a11bdd03bc1dd31fc8bb30b6b4b0a4ff1b3b5a7"));
    }

    /// `redis-cli --cluster add-node` of a stranger, and `reshard` of slots to it, with their keys.
    pub(crate) async fn reshard_to_a_stranger(&self, from: &NodeName, address: Address, slots: &SlotSet) {
        let id = self.state().new_id();
        let known = self.with_process(from, |process| process.address);
        let mut stranger = Cluster::new(id, address);
        stranger.meet(known);
        self.state().strangers.insert(address, (stranger, Keys::default()));
        tokio::time::sleep(Duration::from_secs(5)).await;
        let moved = self.with_process(from, |process| process.keys.take_in(&Slots::from(slots)));
        self.drop_slots(from, slots);
        {
            let mut state = self.state();
            let (stranger, keys) = state.strangers.get_mut(&address).expect("it was added");
            *keys = moved;
            stranger.own_mut().slots.add(&Slots::from(slots));
            stranger.raise_epoch();
        }
        tokio::time::sleep(Duration::from_secs(5)).await;
    }

    /// `redis-cli --cluster reshard` between two nodes of the deployment. Returns whether the servers accepted it.
    pub(crate) fn reshard(&self, from: &NodeName, to: &NodeName, slots: &SlotSet) -> bool {
        self.state().move_slots(from, to, slots).is_ok()
    }

    /// The same, cut off after the keys were moved: the slots are open.
    pub(crate) fn leave_open(&self, from: &NodeName, to: &NodeName, slots: &SlotSet) {
        let [source, target] =
            [from, to].map(|node| self.with_cluster(node, |cluster| cluster.own_id.clone()));
        let keys = self.with_process(from, |process| process.keys.take_in(&Slots::from(slots)));
        self.with_process(to, |process| process.keys.take(&keys));
        let open = |node, way: SlotWay| {
            let ways = slots.slots().map(|slot| (slot, way.clone()));
            self.with_cluster(node, |cluster| cluster.open_slots.extend(ways));
        };
        open(from, SlotWay::Migrating(target));
        open(to, SlotWay::Importing(source));
    }

    /// A node gets an older epoch than the other nodes have for it. In Redis 8.0, a late message from its former
    /// primary does this.
    pub(crate) fn set_epoch_back(&self, node: &NodeName) {
        self.with_cluster(node, |cluster| cluster.own_mut().epoch = 0);
    }

    /// `CLUSTER FORGET` on a server that tells all others.
    pub(crate) fn forget_everywhere(&self, other: &NodeName) {
        let id = self.with_cluster(other, |cluster| cluster.own_id.clone());
        let mut state = self.state();
        let processes =
            state.engine.containers.values_mut().filter_map(|container| container.process.as_mut());
        processes.filter_map(|process| process.cluster.as_mut()).for_each(|cluster| cluster.keep_out(&id));
    }

    /// `FLUSHALL`, also on its replicas, and `CLUSTER RESET HARD`.
    pub(crate) fn flush_and_reset(&self, node: &NodeName) {
        if !self.is_replica(node) {
            self.state().flush(node);
        }
        self.reset(node);
    }

    /// The node is like new, because its data folder is lost. `CLUSTER RESET HARD` has the same effect.
    pub(crate) fn reset(&self, node: &NodeName) {
        let id = self.state().new_id();
        self.with_process(node, |process| {
            process.keys = Keys::default();
            process.cluster = Some(Cluster::new(id, process.address));
        });
    }
}
