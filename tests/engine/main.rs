//! The claims of README and docs, on a real engine. Each test has its own deployment with its own name, subnet and ports,
//! and removes it even if it fails.
//!
//! Each test is ignored by default: `cargo test` shows it as not run. `bash scripts/test` prepares the machine and
//! runs them. There, a missing engine is a failure.

mod at_stake;
mod change;
#[cfg(target_os = "linux")]
mod ci_recipes;
mod cli;
mod cluster_clients;
#[cfg(unix)]
mod completions;
#[cfg(unix)]
mod composed;
mod conflicts;
mod converge;
mod data;
#[cfg(target_os = "linux")]
mod documented;
#[path = "../shared/documents.rs"]
mod documents;
mod env_readers;
mod exit_codes;
mod expiry;
#[cfg(unix)]
mod exported_folders;
#[cfg(unix)]
mod failover;
mod failure;
#[cfg(unix)]
mod fake_runner;
#[cfg(unix)]
mod fixtures;
#[cfg(unix)]
mod github_action;
#[cfg(unix)]
mod health;
mod host_ports;
mod images;
#[cfg(target_os = "linux")]
mod in_container;
mod interruption;
#[cfg(unix)]
mod kubernetes;
mod library;
mod limits;
mod logs;
mod lost_engine;
mod lost_packets;
#[cfg(unix)]
mod made_image;
mod marks;
mod matrix;
#[cfg(target_os = "linux")]
mod migrations;
mod module_rules;
mod modules;
mod moment;
mod node_commands;
#[cfg(unix)]
#[path = "../shared/pages.rs"]
mod pages;
mod partition;
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
mod reset;
mod restarts;
#[cfg(unix)]
mod run;
mod schemas;
mod secrets;
mod seed;
mod sentinel;
mod settings;
mod several_engines;
mod shapes;
mod shards;
mod shipped;
#[cfg(unix)]
mod ssh;
mod stored;
mod support;
mod swarm;
mod tls;
mod traces;
mod two_at_once;
mod unformed;
mod users;
mod versions;
mod watch;
#[cfg(windows)]
mod windows;
