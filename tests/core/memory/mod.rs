//! An engine and its servers in memory, behind the two traits of the executor.
//!
//! It is a small model, not a mock: calls change its state as they change the real engine or server, and it refuses
//! the same calls. Tests pause tokio's clock, so that seconds of start-up delay cost no time.
//!
//! The model has no resharding and no details of persistence, and does not check the rights of users.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redisctl::executor::BoxedError;
use redisctl::observation::{Observation, ObservedContainer, ObservedNetwork, ObservedServer, Stranger};
use redisctl::topology::container::shared_volume;
use redisctl::topology::{Address, Credentials, NodeName, Topology};
use tokio::sync::Notify;
use tokio::time::Instant;

mod access;
mod cluster;
mod copies;
mod drift;
mod engine;
pub(crate) mod keys;
mod network;
pub(crate) mod process;
pub(crate) mod sentinel;
mod servers;
mod slots;
mod vote;

use cluster::Cluster;
use engine::{EngineState, FIRST_IMAGE};
use keys::Keys;

/// The duration of an engine call.
const CALL: Duration = Duration::from_millis(1);

/// An engine with its containers and servers.
pub(crate) struct World {
    state: Mutex<State>,
    stop: Notify,
    calls: AtomicUsize,
    in_flight: AtomicUsize,
    /// The highest number of calls at the same time.
    pub(crate) most_in_flight: AtomicUsize,
}

pub(crate) struct State {
    pub(crate) engine: EngineState,
    pub(crate) faults: Faults,
    /// The passwords of redisctl.
    pub(crate) credentials: Credentials,
    /// The passwords of the deployment when this run of redisctl began.
    pub(crate) earlier: Option<Credentials>,
    /// The generation of the spec's passwords. A higher number means other passwords.
    pub(crate) generation: u32,
    /// Strangers in the cluster, and their keys.
    pub(crate) strangers: BTreeMap<Address, (Cluster, Keys)>,
    at: Instant,
    ids: u64,
    /// The number of keys that were ever written.
    written: keys::KeyId,
}

/// The present faults.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// The call, counted from 1, that fails once.
    pub(crate) fail_at: Option<usize>,
    /// Nodes that no other node hears.
    pub(crate) silent: BTreeSet<NodeName>,
    /// The calling process was killed: no call returns.
    stopped: bool,
}

impl State {
    fn new_id(&mut self) -> String {
        self.ids += 1;
        // The order of ids differs from the order of nodes.
        format!("{:016x}{:024x}", self.ids.wrapping_mul(0x9e37_79b9_7f4a_7c15), self.ids)
    }
}

impl World {
    /// An engine with only the image.
    pub(crate) fn new() -> Self {
        let engine = EngineState { image: Some((FIRST_IMAGE.to_owned(), None)), ..EngineState::default() };
        let state = State {
            engine,
            faults: Faults::default(),
            credentials: Credentials::default(),
            earlier: None,
            generation: 1,
            strangers: BTreeMap::new(),
            at: Instant::now(),
            ids: 0,
            written: 0,
        };
        Self {
            state: Mutex::new(state),
            stop: Notify::new(),
            calls: AtomicUsize::new(0),
            in_flight: AtomicUsize::new(0),
            most_in_flight: AtomicUsize::new(0),
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.advance();
        state
    }

    /// One call. It takes a moment, and may fail.
    async fn call(&self) -> Result<(), BoxedError> {
        self.wait_if_stopped().await;
        let in_flight = self.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
        self.most_in_flight.fetch_max(in_flight, Ordering::Relaxed);
        tokio::time::sleep(CALL).await;
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
        self.wait_if_stopped().await;
        let call = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        if self.state().faults.fail_at == Some(call) {
            return Err("injected".into());
        }
        Ok(())
    }

    async fn wait_if_stopped(&self) {
        if self.state().faults.stopped {
            std::future::pending::<()>().await;
        }
    }

    /// From now on no call returns, as for a killed process.
    pub(crate) fn stop(&self) {
        self.state().faults.stopped = true;
        self.stop.notify_one();
    }

    /// Returns when the world is stopped.
    pub(crate) async fn stopped(&self) {
        self.stop.notified().await;
    }

    /// Ends every fault.
    pub(crate) fn heal(&self) {
        self.state().faults = Faults::default();
        self.in_flight.store(0, Ordering::Relaxed);
    }

    /// The number of calls so far.
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    /// The observation of a topology's deployment.
    pub(crate) fn observe(&self, topology: &Topology) -> Observation {
        let mut state = self.state();
        let names: Vec<NodeName> = state.engine.containers.keys().cloned().collect();
        let image = state.engine.image.as_ref().map(|(id, _)| id.clone());
        let images = std::iter::repeat(image).map_while(|id| id);
        let mut observed = Observation {
            image: state.engine.image.as_ref().map(|(id, _)| id.clone()),
            network: state.engine.network.as_ref().map(|network| ObservedNetwork {
                mtu: network.mtu,
                subnet: Some(network.subnet),
                guests: state.engine.guests.clone(),
            }),
            volumes: state.engine.volumes.keys().cloned().collect(),
            kept_data: state.engine.volumes.values().filter_map(|volume| volume.keeps.clone()).collect(),
            foreign: state.engine.foreign.clone(),
            learned: process::learned(),
            node_images: topology
                .own_images()
                .into_iter()
                .zip(images)
                .map(|(name, id)| (name.to_owned(), id))
                .collect(),
            ..Observation::default()
        };
        // Files are read through a container.
        if !names.is_empty()
            && let Some(shared) = state.engine.volumes.get(&shared_volume(&topology.name))
            && let Some((stored, credentials)) = &shared.deployment
        {
            observed.stored = Some(Box::new(stored.clone()));
            observed.changed_passwords = state.credentials.changed_since(credentials);
        }
        for name in names {
            let container = &state.engine.containers[&name];
            let described = ObservedContainer {
                out_of_memory: false,
                restarts: 0,
                state: container.state,
                settings: Some(container.settings.clone()),
                attached: container.attached,
                image_id: container.image.clone(),
            };
            let running = container.process.is_some();
            observed.containers.insert(name.clone(), described);
            if running {
                let answer = state.refuse_strangers(&name).and_then(|()| state.view(&name));
                let server = match answer {
                    Ok(mut view) => {
                        if view.sentinel.is_none() {
                            view.settings = state.process(&name).expect("it just answered").settings.clone();
                        }
                        let has_users = |topology: &Topology| topology.server.has_sentinel_users();
                        if view.sentinel.is_none() || observed.stored.as_deref().is_none_or(has_users) {
                            view.access = Some(state.access(&name));
                        }
                        ObservedServer::Answering(Box::new(view))
                    }
                    Err(reason) => ObservedServer::Silent(reason),
                };
                observed.servers.insert(name, server);
            }
        }
        let keys = |address: Address| state.strangers.get(&address).map(|(_, keys)| keys.count());
        let owners = observed.slot_owners_besides(topology).into_iter();
        observed.strangers = owners
            .map(|(id, (address, slots))| (id, Stranger { address, slots, keys: keys(address) }))
            .collect();
        observed
    }
}
