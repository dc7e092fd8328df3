//! Whether the settings in force on each server are those of the spec.

use crate::counted::counted;
use crate::topology::settings::is_secret;
use crate::topology::{Kind, Node, Settings};

use super::context::CheckContext;
use super::{Check, CheckCommand, CheckConnection, Expectation, Request};

const SETTINGS: (&str, &str) = ("settings", "the settings in force are those of the spec");

pub(super) fn checks(context: &CheckContext<'_>) -> Vec<Check> {
    context.topology.servers().into_iter().map(|node| settings(context, node)).collect()
}

/// Directives whose effect other checks prove: the primary of a replica changes with a failover.
const JUDGED_ELSEWHERE: [&str; 2] = ["replicaof", "slaveof"];

/// The defaults of settings that a run may change temporarily in a deployment with replicas (documentation of Redis
/// and Valkey). After the run, the default is in force unless the spec sets the directive.
const USUAL_WITH_REPLICAS: [(&str, &str); 4] = [
    ("min-replicas-to-write", "0"),
    ("repl-diskless-load", "disabled"),
    ("repl-diskless-sync-delay", "5"),
    ("repl-ping-replica-period", "10"),
];

/// The same for cluster nodes.
const USUAL_IN_A_CLUSTER: [(&str, &str); 4] = [
    ("cluster-allow-replica-migration", "yes"),
    ("cluster-node-timeout", "15000"),
    ("cluster-replica-no-failover", "no"),
    ("cluster-require-full-coverage", "yes"),
];

fn usual_settings(kind: Kind) -> impl Iterator<Item = (&'static str, &'static str)> {
    let with_replicas = if kind == Kind::Standalone { &[][..] } else { &USUAL_WITH_REPLICAS };
    let in_a_cluster = if kind == Kind::Cluster { &USUAL_IN_A_CLUSTER[..] } else { &[] };
    with_replicas.iter().chain(in_a_cluster).copied()
}

fn settings(context: &CheckContext<'_>, node: &Node) -> Check {
    let topology = context.topology;
    let mut wanted: Settings = node
        .settings
        .iter()
        .filter(|(name, _)| !JUDGED_ELSEWHERE.contains(name) && !is_secret(name))
        .collect();
    let is_given = |name: &str| node.settings.get(name).is_some();
    for (name, value) in usual_settings(topology.kind).filter(|(name, _)| !is_given(name)) {
        wanted.set(name, value);
    }
    let request = |(name, value): (&str, &str)| {
        let command = CheckCommand::new(["CONFIG", "GET", name]);
        Request::send(
            CheckConnection::Shared(node.name.clone()),
            command,
            Expectation::Setting(value.to_owned()),
        )
    };
    let requests: Vec<Request> = wanted.iter().map(request).collect();
    let found = format!("{} in force", counted(requests.len(), "setting"));
    Check::asked(SETTINGS, Some(&node.name), requests, found)
}

#[cfg(test)]
mod tests {
    use super::super::setting_value::fulfils;
    use super::super::testing::TestDeployment;
    use crate::topology::settings::values::same_value;
    use crate::topology::settings::{STOPS_WRITES, while_forming, while_replacing};

    #[test]
    fn settings_of_the_spec_and_defaults_are_in_force() {
        let yaml = "kind: cluster\nconfig: {maxmemory: 64mb, cluster-node-timeout: 5000}\n";
        let requests = TestDeployment::healthy(yaml).requests("settings", Some(1)).join("\n");
        for wanted in [
            "shop-1 CONFIG GET maxmemory -> Setting(\"64mb\")",
            "shop-1 CONFIG GET cluster-node-timeout -> Setting(\"5000\")",
            "shop-1 CONFIG GET repl-diskless-sync-delay -> Setting(\"5\")",
            "shop-1 CONFIG GET cluster-announce-hostname -> Setting(\"127.0.0.1\")",
        ] {
            assert!(requests.contains(wanted), "{wanted} in\n{requests}");
        }
        let replica = TestDeployment::healthy("kind: replication\n").requests("settings", Some(2)).join("\n");
        assert!(!replica.contains("replicaof"), "{replica}");
        assert!(replica.contains("min-replicas-to-write -> Setting(\"0\")"), "{replica}");
        assert!(!replica.contains("cluster-"), "{replica}");
        let given = TestDeployment::healthy("{kind: replication, config: {min-slaves-to-write: 1}}");
        let given = given.requests("settings", Some(1)).join("\n");
        assert!(!given.contains("min-replicas-to-write"), "{given}");
    }

    #[test]
    fn every_setting_that_a_run_changes_for_a_while_is_checked() {
        for (yaml, number) in
            [("kind: cluster", 1), ("kind: replication", 2), ("{kind: cluster, tls: true}", 6)]
        {
            let deployment = TestDeployment::healthy(yaml);
            let requests = deployment.requests("settings", Some(number)).join("\n");
            for (name, _) in while_forming(&deployment.topology).iter().chain(while_replacing().iter()) {
                assert!(requests.contains(&format!(" CONFIG GET {name} -> ")), "{yaml} {name}");
            }
            assert!(requests.contains(STOPS_WRITES), "{yaml}");
        }
    }

    #[test]
    fn a_value_that_the_planner_takes_for_the_same_is_found() {
        // The planner compares without regard to case. The server's file has another name.
        assert!(same_value("dbfilename", "Dump.rdb", "dump.rdb"));
        assert!(!fulfils("dbfilename", "Dump.rdb", "dump.rdb"));
    }
}
