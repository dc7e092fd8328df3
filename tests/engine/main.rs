//! The claims of the README, on a real engine: each test has a deployment of its own, under its own
//! name, with its own subnet and ports, and takes it away again even when it fails.
//!
//! `bash scripts/test` prepares what they need and runs them. Without `REDISCTL_ENGINE_TESTS` they
//! are passed over with a message, so that `cargo test` is of use on a machine without an engine.

mod bundled;
mod change;
mod cli;
mod conflicts;
mod converge;
mod data;
mod failure;
mod images;
mod interruption;
mod matrix;
mod moment;
mod podman;
mod private_engine;
mod registry;
mod relay;
mod remote;
mod restarts;
mod secrets;
mod sentinel;
mod shapes;
#[cfg(unix)]
mod ssh;
mod support;
mod tls;
mod two_at_once;
mod users;
#[cfg(windows)]
mod windows;
