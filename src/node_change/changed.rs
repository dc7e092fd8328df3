//! The result of a change of nodes.

use schemars::JsonSchema;
use serde::Serialize;

use super::NodeVerb;
use crate::status::NodeCondition;
use crate::topology::{DeploymentName, NodeName};

/// The result of a change of nodes. It serializes to the JSON of the commands.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct NodesChanged {
    /// The deployment.
    pub deployment: DeploymentName,
    /// The change.
    pub command: NodeVerb,
    /// The changed nodes.
    pub changed: Vec<NodeName>,
    /// The chosen nodes that needed no change.
    pub unchanged: Vec<Unchanged>,
    /// The number of nodes of the deployment.
    pub nodes: usize,
}

/// A node that needed no change.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Unchanged {
    /// The node.
    pub node: NodeName,
    /// The condition of its container and server.
    pub condition: NodeCondition,
}
