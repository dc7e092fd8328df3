//! Failovers on purpose: which shards swap their primary with a replica, what forbids it, and what clients see of it.

mod client_view;
mod failed_over;
mod swap;

pub use client_view::{ClientView, WriteAttempt, WriteOutcome};
pub use failed_over::{FailedOver, Swapped};
pub use swap::{ShardChoice, Swap, key_in, swaps};
