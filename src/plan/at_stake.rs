//! Keys that no other node of the deployment has, and whether a plan keeps them.

use std::fmt;

use crate::topology::{Address, NodeName, SlotSet};

/// The option with which the user gives up the keys that a plan names.
const OPTION: &str = "--discard-keys";

/// Keys that the deployment would lose with the wanted topology.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AtStake {
    /// The holder of the keys.
    pub holder: Holder,
    /// The number of keys; `None` if the holder does not answer.
    pub keys: Option<u64>,
    /// Whether the user gives the keys up. Otherwise the plan leaves the holder alone.
    pub given_up: bool,
}

/// A holder of keys that no other node has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// A server outside the deployment that owns slots of its cluster.
    Stranger {
        /// The address that the cluster's nodes use.
        address: Address,
        /// Its slots.
        slots: SlotSet,
    },
    /// A node that acts as primary although the deployment has another primary.
    SecondPrimary {
        /// The node.
        node: NodeName,
        /// The deployment's primary.
        primary: NodeName,
    },
}

impl AtStake {
    /// The address of the holder, if it is a stranger.
    pub(super) fn stranger(&self) -> Option<Address> {
        match self.holder {
            Holder::Stranger { address, .. } => Some(address),
            Holder::SecondPrimary { .. } => None,
        }
    }
}

impl fmt::Display for AtStake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = match self.keys {
            None => "an unknown number of keys".to_owned(),
            Some(1) => "1 key".to_owned(),
            Some(count) => format!("{count} keys"),
        };
        match &self.holder {
            Holder::Stranger { address, slots } => write!(
                formatter,
                "the node at {address} is not of this deployment, and owns slots {slots} with {keys}"
            )?,
            Holder::SecondPrimary { node, primary } => {
                write!(formatter, "{node} is a second primary, with {keys} that {primary} may not have")?;
            }
        }
        if self.given_up {
            formatter.write_str(": the keys are lost")
        } else {
            write!(formatter, ": it stays as it is ({OPTION} gives the keys up)")
        }
    }
}
