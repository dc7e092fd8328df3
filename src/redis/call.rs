//! Who does an action, and through which connections: those that take the node's own alone are in [`apply`].

use super::users::Passwords;
use super::{ServerError, Servers, apply, failover, sentinel, view};
use crate::plan::{HandOverWay, ServerAction};
use crate::topology::NodeName;

impl Servers<'_> {
    /// Does an action at a node.
    pub(super) async fn call(&self, node: &NodeName, action: &ServerAction) -> Result<(), ServerError> {
        let mut connection = self.connection(node).await?;
        match action {
            ServerAction::Configure(settings) if self.topology.is_sentinel(node) => {
                sentinel::set(&mut connection, &self.topology.name, settings).await
            }
            ServerAction::Monitor { name, primary, settings } => {
                let watch = sentinel::Watch { name, primary: *primary, settings };
                sentinel::monitor(&mut connection, &watch, self.login.as_ref()).await
            }
            ServerAction::LogInToWatched { name, with_password } => {
                let login = self.login.as_ref().filter(|_| *with_password);
                sentinel::log_in(&mut connection, name, login).await
            }
            // A node's id exists only at run time: it is looked up where it is needed.
            ServerAction::Replicate(primary) => {
                let mut primary_connection = self.connection(primary).await?;
                let id = self.kept(primary, view::own_id(&mut primary_connection).await)?;
                apply::replicate(&mut connection, &id).await
            }
            ServerAction::HandOver { to, way: HandOverWay::Command } => {
                failover::hand_over(&mut connection, to).await
            }
            ServerAction::HandOver { to, way: way @ (HandOverWay::ByHand | HandOverWay::TakeOver) } => {
                let mut replica = self.connection(&to.node).await?;
                failover::hand_over_by_hand(&mut connection, &mut replica, to, *way).await
            }
            ServerAction::HandOverBySentinels { name, from, replicas, sentinels } => {
                let mut replicas = self.connections(replicas).await?;
                let sentinels = &mut self.connections(sentinels).await?;
                failover::hand_over_by_sentinels(&mut connection, &mut replicas, sentinels, name, *from).await
            }
            ServerAction::FailOverBySentinels { name, from, sentinels } => {
                let mut sentinels = self.connections(sentinels).await?;
                failover::fail_over_by_sentinels(&mut sentinels, name, *from).await.map(drop)
            }
            of_one => {
                let passwords = Passwords::of(self.topology, &self.credentials, node);
                apply::apply(&mut connection, self.topology.server, of_one, &passwords).await
            }
        }
    }
}
