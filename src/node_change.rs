//! Changes of nodes on purpose: start, stop, restart, kill, pause and unpause.

mod changed;
mod verb;

pub use changed::{NodesChanged, Unchanged};
pub use verb::NodeVerb;
