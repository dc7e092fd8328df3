//! A move of slots that a later plan makes, once its target runs.

use std::fmt;

use crate::counted::counted;
use crate::topology::NodeName;
use crate::topology::server::MoveWay;

/// A move of slots to a node that does not run yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaterMove {
    /// The present owner.
    pub from: NodeName,
    /// The next owner.
    pub to: NodeName,
    /// The number of slots.
    pub slots: usize,
    /// About how many keys they hold.
    pub keys: u64,
    /// The way.
    pub way: MoveWay,
}

impl fmt::Display for LaterMove {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, .. } = self;
        let (slots, keys) = (counted(self.slots, "slot"), counted(self.keys, "key"));
        write!(formatter, "{from} will move {slots} to {to}, about {keys}")
    }
}
