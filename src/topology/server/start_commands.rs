//! The commands that client libraries send first, and their ACL categories.

use super::Server;

/// A command that client libraries send by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StartCommand {
    /// Its name in rules.
    pub name: &'static str,
    /// Its categories (`ACL CAT`).
    pub categories: &'static [&'static str],
}

impl Server {
    /// The commands with which clients begin a connection: measured on Redis 6.0 to 8.2 and Valkey 8.1 to 9.1.
    #[must_use]
    pub fn commands_at_start(self) -> [StartCommand; 3] {
        let command = |name, categories| StartCommand { name, categories };
        let hello = command("hello", &["fast", "connection"]);
        if self.has_selectors() {
            let client = command("client|setname", &["slow", "connection"]);
            [hello, command("select", &["fast", "connection"]), client]
        } else {
            let client = command("client|setname", &["admin", "slow", "dangerous", "connection"]);
            [hello, command("select", &["keyspace", "fast"]), client]
        }
    }

    /// The commands with which clients of clusters find the nodes.
    #[must_use]
    pub fn commands_of_cluster_clients(self) -> Vec<StartCommand> {
        let command = |name, categories| StartCommand { name, categories };
        if self.has_selectors() {
            vec![command("cluster|slots", &["slow"]), command("cluster|shards", &["slow"])]
        } else {
            vec![command("cluster|slots", &["admin", "slow", "dangerous"])]
        }
    }
}
