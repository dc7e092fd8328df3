//! The input of every check: topology, passwords, survey and roles, with common helper functions.

use crate::report::Exchange;
use crate::topology::slots::key_in;
use crate::topology::{Credentials, Kind, Node, NodeName, Topology};

use super::shard_roles::{self, ShardRoles};
use super::{Check, CheckCommand, CheckConnection, CheckMethod, KEY_LIFETIME, NodeStatement, Survey};

/// The deployment to check.
pub(super) struct CheckContext<'a> {
    pub(super) topology: &'a Topology,
    pub(super) credentials: &'a Credentials,
    pub(super) survey: &'a Survey,
    pub(super) unique: &'a str,
    pub(super) shard_roles: Vec<ShardRoles<'a>>,
}

impl<'a> CheckContext<'a> {
    pub(super) fn new(
        topology: &'a Topology,
        credentials: &'a Credentials,
        survey: &'a Survey,
        unique: &'a str,
    ) -> Self {
        Self {
            topology,
            credentials,
            survey,
            unique,
            shard_roles: shard_roles::acting_roles(topology, survey),
        }
    }

    /// A node's statement, or the reason why there is none.
    pub(super) fn said(&self, node: &NodeName) -> Result<&'a NodeStatement, String> {
        let silence = || self.survey.silence(node).unwrap_or_default();
        self.survey.statement(node).ok_or_else(silence)
    }

    /// The name of the deployment's node at an address; the address for an unknown node.
    pub(super) fn name_at(&self, address: crate::topology::Address) -> String {
        let nodes = self.topology.nodes();
        let node = nodes.iter().find(|node| node.address == address);
        node.map_or_else(|| address.to_string(), |node| node.name.to_string())
    }

    /// A key for a check, in a slot that the shard's acting primary serves.
    pub(super) fn key(&self, check: &str, roles: &ShardRoles<'_>) -> String {
        let key = format!("{}:{check}", self.unique);
        if roles.slots.is_empty() { key } else { key_in(&roles.slots, &format!("{key}:")) }
    }

    /// A command that writes a key that expires by itself.
    pub(super) fn set(key: &str, value: &str) -> CheckCommand {
        CheckCommand::new(["SET", key, value, "PX", &KEY_LIFETIME.as_millis().to_string()])
    }

    /// The replies of nodes to a command of the survey: the lines that begin with one of `beginnings`, or all lines
    /// if there are no beginnings.
    pub(super) fn transcript<'n>(
        &self,
        nodes: impl IntoIterator<Item = &'n Node>,
        command: &'static str,
        beginnings: &[&str],
    ) -> Vec<Exchange> {
        let exchange = |node: &'n Node| {
            let reply = self.survey.statement(&node.name)?.replies.get(command)?;
            Some(Exchange {
                at: format!("{} {}", node.name, node.endpoint),
                user: Some(self.survey.user.clone()),
                command: command.to_owned(),
                reply: if beginnings.is_empty() { reply.to_string() } else { reply.excerpt(beginnings) },
                times: 1,
            })
        };
        nodes.into_iter().filter_map(exchange).collect()
    }

    /// The same check, or a failed check if it has a request to a node that does not answer.
    pub(super) fn failed_where_silent(&self, mut check: Check) -> Check {
        if let CheckMethod::Asked { requests, .. } = &check.method {
            let silence = requests.iter().find_map(|request| {
                let node = request.connection.node();
                let silence = self.survey.silence(node)?;
                Some(if check.node.as_ref() == Some(node) { silence } else { format!("{node} {silence}") })
            });
            if let Some(silence) = silence {
                check.method = CheckMethod::Judged { judgement: Err(silence), transcript: Vec::new() };
            }
        }
        check
    }

    /// Whether the deployment is a cluster.
    pub(super) fn is_cluster(&self) -> bool {
        self.topology.kind == Kind::Cluster
    }
}

/// A connection to a node without a log-in.
pub(super) fn guest(node: &Node) -> CheckConnection {
    CheckConnection::Guest(node.name.clone())
}
