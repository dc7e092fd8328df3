//! redisctl makes a real Redis deployment in Docker with one command, for developers and CI jobs. It builds the
//! deployment through the Docker API, forms it through the Redis protocol, and verifies it before the command returns.
//!
//! Programs and integration tests use [`deployment`] and its data: [`spec`], [`plan`], [`event`], [`report`],
//! [`status`], [`connection`]. All other modules are internal. The feature `internals` makes them public for this
//! project's own tests and benches, without any promise.
//!
//! This page is a tour of the architecture: a pure, synchronous core in a thin, asynchronous shell.
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
//! - [`spec`]: the YAML that a user writes, as serde types. All problems are found at once, each with line, column and
//!   caret.
//! - [`topology`]: the resolved model, with every node, address, slot and directive. Its only constructor,
//!   [`topology::resolve::resolve`], validates. Nodes of an existing deployment keep their numbers, addresses and
//!   ports. A topology holds no passwords.
//! - `observation`: the present answers of the engine and the servers, as data.
//! - `arrangement`: the present roles, slots and links of the nodes, made once per observation.
//! - `planner`: `plan(&Topology, &Observation) -> Plan`, deterministic. A [`plan::Plan`] has stages of steps. A step is
//!   an action with its cause. Plans print as stable text. After a successful run, the next plan is empty.
//! - `waiting`: whether a wait is over, continues, or is hopeless.
//! - `readiness`: the reasons why a deployment is not ready.
//! - `verify`: the checks, as data, and pure functions that judge the replies. They know no plan and share no
//!   comparison with the planner, so that they find its mistakes. [`report`]: the results of the checks.
//! - [`node_change`]: changes of nodes on purpose, and what clients can expect afterwards.
//! - [`failover`]: failovers on purpose, and what clients see of them.
//! - [`up_result`], [`reset_result`], [`removed`], [`moved_data`]: the results of commands.
//! - `run_outcome`, `run_report`: how the commands of `redisctl run` ended, and the exit code. `junit`: this report and that
//!   of the checks as XML.
//! - `reply`: the replies of servers in `redisctl cli`, and their text.
//! - `command_file`: files of commands, in the syntax of `redis-cli` or RESP.
//! - `snapshot`: the file of a snapshot.
//! - `new_spec`: the dialog of `init`, and the spec of its answers.
//! - `export`: a topology as a compose file, a folder for compose, a diagram, or a drawing.
//! - `certificates`: makes certificates (with random keys), and checks the user's own certificates.
//! - `doctor`: whether a machine has what `up` needs.
//! - [`status`], [`connection`]: the data of `status` and `env`. `status` also tells what has changed between two looks.
//! - `counted`: numbers with their nouns.
//! - `output`, `versioned`: the JSON documents that commands print, with their schemas.
//! - `bundle`: the failure bundle, with files that show why `up` failed.
//! - [`event`]: the events of a run.
//!
//! # The shell acts
//!
//! - [`deployment`]: the library behind the commands. `up` takes the lease, observes, plans, executes and verifies. Its
//!   loop also runs on an engine and servers in memory.
//! - `executor`: runs a plan's stages with the traits `executor::EngineCalls` and `executor::ServerCalls`. It decides
//!   nothing: `waiting` decides whether a wait continues.
//! - `docker`: the engine. It knows no slots, roles or Redis commands.
//! - `redis`: the servers. It knows no containers, networks or images.
//! - `poll`: waits until a state is reached.
//! - [`ui`]: the only part that knows colours and terminals. It prints events, plans and reports.
//! - [`commands`]: one file for each command: it parses arguments, calls the library and prints. [`cli`]: the command
//!   line as types.
//!
//! # Rules that hold everywhere
//!
//! A node has an [`topology::Address`] and an [`topology::Endpoint`]. The address is its static IP and port, for gossip
//! and replication. The endpoint is the host and port that clients outside the network dial. Forming and verification
//! use the endpoints, as clients do.
//!
//! redisctl writes two kinds of files to the client's disk: the files that clients need for TLS, once `env` names them,
//! and a cache of images' contents, by image id. They do not describe a deployment.
//!
//! A lease on the engine makes runs on the same deployment wait for each other. Labels tell which deployment a
//! container, network or volume belongs to. redisctl never changes objects without its labels. A file in the containers
//! of a deployment holds its topology, passwords and keys.

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
mod counted;
pub mod deployment;
pub mod event;
pub mod failover;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
pub mod moved_data;
pub mod node_change;
pub mod plan;
pub mod removed;
pub mod report;
pub mod reset_result;
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
        pub mod command_file;
        #[doc(hidden)]
        pub mod docker;
        #[doc(hidden)]
        pub mod doctor;
        #[doc(hidden)]
        pub mod executor;
        #[doc(hidden)]
        pub mod export;
        #[doc(hidden)]
        pub mod junit;
        #[doc(hidden)]
        pub mod new_spec;
        pub mod observation;
        #[doc(hidden)]
        pub mod output;
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
        pub mod run_outcome;
        pub mod snapshot;
        #[doc(hidden)]
        pub mod run_report;
        #[doc(hidden)]
        pub mod verify;
        #[doc(hidden)]
        pub mod versioned;
        #[doc(hidden)]
        pub mod waiting;
    } else {
        mod arrangement;
        mod bundle;
        mod certificates;
        mod command_file;
        mod docker;
        mod doctor;
        mod executor;
        mod export;
        mod junit;
        mod new_spec;
        mod observation;
        mod output;
        mod planner;
        mod poll;
        mod readiness;
        mod redis;
        mod reply;
        mod run_outcome;
        mod run_report;
        mod snapshot;
        mod verify;
        mod versioned;
        mod waiting;
    }
}
