//! Tests of the core and the executor on an engine and servers in memory.
//!
//! All tests are one program, because linking takes most of the time.

#![expect(clippy::similar_names, reason = "`uses` and `used`, `vote` and `voter` are what they are")]

mod architecture;
mod convergence;
#[path = "../shared/documents.rs"]
#[expect(dead_code, reason = "tests of commands read stderr, too")]
mod documents;
mod executor;
mod exported_spec;
mod identities;
mod memory;
mod new_spec;
mod node_change;
mod planner;
mod readiness;
mod resolve;
mod rig;
mod schemas;
mod spawned;
mod spec_reference;
mod state_machine;
mod stored;
mod users;
