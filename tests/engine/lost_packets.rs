//! A link between engines that loses large packets: `verify` finds it, and a smaller MTU ends it.

use serde_json::Value;

use crate::private_engine::{PrivateEngine, as_root, run};
use crate::support::{fail_with, succeed};
use crate::swarm::{Swarm, failed, json, redisctl};

/// The rule with which this machine drops packets.
struct Loss {
    rule: Vec<String>,
}

impl Loss {
    /// The rules of this table come before those that pass packets from engine to engine.
    const TABLE: [&str; 2] = ["--table", "mangle"];

    /// Drops the larger packets of an engine's overlays without an error. The engines still reach each other.
    fn of_larger_than(bytes: u16, engine: &PrivateEngine) -> Self {
        let (source, larger) = (engine.address().to_string(), format!("{}:", bytes + 1));
        let overlays = ["--protocol", "udp", "--dport", "4789", "--match", "length", "--length", &larger];
        let rule = [&["FORWARD", "--source", &source][..], &overlays, &["--jump", "DROP"]].concat();
        let rule: Vec<String> = rule.into_iter().map(str::to_owned).collect();
        run(as_root("iptables").args(Self::TABLE).arg("--insert").args(&rule));
        Self { rule }
    }
}

impl Drop for Loss {
    fn drop(&mut self) {
        let _ = as_root("iptables").args(Self::TABLE).arg("--delete").args(&self.rule).output();
    }
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn lost_packets_between_engines_are_found_and_a_smaller_mtu_ends_them() {
    let swarm = Swarm::start(2);
    swarm.join();
    let host = &swarm.hosts()[0];
    let spec = swarm.spec("post", "kind: replication\nnetwork: {driver: overlay}");
    succeed(&redisctl(&["up", &spec]));
    assert_eq!(failed(&json(&["--host", host, "verify", "post"])), [""; 0]);

    let _loss = Loss::of_larger_than(1290, &swarm.engines[0]);
    let report = redisctl(&["--host", host, "verify", "post", "--output", "json"]);
    let report: Value = serde_json::from_slice(&report.stdout).expect("a report");
    let wrong = failed(&report);
    let found = wrong.iter().find(|line| line.contains("large-copy")).unwrap_or_else(|| panic!("{wrong:?}"));
    assert!(found.contains("STRLEN") && found.contains("network: {mtu: 1400}"), "{found}");

    let spec = swarm.spec("post", "kind: replication\nnetwork: {driver: overlay, mtu: 1290}");
    let said = fail_with(&redisctl(&["plan", &spec]), 1);
    assert!(said.contains("network.mtu") && said.contains("--recreate"), "{said}");
    succeed(&redisctl(&["up", &spec, "--recreate"]));
    assert_eq!(failed(&json(&["--host", host, "verify", "post"])), [""; 0]);
    assert_eq!(json(&["plan", &spec])["changes"], 0);
    succeed(&redisctl(&["--host", host, "down", "post"]));
    assert_eq!(swarm.leftovers(), "");
}
