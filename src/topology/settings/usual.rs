//! Settings that a run changes temporarily, and their defaults.
//!
//! A run changes them before it has asked a server, and a killed run leaves them changed. So their defaults are
//! listed here, from the documentation of Redis and Valkey. All other defaults come from the server.

use crate::spec::redis_conf::names::is_same_directive;

const USUAL: [(&str, &str); 9] = [
    ("cluster-allow-replica-migration", "yes"),
    ("cluster-node-timeout", "15000"),
    ("cluster-replica-no-failover", "no"),
    ("cluster-require-full-coverage", "yes"),
    ("min-replicas-to-write", "0"),
    ("repl-diskless-load", "disabled"),
    ("repl-diskless-sync-delay", "5"),
    ("repl-ping-replica-period", "10"),
    ("replica-priority", "100"),
];

/// The default of a directive that a run changes temporarily; `None` for other directives.
#[must_use]
pub fn usual_default(directive: &str) -> Option<&'static str> {
    let mut found = USUAL.iter().filter(|(name, _)| is_same_directive(name, directive));
    found.next().map(|(_, default)| *default)
}
