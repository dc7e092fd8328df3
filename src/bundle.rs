//! What a bundle is: the files from which somebody who was not there finds out why `up` failed.
//! Pure: which files there are, what is in them, and what is masked. [`crate::commands`] gathers and
//! writes them.

mod masks;
mod questions;

pub use masks::Masks;
pub use questions::{Question, questions};

/// What became of `up`, and with which redisctl: the first file to read, and the one that tells a
/// bundle from any other folder.
pub const SUMMARY: &str = "bundle.json";

/// The error as it was printed; only where there is one.
pub const ERROR: &str = "error.txt";

/// Every event, one JSON object a line, each with the time at which it was heard.
pub const EVENTS: &str = "events.ndjson";

/// The folder of the plans: `1.txt` and `1.json`, then the next round's.
pub const PLANS: &str = "plans";

/// What the spec came to; no secrets.
pub const TOPOLOGY: &str = "topology.json";

/// How the deployment was at the end, as `redisctl status --output json` has it.
pub const STATUS: &str = "status.json";

/// What was proved: the report as JSON.
pub const VERIFICATION: &str = "verification.json";

/// What was proved: every check's commands and replies, as `redisctl verify --explain` has them.
pub const TRANSCRIPT: &str = "verification.txt";

/// The engine's version, and what matters of the machine that it runs on.
pub const ENGINE: &str = "engine.json";

/// The deployment's network, as the engine inspects it.
pub const NETWORK: &str = "network.json";

/// The folder of the nodes, one folder for each.
pub const NODES: &str = "nodes";

/// Everything that stands at the top of a bundle, and nothing else: what an earlier bundle in the
/// same folder may have left there.
pub const TOP: [&str; 11] =
    [SUMMARY, ERROR, EVENTS, PLANS, TOPOLOGY, STATUS, VERIFICATION, TRANSCRIPT, ENGINE, NETWORK, NODES];

/// A file of a bundle, not masked yet.
#[derive(Clone, PartialEq, Eq)]
pub struct Piece {
    /// Its path in the bundle, parts divided by `/`.
    pub path: String,
    /// What is in it.
    pub text: String,
}

impl Piece {
    /// A file at the top.
    #[must_use]
    pub fn new(path: &str, text: impl Into<String>) -> Self {
        Self { path: path.to_owned(), text: text.into() }
    }

    /// A file at the top with a JSON document in it.
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
