//! Whether the settings in force on each server are those of the spec.

use crate::topology::settings::{is_secret, server_default, while_forming};
use crate::topology::{Node, Settings};

use super::context::{CheckContext, count};
use super::{Check, CheckConnection, Command, Expectation, Request};

const SETTINGS: (&str, &str) = ("settings", "the settings in force are the spec's");

pub(super) fn checks(context: &CheckContext<'_>) -> Vec<Check> {
    context.topology.servers().into_iter().map(|node| settings(context, node)).collect()
}

/// Directives that are judged by what they bring about: who follows whom changes with the roles.
const JUDGED_ELSEWHERE: [&str; 2] = ["replicaof", "slaveof"];

fn settings(context: &CheckContext<'_>, node: &Node) -> Check {
    let topology = context.topology;
    let mut wanted: Settings = node
        .settings
        .iter()
        .filter(|(name, _)| !JUDGED_ELSEWHERE.contains(name) && !is_secret(name))
        .collect();
    // What forming changes must be back to normal.
    for (name, _) in while_forming(topology).iter() {
        if let Some(default) = server_default(name).filter(|_| wanted.get(name).is_none()) {
            wanted.set(name, default);
        }
    }
    let request = |(name, value): (&str, &str)| {
        let command = Command::new(["CONFIG", "GET", name]);
        Request::send(
            CheckConnection::Shared(node.name.clone()),
            command,
            Expectation::Setting(value.to_owned()),
        )
    };
    let requests: Vec<Request> = wanted.iter().map(request).collect();
    let found = format!("{} in force", count(requests.len(), "setting"));
    Check::asked(SETTINGS, Some(&node.name), requests, found)
}

#[cfg(test)]
mod tests {
    use super::super::testing::Deployment;

    #[test]
    fn settings_are_the_specs_and_what_forming_changed_is_back_to_normal() {
        let yaml = "kind: cluster\nconfig: {maxmemory: 64mb, cluster-node-timeout: 5000}\n";
        let requests = Deployment::healthy(yaml).requests("settings", Some(1)).join("\n");
        for wanted in [
            "shop-1 CONFIG GET maxmemory -> Setting(\"64mb\")",
            "shop-1 CONFIG GET cluster-node-timeout -> Setting(\"5000\")",
            "shop-1 CONFIG GET repl-diskless-sync-delay -> Setting(\"5\")",
            "shop-1 CONFIG GET cluster-announce-hostname -> Setting(\"127.0.0.1\")",
        ] {
            assert!(requests.contains(wanted), "{wanted} in\n{requests}");
        }
        let replica = Deployment::healthy("kind: replication\n").requests("settings", Some(2)).join("\n");
        assert!(!replica.contains("replicaof"), "{replica}");
    }
}
