//! The claims of the README, on a real engine: each test has a deployment of its own, under its own
//! name, with its own subnet and ports, and takes it away again even when it fails.
//!
//! Each test is marked as ignored: `cargo test` shows it as not run. `bash scripts/test` prepares what
//! the tests need and runs them; there a missing engine fails them.

mod at_stake;
mod change;
mod cli;
mod conflicts;
mod converge;
mod data;
mod env_readers;
mod expiry;
mod failure;
mod health;
mod images;
#[cfg(target_os = "linux")]
mod in_container;
mod interruption;
mod library;
mod marks;
mod matrix;
mod modules;
mod moment;
#[cfg(unix)]
mod pasted;
mod podman;
mod private_engine;
#[cfg(target_os = "linux")]
mod reach;
#[cfg(unix)]
mod registry;
mod relay;
mod remote;
mod restarts;
mod secrets;
mod sentinel;
mod settings;
mod shapes;
mod shipped;
#[cfg(unix)]
mod ssh;
mod stored;
mod support;
mod tls;
mod traces;
mod two_at_once;
mod users;
#[cfg(windows)]
mod windows;
