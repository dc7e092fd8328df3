//! The servers' commands: the effects and refusals of CLUSTER, REPLICAOF, CONFIG SET and SET.

use redisctl::executor::{BoxedError, ServerCalls, ServerFault, Tell};
use redisctl::observation::{Ability, Clients, ClusterRole, Replication, ServerView};
use redisctl::plan::{HandOverWay, Peer, ServerAction};
use redisctl::topology::{NodeName, Settings, SlotSet};

use super::cluster::Cluster;
use super::keys::Keys;
use super::process::{IMMUTABLE, Link, Process};
use super::slots::Slots;
use super::{State, World};

fn passing(message: impl Into<BoxedError>) -> ServerFault {
    ServerFault::Passing(message.into())
}

fn final_fault(message: impl Into<BoxedError>) -> ServerFault {
    ServerFault::Final(message.into())
}

impl State {
    /// The server of a node, if it is reachable.
    pub(crate) fn process(&mut self, node: &NodeName) -> Result<&mut Process, String> {
        let is_reachable = self.is_reachable(node);
        let container = self.engine.containers.get_mut(node).filter(|_| is_reachable);
        container
            .and_then(|container| container.process.as_mut())
            .ok_or_else(|| "connection refused".to_owned())
    }

    fn apply_to_server(&mut self, node: &NodeName, action: &ServerAction) -> Result<(), ServerFault> {
        self.refuse_strangers(node).map_err(passing)?;
        let target = match action {
            ServerAction::Replicate(primary) => {
                let primary = self.process(primary).map_err(passing)?;
                let cluster =
                    primary.cluster.as_ref().ok_or_else(|| final_fault("cluster support disabled"))?;
                cluster.own_id.clone()
            }
            _ => String::new(),
        };
        if let ServerAction::Announce = action {
            return self.announce(node);
        }
        let process = self.process(node).map_err(passing)?;
        let about_users = matches!(
            action,
            ServerAction::SetUser { .. }
                | ServerAction::AddPassword { .. }
                | ServerAction::DeleteUser { .. }
                | ServerAction::LogInToPrimary { .. }
                | ServerAction::LogInToWatched { .. }
        );
        if about_users {
            return self.apply_to_users(node, action);
        }
        if let ServerAction::FailOverBySentinels { from, .. } = action {
            let chosen = self.replicas_of(*from).next().ok_or_else(|| passing("NOGOODSLAVE"))?;
            self.follow_the_sentinels_choice(chosen);
            return Ok(());
        }
        if let Some(sentinel) = &mut process.sentinel {
            return sentinel.apply(action).map_err(final_fault);
        }
        match action {
            ServerAction::Configure(settings) => configure(process, settings),
            ServerAction::RewriteLog
            | ServerAction::FlushScripts
            | ServerAction::EndClients
            | ServerAction::LetClientsMoveOn => Ok(()),
            ServerAction::Empty { .. } => {
                self.flush(node);
                Ok(())
            }
            ServerAction::Follow(address) if process.cluster.is_none() => {
                process.follows = Some(*address);
                Ok(())
            }
            ServerAction::Promote if process.cluster.is_none() => {
                process.promote();
                Ok(())
            }
            ServerAction::Follow(_) | ServerAction::Promote => {
                Err(final_fault("REPLICAOF not allowed in cluster mode"))
            }
            ServerAction::Reset => self.reset(node),
            ServerAction::MoveSlots { slots, to, .. } => self.move_slots(node, &to.node, slots),
            ServerAction::Forget { id } => self.forget(node, id),
            ServerAction::FailOver => self.fail_over(node),
            ServerAction::HandOverBySentinels { replicas, .. } => {
                let may_be_chosen = |replica: &&Peer| {
                    let process = self.process(&replica.node);
                    process.is_ok_and(|process| process.settings.get("replica-priority") != Some("0"))
                };
                let chosen =
                    replicas.iter().find(may_be_chosen).ok_or_else(|| passing("NOGOODSLAVE"))?.address;
                self.follow_the_sentinels_choice(chosen);
                Ok(())
            }
            ServerAction::HandOver { to, way: HandOverWay::TakeOver } => self.fail_over(&to.node),
            ServerAction::HandOver { to, .. } => self.hand_over(node, &to.node),
            of_the_cluster => {
                let has_keys = !process.keys.is_empty();
                let cluster = process.cluster.as_mut();
                let cluster = cluster.ok_or_else(|| final_fault("cluster support disabled"))?;
                apply_to_cluster(cluster, of_the_cluster, &target, has_keys)
            }
        }
    }

    /// FLUSHALL, also on its replicas.
    pub(crate) fn flush(&mut self, node: &NodeName) {
        let Ok(address) = self.process(node).map(|process| process.address) else { return };
        let servers = self.engine.containers.values_mut().filter_map(|container| container.process.as_mut());
        for server in servers {
            if server.address == address || server.link == (Some(address), Link::Up) {
                server.keys = Keys::default();
            }
        }
    }

    /// SETSLOT and MIGRATE of slots.
    pub(crate) fn move_slots(
        &mut self,
        node: &NodeName,
        to: &NodeName,
        slots: &SlotSet,
    ) -> Result<(), ServerFault> {
        let slots = Slots::from(slots);
        let target = self.process(to).map_err(passing)?;
        let cluster = target.cluster.as_ref().ok_or_else(|| final_fault("cluster support disabled"))?;
        let (id, knows) = (cluster.own_id.clone(), cluster.clone());
        if target.is_replica() || !cluster.ok {
            return Err(passing("CLUSTERDOWN"));
        }
        let source = self.process(node).map_err(passing)?;
        let migrates = source.settings.get("cluster-allow-replica-migration") != Some("no");
        let cluster = source.cluster.as_mut().ok_or_else(|| final_fault("cluster support disabled"))?;
        let known = cluster.nodes.get(&id).is_some_and(|line| !line.handshake);
        if !known || knows.nodes.get(&cluster.own_id).is_none_or(|line| line.handshake) {
            return Err(passing("Unknown node"));
        }
        if cluster.own().role != ClusterRole::Primary {
            return Err(final_fault("You can use SETSLOT only with masters."));
        }
        let epoch = cluster.hand_slots_to(&id, &slots, migrates);
        let keys = source.keys.take_in(&slots);
        let target = self.process(to).map_err(passing)?;
        target.keys.take(&keys);
        let cluster = target.cluster.as_mut().ok_or_else(|| final_fault("cluster support disabled"))?;
        cluster.accept_slots(&slots, epoch);
        let (owner, epoch) = (cluster.own_id.clone(), cluster.own().epoch);
        let reachable: Vec<NodeName> = self.reachable().into_iter().map(|(name, _)| name.clone()).collect();
        for other in reachable {
            let cluster = self.process(&other).ok().and_then(|process| process.cluster.as_mut());
            if let Some(cluster) = cluster.filter(|cluster| cluster.own_id != owner) {
                cluster.hear_of_move(&owner, &slots, epoch);
            }
        }
        Ok(())
    }

    /// CLUSTER RESET HARD.
    fn reset(&mut self, node: &NodeName) -> Result<(), ServerFault> {
        let id = self.new_id();
        let process = self.process(node).map_err(passing)?;
        if !process.is_replica() && !process.keys.is_empty() {
            return Err(final_fault("CLUSTER RESET can't be called with master nodes containing keys"));
        }
        process.keys = Keys::default();
        process.cluster = Some(Cluster::new(id, process.address));
        Ok(())
    }

    /// CLUSTER FORGET. Servers since 7.2 tell the others to keep the node out, too.
    pub(crate) fn forget(&mut self, node: &NodeName, id: &str) -> Result<(), ServerFault> {
        let process = self.process(node).map_err(passing)?;
        let spreads = process.server.spreads_forgetting();
        let cluster = process.cluster.as_mut().ok_or_else(|| final_fault("cluster support disabled"))?;
        // redisctl takes an unknown node for a forgotten node.
        if cluster.nodes.contains_key(id) {
            cluster.forget(id).map_err(final_fault)?;
        }
        if spreads {
            cluster.keep_out(id);
        }
        let told: Vec<String> = cluster.nodes.keys().filter(|_| spreads).cloned().collect();
        let reachable: Vec<NodeName> = self.reachable().into_iter().map(|(name, _)| name.clone()).collect();
        for other in reachable {
            let cluster = self.process(&other).ok().and_then(|process| process.cluster.as_mut());
            if let Some(cluster) = cluster.filter(|cluster| told.contains(&cluster.own_id)) {
                cluster.keep_out(id);
            }
        }
        Ok(())
    }

    /// CLUSTER FAILOVER: the primary must be reachable, and the replica must have every write.
    fn fail_over(&mut self, node: &NodeName) -> Result<(), ServerFault> {
        let process = self.process(node).map_err(passing)?;
        if !process.is_replica() {
            return Ok(());
        }
        if process.link != (process.primary(), Link::Up) {
            return Err(passing("the primary has not handed over yet"));
        }
        let primary = process.primary();
        let (address, cluster) = (process.address, process.cluster.as_mut());
        cluster.ok_or_else(|| final_fault("cluster support disabled"))?.take_over().map_err(final_fault)?;
        let id = process.cluster.as_ref().map(|cluster| cluster.own_id.clone()).unwrap_or_default();
        let mut others =
            self.engine.containers.values_mut().filter_map(|container| container.process.as_mut());
        // The primary knows its successor, so no client can write to two primaries.
        if let Some(primary) = others.find(|other| Some(other.address) == primary) {
            primary.link = (Some(address), Link::Down);
            if let Some(cluster) = &mut primary.cluster {
                cluster.replicate(&id);
            }
        }
        Ok(())
    }

    /// FAILOVER, or its replacement on old servers.
    fn hand_over(&mut self, node: &NodeName, to: &NodeName) -> Result<(), ServerFault> {
        let primary = self.process(node).map_err(passing)?;
        if primary.is_replica() {
            return Ok(());
        }
        let from = primary.address;
        let replica = self.process(to).map_err(passing)?;
        if replica.link != (Some(from), Link::Up) {
            return Err(passing("the replica does not have everything yet"));
        }
        replica.promote();
        let address = replica.address;
        self.process(node).map_err(passing)?.follows = Some(address);
        Ok(())
    }

    /// WAIT. It raises the offset, and fails while no replica is online.
    fn announce(&mut self, node: &NodeName) -> Result<(), ServerFault> {
        let process = self.process(node).map_err(passing)?;
        if process.is_replica() {
            return Err(final_fault("WAIT cannot be used with replica instances."));
        }
        process.write(100);
        let link = (Some(process.address), Link::Up);
        let mut processes =
            self.engine.containers.values().filter_map(|container| container.process.as_ref());
        if processes.any(|process| process.link == link) {
            Ok(())
        } else {
            Err(passing("the primary has no replica that is online yet"))
        }
    }

    pub(crate) fn view(&mut self, node: &NodeName) -> Result<ServerView, String> {
        self.advance();
        if let Some(view) = self.view_of_sentinel(node)? {
            return Ok(view);
        }
        let address = self.process(node)?.address;
        let links: Vec<_> = self
            .engine
            .containers
            .values()
            .filter_map(|container| container.process.as_ref())
            .filter(|process| process.link.0 == Some(address))
            .map(|process| (process.address, process.link.1))
            .collect();
        let with = |wanted: Link| {
            links.iter().filter(|(_, link)| *link == wanted).map(|(address, _)| *address).collect()
        };
        let process = self.process(node)?;
        let replication = if process.is_replica() {
            Replication::Replica {
                of: process.primary(),
                link_up: process.link == (process.primary(), Link::Up),
                offset: process.offset,
            }
        } else {
            Replication::Primary {
                online_replicas: with(Link::Up),
                joining_replicas: with(Link::Joining),
                offset: process.offset,
            }
        };
        Ok(ServerView {
            modules: None,
            server: Some(process.server),
            replication,
            history: Some(process.history.clone()),
            keys: process.keys.count(),
            libraries: 0,
            scripts: 0,
            clients: Clients::default(),
            memory: 1 << 20,
            data: 0,
            ability: Ability::default(),
            uptime: None,
            settings: Settings::default(),
            access: None,
            cluster: process.cluster.as_ref().map(|cluster| cluster.view(process.offset, process.server)),
            sentinel: None,
        })
    }
}

fn configure(process: &mut Process, settings: &Settings) -> Result<(), ServerFault> {
    for (name, _) in settings.iter() {
        if IMMUTABLE.contains(&name) {
            return Err(final_fault(format!("can't set immutable config: {name}")));
        }
        if process.settings.get(name).is_none() {
            return Err(final_fault(format!("unknown option: {name}")));
        }
    }
    for (name, value) in settings.iter() {
        process.settings.set(name, value);
    }
    Ok(())
}

fn apply_to_cluster(
    cluster: &mut Cluster,
    action: &ServerAction,
    primary: &str,
    has_keys: bool,
) -> Result<(), ServerFault> {
    match action {
        ServerAction::SetConfigEpoch(epoch) => {
            if cluster.nodes.len() > 1 {
                return Err(final_fault("The user can assign a config epoch only to a lone node"));
            }
            if cluster.own().epoch != 0 {
                return Err(final_fault("Node config epoch is already non-zero"));
            }
            cluster.own_mut().epoch = *epoch;
            cluster.current_epoch = cluster.current_epoch.max(*epoch);
        }
        ServerAction::AssignSlots(slots) => assign_slots(cluster, slots)?,
        ServerAction::TakeSlots(slots) => {
            cluster.take_slots(&Slots::from(slots));
        }
        ServerAction::CloseSlots(slots) if cluster.own().is_primary() => {
            cluster.close(&Slots::from(slots));
        }
        ServerAction::CancelMigrations => cluster.exports.clear(),
        ServerAction::CloseSlots(_) => return Err(final_fault("You can use SETSLOT only with masters.")),
        ServerAction::Meet(peers) | ServerAction::MeetAgain(peers) => meet(cluster, peers)?,
        ServerAction::Replicate(_) => replicate(cluster, primary, has_keys)?,
        ServerAction::TakeOver { .. } => cluster.take_over().map_err(final_fault)?,
        ServerAction::RaiseEpoch => cluster.raise_epoch(),
        _ => return Err(final_fault("this is no command of the cluster")),
    }
    Ok(())
}

fn assign_slots(cluster: &mut Cluster, slots: &SlotSet) -> Result<(), ServerFault> {
    let wanted = Slots::from(slots);
    if cluster.own().role != ClusterRole::Primary {
        return Err(final_fault("a replica takes no slots"));
    }
    if cluster.nodes.values().any(|line| line.slots.meets(&wanted)) {
        return Err(final_fault("Slot is already busy"));
    }
    cluster.own_mut().slots.add(&wanted);
    Ok(())
}

fn meet(cluster: &mut Cluster, peers: &[Peer]) -> Result<(), ServerFault> {
    let unknown: Vec<&Peer> = peers.iter().filter(|peer| !cluster.knows(peer.address)).collect();
    for peer in &unknown {
        cluster.meet(peer.address);
    }
    match unknown.first() {
        None => Ok(()),
        Some(peer) => Err(passing(format!("{} is not known yet", peer.node))),
    }
}

fn replicate(cluster: &mut Cluster, primary: &str, has_keys: bool) -> Result<(), ServerFault> {
    if primary == cluster.own_id {
        return Err(final_fault("Can't replicate myself"));
    }
    match cluster.nodes.get(primary).map(|line| &line.role) {
        None => return Err(passing("Unknown node")),
        // It is already a primary, otherwise the plan would not name it, but gossip has not arrived yet.
        Some(ClusterRole::Replica(_)) => return Err(passing("I can only replicate a master")),
        Some(ClusterRole::Primary) => {}
    }
    let is_primary = cluster.own().role == ClusterRole::Primary;
    if is_primary && (!cluster.own().slots.is_empty() || has_keys) {
        return Err(final_fault("To set a master the node must be empty and without assigned slots."));
    }
    cluster.replicate(primary);
    Ok(())
}

impl ServerCalls for World {
    async fn apply(&self, node: &NodeName, action: &ServerAction, _: &Tell<'_>) -> Result<(), ServerFault> {
        self.call().await.map_err(ServerFault::Final)?;
        self.state().apply_to_server(node, action)
    }

    async fn view(&self, node: &NodeName) -> Result<ServerView, BoxedError> {
        self.wait_if_stopped().await;
        let mut state = self.state();
        state.refuse_strangers(node)?;
        Ok(state.view(node)?)
    }
}
