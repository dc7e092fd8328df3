//! The nodes that a step names: its own node, and the nodes that its action concerns.

use super::{Action, Condition, ServerAction, Step};
use crate::topology::NodeName;

impl Step {
    /// The step's node, and the nodes that it meets, replicates or waits for.
    pub fn named_nodes(&self) -> impl Iterator<Item = &NodeName> {
        let others: Vec<&NodeName> = match &self.action {
            Action::Server(ServerAction::Meet(peers)) => peers.iter().map(|peer| &peer.node).collect(),
            Action::Server(ServerAction::Replicate(primary)) => vec![primary],
            Action::Await(Condition::ClusterAgrees(expectation)) => {
                expectation.members.iter().map(|member| &member.node).collect()
            }
            _ => Vec::new(),
        };
        self.node.iter().chain(others)
    }
}
