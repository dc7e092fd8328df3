//! A sentinel: the primary that it watches, and the nodes that it knows. It finds others through the primary, and
//! forgets no node by itself. It does not vote by itself: tests start failovers.

use std::collections::{BTreeMap, BTreeSet};

use redisctl::observation::{SentinelView, ServerView, Watched};
use redisctl::plan::ServerAction;
use redisctl::spec::SecretText;
use redisctl::topology::users::{DEFAULT, OPERATOR};
use redisctl::topology::{Address, NodeName, Server, Settings, Topology};
use tokio::time::Instant;

use super::process::{Link, Process};
use super::{State, World};

/// A sentinel's data, in memory and in its file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sentinel {
    /// `None`: it watches no primary.
    pub(crate) primary: Option<Address>,
    /// The epoch of the failover that chose it.
    pub(crate) epoch: u64,
    /// Whether it is doing a failover to this server, which the other sentinels do not know yet.
    pub(crate) choosing: bool,
    pub(crate) replicas: BTreeSet<Address>,
    pub(crate) sentinels: BTreeSet<Address>,
    pub(crate) settings: Settings,
    /// The time since which the watched primary reports to be a replica.
    pub(crate) demoted_since: Option<Instant>,
    /// The password of its login at other nodes, as redisctl's own user.
    pub(crate) password: Option<SecretText>,
}

fn address(ip: &str, port: &str) -> Option<Address> {
    Some(Address { ip: ip.parse().ok()?, port: port.parse().ok()? })
}

impl Sentinel {
    /// Parses a sentinel's file; `None` for a server's file.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut sentinel = Self::default();
        for line in text.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words[..] {
                ["sentinel", "monitor", _, ip, port, quorum] => {
                    sentinel.primary = address(ip, port);
                    sentinel.settings.set("quorum", quorum);
                }
                ["sentinel", "known-replica", _, ip, port] => sentinel.replicas.extend(address(ip, port)),
                ["sentinel", "known-sentinel", _, ip, port, _] => {
                    sentinel.sentinels.extend(address(ip, port));
                }
                ["sentinel", "auth-pass", ..] => {
                    let password = line.split('"').nth(1).expect("a password in quotes");
                    sentinel.password = Some(SecretText::new(password));
                }
                ["sentinel", "auth-user", ..] => {}
                ["sentinel", name, _, value] => sentinel.settings.set(name, value),
                _ => {}
            }
        }
        sentinel.primary.map(|_| sentinel)
    }

    /// SENTINEL MONITOR, SET and RESET.
    pub(crate) fn apply(&mut self, action: &ServerAction) -> Result<(), String> {
        match action {
            ServerAction::Monitor { primary, settings, .. } => {
                let password = self.password.take();
                *self =
                    Self { primary: Some(*primary), settings: settings.clone(), password, ..Self::default() };
            }
            ServerAction::Rediscover { .. } => self.forget(),
            ServerAction::Configure(_) if self.primary.is_none() => {
                return Err("No such master with that name".to_owned());
            }
            ServerAction::Configure(settings) => {
                settings.iter().for_each(|(name, value)| self.settings.set(name, value));
            }
            other => return Err(format!("a sentinel knows no {other}")),
        }
        Ok(())
    }

    /// Its login at servers and at other sentinels.
    pub(crate) fn login(&self) -> (&str, Option<&str>) {
        let password = self.password.as_ref().map(SecretText::expose);
        (if password.is_some() { OPERATOR } else { DEFAULT }, password)
    }

    /// SENTINEL RESET.
    pub(crate) fn forget(&mut self) {
        self.replicas.clear();
        self.sentinels.clear();
    }
}

/// One INFO of the primary, and one message from each other sentinel. They tell the replicas, the other sentinels,
/// and the last choice of a primary.
pub(super) fn discover(reachable: &mut BTreeMap<&NodeName, &mut Process>) {
    let servers = reachable.values().filter(|process| process.sentinel.is_none());
    let linked: Vec<(Option<Address>, Address)> = servers
        .filter(|process| process.link.1 == Link::Up)
        .map(|process| (process.link.0, process.address))
        .collect();
    let there: BTreeSet<Address> = reachable.values().map(|process| process.address).collect();
    let demoted: BTreeSet<Address> =
        reachable.values().filter(|process| process.is_replica()).map(|process| process.address).collect();
    let watchers: Vec<(Option<Address>, Address)> = reachable
        .values()
        .filter_map(|process| Some((process.sentinel.as_ref()?.primary, process.address)))
        .collect();
    let choice = |process: &&mut Process| {
        let sentinel = process.sentinel.as_ref()?;
        Some((process.address, sentinel.epoch, sentinel.primary))
    };
    let chosen: Vec<(Address, u64, Option<Address>)> = reachable.values().filter_map(choice).collect();
    for process in reachable.values_mut() {
        let own = process.address;
        let Some(sentinel) = &mut process.sentinel else { continue };
        let newest = chosen.iter().filter(|(address, ..)| sentinel.sentinels.contains(address));
        let newest =
            newest.max_by_key(|(_, epoch, _)| *epoch).filter(|(_, epoch, _)| *epoch > sentinel.epoch);
        if let Some((_, epoch, primary)) = newest {
            let former = sentinel.primary.filter(|former| Some(*former) != *primary);
            sentinel.replicas.extend(former);
            sentinel.replicas.retain(|replica| Some(*replica) != *primary);
            (sentinel.epoch, sentinel.primary) = (*epoch, *primary);
        }
        let Some(primary) = sentinel.primary.filter(|primary| there.contains(primary)) else { continue };
        let of = |all: &[(Option<Address>, Address)]| -> Vec<Address> {
            let same = all.iter().filter(|(watched, address)| *watched == Some(primary) && *address != own);
            same.map(|(_, address)| *address).collect()
        };
        let is_demoted = demoted.contains(&primary);
        sentinel.demoted_since = is_demoted.then(|| sentinel.demoted_since.unwrap_or_else(Instant::now));
        sentinel.replicas.extend(of(&linked));
        sentinel.sentinels.extend(of(&watchers));
    }
}

impl State {
    /// A sentinel's view; `None` if the node is not a sentinel.
    pub(super) fn view_of_sentinel(&mut self, node: &NodeName) -> Result<Option<ServerView>, String> {
        let Some(sentinel) = self.process(node)?.sentinel.clone() else { return Ok(None) };
        let processes = || {
            let containers = self.engine.containers.iter().filter(|(name, _)| self.engine.is_connected(name));
            containers.filter_map(|(_, container)| container.process.as_ref())
        };
        let (user, password) = sentinel.login();
        let has_users = self.stored().is_none_or(|(topology, _)| topology.server.has_sentinel_users());
        let is_there = |address: Address| {
            // Old sentinels use another password between each other, which is in no list.
            let lets_in = |process: &Process| {
                process.accounts.let_in(user, password) || (process.sentinel.is_some() && !has_users)
            };
            processes().any(|process| process.address == address && lets_in(process))
        };
        let follows = |address: Address| {
            processes().any(|process| process.address == address && process.follows == sentinel.primary)
        };
        let watched = sentinel.primary.map(|primary| Watched {
            primary: Some(primary),
            failing: !is_there(primary) || sentinel.choosing,
            choosing: sentinel.choosing,
            epoch: sentinel.epoch,
            replicas: sentinel.replicas.iter().map(|address| (*address, follows(*address))).collect(),
            sentinels: sentinel.sentinels.iter().map(|address| (*address, is_there(*address))).collect(),
        });
        Ok(Some(ServerView {
            server: Some(Server::assumed("redis:8.0.0")),
            settings: sentinel.settings.clone(),
            sentinel: Some(SentinelView { watched }),
            ..ServerView::default()
        }))
    }
}

impl State {
    /// The reachable servers that replicate a primary.
    pub(super) fn replicas_of(&self, primary: Address) -> impl Iterator<Item = Address> {
        let processes = self.reachable().into_iter().map(|(_, process)| process);
        processes.filter(move |process| process.follows == Some(primary)).map(|process| process.address)
    }

    pub(super) fn follow_the_sentinels_choice(&mut self, new: Address) {
        let processes = || self.engine.containers.values().filter_map(|container| container.process.as_ref());
        let servers = processes().filter(|process| process.sentinel.is_none()).map(|process| process.address);
        let servers: BTreeSet<Address> = servers.collect();
        let epochs =
            self.reachable().into_iter().filter_map(|(_, process)| Some(process.sentinel.as_ref()?.epoch));
        let epoch = epochs.max().unwrap_or_default() + 1;
        let names: Vec<NodeName> = self.reachable().into_iter().map(|(name, _)| name.clone()).collect();
        for name in names {
            let Ok(process) = self.process(&name) else { continue };
            match &mut process.sentinel {
                Some(sentinel) => {
                    // Servers that are down stay known, and so does the former primary.
                    sentinel.replicas.extend(sentinel.primary.into_iter().chain(servers.iter().copied()));
                    sentinel.replicas.remove(&new);
                    (sentinel.primary, sentinel.epoch) = (Some(new), epoch);
                }
                None if process.address == new => process.promote(),
                None => process.follows = Some(new),
            }
        }
    }
}

impl World {
    /// A manual change of a sentinel.
    pub(crate) fn with_sentinel(&self, node: &NodeName, change: impl FnOnce(&mut Sentinel)) {
        let mut state = self.state();
        let process = state.process(node).expect("the sentinel answers");
        change(process.sentinel.as_mut().expect("it is a sentinel"));
    }

    /// `SENTINEL SET`.
    pub(crate) fn configure_sentinel(&self, node: &NodeName, setting: &str, value: &str) {
        self.with_sentinel(node, |sentinel| sentinel.settings.set(setting, value));
    }

    /// The end of a failover by the sentinels. All answering servers take part.
    pub(crate) fn fail_over(&self, topology: &Topology, to: &NodeName) {
        let new = topology.node(to).expect("one of its nodes").address;
        self.state().follow_the_sentinels_choice(new);
    }
}
