//! redisctl gives a developer or a CI job a real Redis deployment in Docker with one command:
//! built through the Docker API, formed natively through the Redis protocol, and proved to work
//! before the command returns.
//!
//! This page is a tour of its architecture: a pure, synchronous core in a thin, asynchronous shell.
//!
//! ```text
//! YAML ──read──▶ Spec ──resolve──▶ Topology ─┐
//! engine + servers ──observe──────▶ Observation ─┴─▶ plan() ─▶ Plan
//! Plan ─▶ executor ─┬─ engine actions ─▶ docker (bollard)
//!                   └─ redis actions ──▶ redis  (redis-rs)  ── events ─▶ ui
//! servers ──probe──▶ verify ─▶ Report ─▶ ui, exit code
//! ```
//!
//! # The core decides
//!
//! No I/O, no clock, no randomness, no `async`:
//!
//! - [`spec`]: the YAML that a person writes, as serde types, read with every problem at once, each
//!   with line, column and caret.
//! - [`topology`]: the resolved model, every node, address, slot range and setting decided. Its only
//!   constructor, [`topology::resolve::resolve`], validates. Passwords are beside it, never in it.
//! - [`observation`]: snapshots of what the engine and the servers say, data only.
//! - [`planner`]: `plan(&Topology, &Observation) -> Plan`, deterministic. A [`plan::Plan`] is stages of
//!   steps, each one action with the cause for it, and prints as stable text. Planning again after
//!   success gives an empty plan.
//! - [`waiting`]: whether a wait is over, goes on, or is in vain; [`readiness`]: what keeps a deployment from being
//!   ready.
//! - [`verify`]: the checks, as data and pure judgement of the servers' replies. They know no plan and share no
//!   comparison with the planner, so that the planner's mistakes show. [`report`]: the results of the checks.
//! - [`removed`]: what `down` removed.
//! - [`reply`]: what a server answers to `redisctl cli`, and how it prints.
//! - [`export`]: a topology as a compose file or a diagram.
//! - [`certificates`]: what is wrong with a user's own certificate; and, with chance for its keys, the
//!   making of others.
//! - [`doctor`]: whether a machine can do what `up` needs.
//! - [`status`], [`connection`]: what `status` and `env` say.
//! - [`bundle`]: the failure bundle: the files that show later why `up` failed.
//! - [`event`]: what happens while a plan runs.
//!
//! # The shell does
//!
//! - [`executor`]: runs a plan's stages against the two traits [`executor::EngineCalls`] and
//!   [`executor::ServerCalls`];
//!   decides nothing: whether a wait goes on, [`waiting`] decides.
//! - [`docker`]: the engine; knows nothing of slots, roles or Redis commands.
//! - [`redis`]: the servers; knows nothing of containers, networks or images.
//! - [`poll`]: waits until something has come about.
//! - [`ui`]: the only place that knows colours and terminals; reads events, plans and reports.
//! - [`commands`]: one file per verb, each of them observe, plan, execute, verify. [`cli`]: the
//!   command line as types.
//!
//! # What never mixes
//!
//! A node has an [`topology::Address`] (its static IP, for gossip and replication) and an
//! [`topology::Endpoint`] (what a client outside the network dials). Forming and verifying go through
//! the endpoints, from where clients are: what is proved is what the user gets.
//!
//! Nothing is kept on the client's disk, but for the files that clients need for TLS where `env` names
//! them. Labels say which container, network and volume belongs to which deployment; what lacks them is
//! never touched. The topology, the passwords and the keys of a deployment are in a file inside its
//! containers, and are read back from there.

pub mod arrangement;
pub mod bundle;
pub mod certificates;
pub mod cli;
pub mod commands;
pub mod connection;
pub mod deployment;
pub mod docker;
pub mod doctor;
pub mod event;
pub mod executor;
pub mod export;
pub mod observation;
pub mod plan;
pub mod planner;
pub mod poll;
pub mod readiness;
pub mod redis;
pub mod removed;
pub mod reply;
pub mod report;
pub mod spec;
pub mod status;
pub mod topology;
pub mod ui;
pub mod up_result;
pub mod verify;
pub mod waiting;
