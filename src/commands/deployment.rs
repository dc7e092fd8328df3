//! A deployment that exists: found by name, read back from its own files.

use std::collections::BTreeSet;

use super::{CommandError, Connected};
use crate::docker::EngineInventory;
use crate::executor::ServerCalls as _;
use crate::observation::{Observation, Replication};
use crate::redis::Servers;
use crate::spec::nearest;
use crate::topology::{Credentials, DeploymentName, Kind, Node, NodeName, Topology};

/// A deployment as it was last brought about.
pub(super) struct Deployment {
    /// Its topology.
    pub(super) topology: Topology,
    /// Its passwords.
    pub(super) credentials: Credentials,
    /// What is on the engine.
    pub(super) on_engine: EngineInventory,
}

/// The deployment of that name, or the only one there is.
pub(super) fn choose(
    name: Option<&str>,
    on_engine: &EngineInventory,
) -> Result<DeploymentName, CommandError> {
    let all = on_engine.deployments();
    match name {
        Some(name) => {
            let found = all.iter().find(|deployment| deployment.as_str() == name);
            found.cloned().ok_or_else(|| no_such_deployment(name, &all))
        }
        None => only(all),
    }
}

/// The error for a name that none of the deployments bears.
pub(super) fn no_such_deployment(name: &str, all: &BTreeSet<DeploymentName>) -> CommandError {
    let names: Vec<&str> = all.iter().map(DeploymentName::as_str).collect();
    CommandError::NoSuchDeployment { name: name.to_owned(), near: nearest(name, &names).map(str::to_owned) }
}

fn only(all: BTreeSet<DeploymentName>) -> Result<DeploymentName, CommandError> {
    let names: Vec<String> = all.iter().map(ToString::to_string).collect();
    let mut all = all.into_iter();
    match (all.next(), all.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err(CommandError::Usage {
            message: "there is no deployment on this engine".to_owned(),
            hint: "`redisctl up cluster` makes one".to_owned(),
        }),
        (Some(_), Some(_)) => Err(CommandError::Usage {
            message: "there are several deployments on this engine".to_owned(),
            hint: format!("name one of them: `{}`", names.join("`, `")),
        }),
    }
}

/// The node that is meant: by name, or by number alone.
pub(super) fn node(
    word: &str,
    deployment: &DeploymentName,
    all: &[NodeName],
) -> Result<NodeName, CommandError> {
    let number = format!("{deployment}-{word}");
    let found = all.iter().find(|node| node.as_str() == word || node.as_str() == number);
    found.cloned().ok_or_else(|| CommandError::Usage {
        message: format!("`{deployment}` has no node `{word}`"),
        hint: format!(
            "its nodes are `{}`",
            all.iter().map(NodeName::as_str).collect::<Vec<_>>().join("`, `")
        ),
    })
}

/// Reads a deployment back.
pub(super) async fn open(name: Option<&str>, connected: &Connected) -> Result<Deployment, CommandError> {
    let on_engine = connected.engine.inventory().await?;
    let name = choose(name, &on_engine)?;
    let stored = connected.engine.stored(&name, &on_engine).await?;
    let (topology, credentials) = stored.ok_or_else(|| CommandError::Unreadable(name.to_string()))?;
    Ok(Deployment { topology, credentials, on_engine })
}

impl Deployment {
    /// The node that a program dials which knows one node only: of a cluster the first that answers, else
    /// the acting primary, which after a failover is another one than the spec's.
    pub(super) async fn primary(&self) -> &Node {
        let first = &self.topology.shards[0].primary;
        if self.topology.kind == Kind::Standalone {
            return first;
        }
        let servers = Servers::new(&self.topology, &self.credentials);
        for node in self.topology.servers() {
            let Ok(view) = servers.view(&node.name).await else { continue };
            if self.topology.kind == Kind::Cluster || matches!(view.replication, Replication::Primary { .. })
            {
                return node;
            }
        }
        // None answers: the first one then says why.
        first
    }

    /// Observes both planes.
    pub(super) async fn observe(
        &self,
        connected: &Connected,
        servers: &Servers<'_>,
    ) -> Result<Observation, CommandError> {
        let mut observed = connected.engine.observe(&self.topology, &self.on_engine).await?;
        observed.servers = servers.observe(&observed.running(&self.topology)).await;
        observed.stored = Some(Box::new(self.topology.clone()));
        Ok(observed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_nobody_bears_is_an_error_with_the_one_that_may_have_been_meant() {
        let all = ["cluster", "shop"].map(|name| DeploymentName::new(name).unwrap()).into();
        for (name, hint) in [
            ("clutser", "did you mean `cluster`? `redisctl ls` lists those that there are"),
            ("other", "`redisctl ls` lists those that there are"),
        ] {
            assert_eq!(no_such_deployment(name, &all).hint().as_deref(), Some(hint));
        }
    }
}
