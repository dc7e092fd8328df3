//! redisctl gives a developer or a CI job a real Redis deployment in Docker with one command:
//! built through the Docker API, formed natively through the Redis protocol, and proved to work
//! before the command returns.
//!
//! Programs and integration tests use [`deployment`], and the data that it gives: [`spec`], [`plan`],
//! [`event`], [`report`], [`status`], [`connection`]. Every other module is internal. The feature `internals`
//! makes internal modules public for this project's own tests and benches, without a promise.
//!
//! This page is a tour of its architecture: a pure, synchronous core in a thin, asynchronous shell.
//!
//! ```text
//! YAML ──read──▶ Spec ──resolve──▶ Topology ───────────────────┐
//! engine + servers ──observe──▶ Observation ──▶ Arrangement ───┴─▶ plan() ─▶ Plan
//! Plan ─▶ executor ─┬─ engine actions ─▶ docker (bollard)
//!                   └─ server actions ─▶ redis  (redis-rs)  ── events ─▶ ui, bundle, JSON
//! servers ──probe──▶ verify ─▶ Report ─▶ ui, exit code
//! commands (verbs) ─▶ deployment (the library: observe, plan, execute, verify) ─▶ all of the above
//! ```
//!
//! # The core decides
//!
//! No I/O, no clock, no randomness, no `async`:
//!
//! - [`spec`]: the YAML that a person writes, as serde types, read with every problem at once, each
//!   with line, column and caret.
//! - [`topology`]: the resolved model, every node, address, slot and directive decided. Its only
//!   constructor, [`topology::resolve::resolve`], validates. Nodes of an existing deployment keep their
//!   numbers, addresses and ports. Passwords are beside it, never in it.
//! - `observation`: snapshots of what the engine and the servers say, data only.
//! - `arrangement`: the roles, slots and links of the nodes right now, worked out once per observation.
//! - `planner`: `plan(&Topology, &Observation) -> Plan`, deterministic. A [`plan::Plan`] is stages of
//!   steps, each one action with the cause for it, and prints as stable text. Planning again after
//!   success gives an empty plan.
//! - `waiting`: whether a wait is over, goes on, or is in vain; `readiness`: what keeps a deployment from being
//!   ready.
//! - `verify`: the checks, as data and pure judgement of the servers' replies. They know no plan and share no
//!   comparison with the planner, so that the planner's mistakes show. [`report`]: the results of the checks.
//! - [`up_result`], [`removed`]: what `up` achieved, and what `down` removed.
//! - `reply`: what a server answers to `redisctl cli`, and how it prints.
//! - `export`: a topology as a compose file or a diagram.
//! - `certificates`: what is wrong with a user's own certificate; and, with chance for its keys, the
//!   making of others.
//! - `doctor`: whether a machine can do what `up` needs.
//! - [`status`], [`connection`]: what `status` and `env` say.
//! - `bundle`: the failure bundle: the files that show later why `up` failed.
//! - [`event`]: what happens while a plan runs.
//!
//! # The shell does
//!
//! - [`deployment`]: the library under the verbs. `up` takes the lease, observes, plans, executes and
//!   verifies; its loop also runs on an engine and servers in memory.
//! - `executor`: runs a plan's stages against the two traits `executor::EngineCalls` and
//!   `executor::ServerCalls`; decides nothing: whether a wait goes on, `waiting` decides.
//! - `docker`: the engine; knows nothing of slots, roles or Redis commands.
//! - `redis`: the servers; knows nothing of containers, networks or images.
//! - `poll`: waits until something has come about.
//! - [`ui`]: the only place that knows colours and terminals; reads events, plans and reports.
//! - [`commands`]: one file per verb: arguments in, a call of the library, output. [`cli`]: the command
//!   line as types.
//!
//! # What never mixes
//!
//! A node has an [`topology::Address`] (its static IP, for gossip and replication) and an
//! [`topology::Endpoint`] (what a client outside the network dials). Forming and verifying go through
//! the endpoints, from where clients are: what is proved is what the user gets.
//!
//! The client's disk has two kinds of files: those that clients need for TLS once `env` has named them, and a cache of
//! what images hold, by their ids. Neither describes a deployment. Runs at the same deployment wait for each other by a
//! lease on the engine.
//! Labels say which container, network and volume belongs to which deployment; redisctl never touches
//! what lacks them. The topology, the passwords and the keys of a deployment are in a file inside its
//! containers, and are read back from there.

#![cfg_attr(
    not(feature = "internals"),
    expect(
        unreachable_pub,
        unused_imports,
        reason = "the project's own tests and benches reach the internal modules"
    )
)]

#[doc(hidden)]
pub mod cli;
#[doc(hidden)]
pub mod commands;
pub mod connection;
pub mod deployment;
pub mod event;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
pub mod plan;
pub mod removed;
pub mod report;
pub mod spec;
pub mod status;
pub mod topology;
#[doc(hidden)]
pub mod ui;
pub mod up_result;

cfg_if::cfg_if! {
    if #[cfg(feature = "internals")] {
        #[doc(hidden)]
        pub mod arrangement;
        #[doc(hidden)]
        pub mod bundle;
        #[doc(hidden)]
        pub mod certificates;
        #[doc(hidden)]
        pub mod docker;
        #[doc(hidden)]
        pub mod doctor;
        #[doc(hidden)]
        pub mod executor;
        #[doc(hidden)]
        pub mod export;
        #[doc(hidden)]
        pub mod observation;
        #[doc(hidden)]
        pub mod planner;
        #[doc(hidden)]
        pub mod poll;
        #[doc(hidden)]
        pub mod readiness;
        #[doc(hidden)]
        pub mod redis;
        #[doc(hidden)]
        pub mod reply;
        #[doc(hidden)]
        pub mod verify;
        #[doc(hidden)]
        pub mod waiting;
    } else {
        mod arrangement;
        mod bundle;
        mod certificates;
        mod docker;
        mod doctor;
        mod executor;
        mod export;
        mod observation;
        mod planner;
        mod poll;
        mod readiness;
        mod redis;
        mod reply;
        mod verify;
        mod waiting;
    }
}
