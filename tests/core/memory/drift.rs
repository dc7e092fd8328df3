//! What people and accidents do to a deployment behind redisctl's back.

use std::convert::Infallible;
use std::time::Duration;

use redisctl::observation::{ContainerState, Foreign};
use redisctl::topology::container::containers;
use redisctl::topology::{Address, NodeName, SlotSet, Topology};

use super::World;
use super::cluster::Cluster;
use super::process::Process;
use super::slots::Slots;

impl World {
    /// The server of a node, which must answer.
    fn with_process<T>(&self, node: &NodeName, change: impl FnOnce(&mut Process) -> T) -> T {
        change(self.state().process(node).expect("the server answers"))
    }

    fn with_cluster<T>(&self, node: &NodeName, change: impl FnOnce(&mut Cluster) -> T) -> T {
        self.with_process(node, |process| change(process.cluster.as_mut().expect("a cluster node")))
    }

    /// Nobody hears a node any more, as behind a firewall.
    pub(crate) fn silence(&self, node: &NodeName) {
        self.state().faults.silent.insert(node.clone());
    }

    /// Whoever is not heard is heard again after a while.
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
        self.state().engine.image_present = false;
    }

    /// `docker stop`.
    pub(crate) fn stop_container(&self, node: &NodeName) {
        self.state().stop_container(node).expect("it exists");
    }

    /// `docker rm -f`.
    pub(crate) fn remove_container(&self, node: &NodeName) {
        self.state().remove_container(node).expect("it exists");
    }

    /// `docker pause`.
    pub(crate) fn pause(&self, node: &NodeName) {
        self.state().container(node).expect("it exists").state = ContainerState::Paused;
    }

    /// `docker network rm`, after every container was disconnected.
    pub(crate) fn lose_network(&self) {
        let mut state = self.state();
        state.engine.network = None;
        state.engine.containers.values_mut().for_each(|container| container.attached = false);
    }

    /// `redisctl down`: everything but the data volumes.
    pub(crate) fn take_down(&self, topology: &Topology) {
        for container in containers(topology) {
            self.remove_container(&container.name);
        }
        let mut state = self.state();
        state.engine.network = None;
        state.engine.volumes.retain(|name, _| name.ends_with("-data"));
    }

    /// Something of somebody else's.
    pub(crate) fn add_foreign(&self, kind: &'static str, name: &str) {
        self.state().engine.foreign.push(Foreign { kind, name: name.to_owned() });
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

    /// `SET` of so many keys.
    pub(crate) fn put_keys(&self, node: &NodeName, count: u64) {
        self.with_process(node, |process| {
            process.keys += count;
            process.write(100 * count);
        });
    }

    /// `DBSIZE`.
    pub(crate) fn keys(&self, node: &NodeName) -> u64 {
        self.with_process(node, |process| process.keys)
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

    /// `CLUSTER DELSLOTS`.
    pub(crate) fn drop_slots(&self, node: &NodeName, slots: &SlotSet) {
        self.with_cluster(node, |cluster| cluster.own_mut().slots.remove(&Slots::from(slots)));
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

    /// `CLUSTER MEET`.
    pub(crate) fn introduce(&self, node: &NodeName, other: &NodeName) {
        let address = self.with_process(other, |process| process.address);
        self.with_cluster(node, |cluster| cluster.meet(address));
    }

    /// A node still knows one that has been reset since, under the id that it had.
    pub(crate) fn remember_a_stranger(&self, node: &NodeName) {
        self.with_cluster(node, |cluster| cluster.remember("4a11bdd03bc1dd31fc8bb30b6b4b0a4ff1b3b5a7"));
    }

    /// `redis-cli --cluster add-node` of somebody else's server, and `reshard` of slots to it, with so many keys.
    pub(crate) async fn reshard_to_a_stranger(
        &self,
        from: &NodeName,
        address: Address,
        slots: &SlotSet,
        keys: u64,
    ) {
        let id = self.state().new_id();
        let known = self.with_process(from, |process| process.address);
        let mut stranger = Cluster::new(id, address);
        stranger.meet(known);
        self.state().strangers.insert(address, (stranger, keys));
        tokio::time::sleep(Duration::from_secs(5)).await;
        self.with_process(from, |process| process.keys -= keys);
        self.drop_slots(from, slots);
        {
            let mut state = self.state();
            let (stranger, _) = state.strangers.get_mut(&address).expect("it was added");
            stranger.own_mut().slots.add(&Slots::from(slots));
            stranger.raise_epoch();
        }
        tokio::time::sleep(Duration::from_secs(5)).await;
    }

    /// A node is left with an older epoch than others have for it: a late message from its former primary does that
    /// to Redis 8.0.
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

    /// `FLUSHALL` and `CLUSTER RESET HARD`.
    pub(crate) fn reset(&self, node: &NodeName) {
        let id = self.state().new_id();
        self.with_process(node, |process| {
            process.keys = 0;
            process.cluster = Some(Cluster::new(id, process.address));
        });
    }
}
