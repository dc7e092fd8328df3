//! Engines that do not answer, and the nodes of a deployment on them.

use std::fmt;

use crate::topology::{DeploymentName, EngineName, EngineReference, NodeName};

/// The engines of a deployment that do not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostEngines {
    /// The deployment.
    pub deployment: DeploymentName,
    /// The engines.
    pub engines: Vec<LostEngine>,
}

/// An engine that does not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostEngine {
    /// Its name.
    pub name: EngineName,
    /// Its address, or its context.
    pub at: EngineReference,
    /// The reason.
    pub cause: String,
    /// The nodes of the deployment on it.
    pub nodes: Vec<NodeName>,
}

impl fmt::Display for LostEngines {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, engine) in self.engines.iter().enumerate() {
            if position > 0 {
                formatter.write_str("; ")?;
            }
            write!(formatter, "{engine}")?;
        }
        Ok(())
    }
}

impl fmt::Display for LostEngine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "engine `{}` ({}) is out of reach", self.name, self.at)?;
        if !self.nodes.is_empty() {
            let names: Vec<&str> = self.nodes.iter().map(NodeName::as_str).collect();
            write!(formatter, ", with {}", names.join(", "))?;
        }
        write!(formatter, ": {}", self.cause)
    }
}

/// An engine that does not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SilentEngine {
    /// Its address, or its context.
    pub at: EngineReference,
    /// The reason.
    pub cause: String,
}

impl fmt::Display for SilentEngine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "engine {} is out of reach: {}", self.at, self.cause)
    }
}
