//! The failure bundle: a folder of files that show why `up` failed, for readers without access to the machine.
//!
//! This module names the files, their content and the secrets to mask. [`crate::deployment`] gathers and writes the
//! files.

mod masks;
mod questions;

pub use masks::Masks;
pub use questions::{Question, questions};

/// The result of `up` and the version of redisctl. Read this file first. It marks the folder as a bundle.
pub const SUMMARY: &str = "bundle.json";

/// The printed error, if any.
pub const ERROR: &str = "error.txt";

/// Every event with its time, one JSON object per line.
pub const EVENTS: &str = "events.ndjson";

/// The folder of the plans: `1.txt` and `1.json`, then `2.txt` and `2.json` for the next plan of the run.
pub const PLANS: &str = "plans";

/// The topology, without secrets.
pub const TOPOLOGY: &str = "topology.json";

/// The status of the deployment at the end, as `redisctl status --output json` prints it.
pub const STATUS: &str = "status.json";

/// The report of the verification, as JSON.
pub const VERIFICATION: &str = "verification.json";

/// The commands and replies of every check, as `redisctl verify --explain` prints them.
pub const TRANSCRIPT: &str = "verification.txt";

/// The version of the engine, and facts of its machine.
pub const ENGINE: &str = "engine.json";

/// The deployment's network, as the engine inspects it.
pub const NETWORK: &str = "network.json";

/// The folder of the nodes, with one folder for each node.
pub const NODES: &str = "nodes";

/// Every file and folder at the top of a bundle. A new bundle in the same folder replaces them.
pub const TOP: [&str; 11] =
    [SUMMARY, ERROR, EVENTS, PLANS, TOPOLOGY, STATUS, VERIFICATION, TRANSCRIPT, ENGINE, NETWORK, NODES];

/// A file of a bundle, before secrets are masked.
#[derive(Clone, PartialEq, Eq)]
pub struct Piece {
    /// Its path in the bundle, with `/` between parts.
    pub path: String,
    /// Its content.
    pub text: String,
}

impl Piece {
    /// A file at the top.
    #[must_use]
    pub fn new(path: &str, text: impl Into<String>) -> Self {
        Self { path: path.to_owned(), text: text.into() }
    }

    /// A JSON file at the top.
    #[must_use]
    pub fn json(path: &str, value: &serde_json::Value) -> Self {
        Self::new(path, format!("{value:#}\n"))
    }

    /// A node's file.
    #[must_use]
    pub fn of_node(node: &crate::topology::NodeName, name: &str, text: impl Into<String>) -> Self {
        Self { path: format!("{NODES}/{node}/{name}"), text: text.into() }
    }
}
