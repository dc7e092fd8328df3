//! The server actions: their commands and connections.

use redis::aio::MultiplexedConnection;
use redis::cmd;

use super::command::{query, run};
use super::move_slots::{self, Reports, SlotMove};
use super::users::Passwords;
use super::{
    ServerError, Servers, append_only_file, cluster, emptying, failover, leaving_clients, sentinel,
    server_view,
};
use crate::executor::Tell;
use crate::plan::{HandOverWay, ServerAction};
use crate::topology::{NodeName, Settings};

/// More replicas than any primary has, so that WAIT asks all replicas.
const MORE_REPLICAS: u64 = 10_000;

impl Servers<'_> {
    /// Does an action at a node.
    pub(super) async fn call(
        &self,
        node: &NodeName,
        action: &ServerAction,
        tell: &Tell<'_>,
    ) -> Result<(), ServerError> {
        let connection = &mut self.connection(node).await?;
        let passwords = || Passwords::new(self.topology, &self.credentials, node);
        match action {
            ServerAction::Configure(settings) if self.topology.is_sentinel(node) => {
                sentinel::set(connection, &self.topology.name, settings).await
            }
            ServerAction::Configure(settings) => configure(connection, settings).await,
            ServerAction::SetConfigEpoch(epoch) => {
                let set = &mut cmd("CLUSTER");
                run(connection, "CLUSTER SET-CONFIG-EPOCH", set.arg("SET-CONFIG-EPOCH").arg(epoch)).await
            }
            ServerAction::AssignSlots(slots) => cluster::assign_slots(connection, slots).await,
            ServerAction::TakeSlots(slots) => cluster::take_slots(connection, slots).await,
            ServerAction::CloseSlots(slots) => move_slots::close(connection, slots).await,
            ServerAction::CancelMigrations => move_slots::cancel(connection).await,
            ServerAction::MoveSlots { slots, to, way, .. } => {
                let (source, target) = (connection.clone(), self.connection(&to.node).await?);
                SlotMove { servers: self, from: node, to, source, target, reports: Reports::new(tell) }
                    .run(slots, *way)
                    .await
            }
            ServerAction::Meet(peers) => cluster::meet(connection, peers, &self.told_addresses()).await,
            ServerAction::MeetAgain(peers) => {
                cluster::meet_again(connection, peers, &self.told_addresses()).await
            }
            ServerAction::Forget { id } => cluster::forget(connection, id).await,
            ServerAction::Reset => cluster::reset(connection).await,
            // A plan cannot contain the id, because the server chooses it at its start.
            ServerAction::Replicate(primary) => {
                let mut primary_connection = self.connection(primary).await?;
                let id = self.kept(primary, server_view::own_id(&mut primary_connection).await)?;
                run(connection, "CLUSTER REPLICATE", cmd("CLUSTER").arg("REPLICATE").arg(id)).await
            }
            ServerAction::TakeOver { after } => {
                if let Some(earlier) = after {
                    let mut earlier = self.connection(earlier).await?;
                    cluster::let_hear(connection, &mut earlier).await?;
                }
                failover::take_over(connection).await
            }
            ServerAction::RaiseEpoch => {
                run(connection, "CLUSTER BUMPEPOCH", cmd("CLUSTER").arg("BUMPEPOCH")).await
            }
            ServerAction::FailOver => failover::take_place(connection).await,
            ServerAction::HandOver { to, way: HandOverWay::Command } => {
                failover::hand_over(connection, to).await
            }
            ServerAction::HandOver { to, way: way @ (HandOverWay::ByHand | HandOverWay::TakeOver) } => {
                let mut replica = self.connection(&to.node).await?;
                failover::hand_over_by_hand(connection, &mut replica, to, *way).await
            }
            ServerAction::HandOverBySentinels { name, from, replicas, sentinels } => {
                let mut replicas = self.connections(replicas).await?;
                let sentinels = &mut self.connections(sentinels).await?;
                failover::hand_over_by_sentinels(connection, &mut replicas, sentinels, name, *from).await
            }
            ServerAction::FailOverBySentinels { name, from, sentinels } => {
                let sentinels = &mut self.connections(sentinels).await?;
                failover::fail_over_by_sentinels(sentinels, name, *from).await.map(drop)
            }
            ServerAction::Follow(address) => failover::follow(connection, *address).await,
            ServerAction::Promote => failover::promote(connection).await,
            ServerAction::Monitor { name, primary, settings } => {
                let watch = sentinel::Watch { name, primary: *primary, settings };
                sentinel::monitor(connection, &watch, self.login.as_ref()).await
            }
            ServerAction::Rediscover { name } => {
                let reset = &mut cmd("SENTINEL");
                run(connection, "SENTINEL RESET", reset.arg("RESET").arg(name.as_str())).await
            }
            ServerAction::LogInToWatched { name, with_password } => {
                let login = self.login.as_ref().filter(|_| *with_password);
                sentinel::log_in(connection, name, login).await
            }
            ServerAction::SetUser { user, rules } => {
                run(connection, "ACL SETUSER", &passwords().set(user, rules)).await
            }
            ServerAction::AddPassword { user } => {
                run(connection, "ACL SETUSER", &passwords().add(user)).await
            }
            ServerAction::DeleteUser { user } => {
                run(connection, "ACL DELUSER", cmd("ACL").arg("DELUSER").arg(user)).await
            }
            ServerAction::LogInToPrimary { with_password } => {
                for command in passwords().log_in(*with_password) {
                    run(connection, "CONFIG SET", &command).await?;
                }
                // An open link keeps its user. New rules of this user may forbid replication.
                run(connection, "CLIENT KILL", cmd("CLIENT").arg("KILL").arg("TYPE").arg("master")).await
            }
            ServerAction::Empty { replicas, has_functions } => {
                emptying::empty(connection, *replicas, *has_functions).await
            }
            ServerAction::LetClientsMoveOn => leaving_clients::let_move_on(connection).await,
            ServerAction::EndClients => emptying::end_clients(connection).await,
            ServerAction::FlushScripts => emptying::flush_scripts(connection).await,
            ServerAction::RewriteLog => append_only_file::rewrite(connection).await,
            ServerAction::Announce => announce(connection).await,
        }
    }
}

/// WAIT. It raises the offset of the primary.
async fn announce(connection: &mut MultiplexedConnection) -> Result<(), ServerError> {
    let replicas: u64 = query(connection, "WAIT", cmd("WAIT").arg(MORE_REPLICAS).arg(1)).await?;
    if replicas == 0 { Err(ServerError::NoReplicaYet) } else { Ok(()) }
}

/// One CONFIG SET per setting: servers before 7.0 accept only one.
async fn configure(connection: &mut MultiplexedConnection, settings: &Settings) -> Result<(), ServerError> {
    for (name, value) in settings.iter() {
        let set = cmd("CONFIG").arg("SET").arg(name).arg(value).exec_async(connection).await;
        set.map_err(|source| ServerError::Setting { directive: name.to_owned(), source })?;
    }
    Ok(())
}
