//! Data that servers without some modules cannot read.

use std::fmt;

use crate::topology::NodeName;

/// Data of a node that servers without some modules cannot read. A server of the new spec has tried to copy it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeededModules {
    /// The node with the data.
    pub node: NodeName,
    /// The files of its modules that the new spec does not have.
    pub modules: Vec<String>,
    /// The words of the server that tried to copy the data.
    pub words: String,
}

impl fmt::Display for NeededModules {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let modules: Vec<String> = self.modules.iter().map(|module| format!("`{module}`")).collect();
        let (modules, words) = (modules.join(", "), &self.words);
        write!(formatter, "a server without {modules} cannot read the data of `{}`: {words}", self.node)
    }
}
