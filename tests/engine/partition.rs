//! An engine is cut off from the others and comes back: failover, refused writes, lost writes, and what redisctl says.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use redis::cluster::{ClusterClient, ClusterConnection};
use redis::{Commands as _, Connection};

use crate::private_engine::{PrivateEngine, run};
use crate::support::{eventually, fail_with, succeed};
use crate::swarm::{Swarm, json, redisctl};

/// A key of the shard whose primary is cut off.
const TAG: &str = "{hello}";

/// Cuts an engine off from the other engines, but not from this machine.
struct Cut<'a> {
    engine: &'a PrivateEngine,
    rules: Vec<[String; 3]>,
}

impl<'a> Cut<'a> {
    fn make(engine: &'a PrivateEngine, others: &[&PrivateEngine]) -> Self {
        let rule = |chain: &str, side: &str, other: &PrivateEngine| {
            [chain.to_owned(), side.to_owned(), other.address().to_string()]
        };
        let rules = others
            .iter()
            .flat_map(|other| [rule("INPUT", "--source", other), rule("OUTPUT", "--destination", other)])
            .collect();
        let cut = Self { engine, rules };
        cut.each("--insert");
        cut
    }

    fn each(&self, operation: &str) {
        for rule in &self.rules {
            run(self.engine.inside("iptables").arg(operation).args(rule).args(["--jump", "DROP"]));
        }
    }

    /// Lets the packets pass again.
    fn heal(self) {
        self.each("--delete");
    }
}

/// Writes to a shard through one of its nodes until it is told to stop. Returns the acknowledged numbers, each with its
/// time.
fn write(mut server: Connection, side: &str, is_over: &AtomicBool) -> Vec<(String, Instant)> {
    let mut acknowledged = Vec::new();
    for number in 0_u32.. {
        if is_over.load(Ordering::Relaxed) {
            break;
        }
        let key = format!("{TAG}:{side}:{number}");
        match server.set::<_, _, ()>(&key, number) {
            Ok(()) => acknowledged.push((key, Instant::now())),
            // The node refuses the write.
            Err(_) => thread::sleep(Duration::from_millis(20)),
        }
    }
    acknowledged
}

/// A client of the nodes that stay together.
fn cluster([a, c]: [&PrivateEngine; 2]) -> Option<ClusterConnection> {
    let nodes = [format!("redis://{}:7002", a.address()), format!("redis://{}:7003", c.address())];
    ClusterClient::new(nodes).and_then(|client| client.get_connection()).ok()
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn an_engine_that_was_cut_off_comes_back_as_a_replica() {
    let swarm = Swarm::start(3);
    swarm.join();
    // The primary of the tag's shard is on engine `a`.
    let spec =
        swarm.spec("cut", "kind: cluster\nconfig: {cluster-node-timeout: 2000}\nnodes: {cut-1: {engine: b}}");
    succeed(&redisctl(&["up", &spec]));
    let [a, b, c] = swarm.engines.as_slice() else { panic!("three engines") };
    let host = a.host();
    let status = || json(&["--host", &host, "status", "cut"]);

    let is_over = AtomicBool::new(false);
    let (acknowledged, cut_at, refused_after) = thread::scope(|scope| {
        let writer = scope.spawn(|| write(b.connect(7001), "old", &is_over));
        eventually("the client writes", || b.connect(7001).exists(format!("{TAG}:old:500")) == Ok(true));
        let cut = Cut::make(b, &[a, c]);
        let cut_at = Instant::now();
        eventually("the cut-off primary refuses writes", || {
            let refusal = b.connect(7001).set::<_, _, ()>(format!("{TAG}:probe"), 1);
            refusal.is_err_and(|error| error.code() == Some("CLUSTERDOWN"))
        });
        let refused_after = cut_at.elapsed();
        eventually("the other side fails over", || {
            let problems = status()["problems"].to_string();
            problems.contains("cut-1 still says that it is a primary")
                && problems.contains("writes to it get lost")
        });
        eventually("the other side serves the shard", || {
            cluster([a, c]).is_some_and(|mut client| client.set::<_, _, ()>(format!("{TAG}:new"), 1).is_ok())
        });
        // The swarm learns of the cut later than the cluster.
        eventually("the manager misses the engine", || {
            let refused = redisctl(&["plan", &spec]);
            String::from_utf8_lossy(&refused.stderr).contains("does not hear from engine `b`")
        });
        let said = fail_with(&redisctl(&["up", &spec]), 2);
        assert!(said.contains("does not hear from engine `b`"), "{said}");
        is_over.store(true, Ordering::Relaxed);
        let acknowledged = writer.join().expect("the writer ends");
        cut.heal();
        (acknowledged, cut_at, refused_after)
    });
    eventually("the old primary is a replica", || {
        let status = status();
        status["state"] == "ready" && status["nodes"][0]["role"] == "replica"
    });
    // TCP repeats lost packets after a pause, and doubles the pause with each attempt.
    eventually("every check passes", || redisctl(&["--host", &host, "verify", "cut"]).status.success());

    let mut client = cluster([a, c]).expect("the cluster serves");
    let is_lost = |(key, _): &&(String, Instant)| client.exists::<_, bool>(key) != Ok(true);
    let lost: Vec<&(String, Instant)> = acknowledged.iter().filter(is_lost).collect();
    println!(
        "the cut-off primary refused writes after {:.1} s; {} of {} acknowledged writes were lost",
        refused_after.as_secs_f64(),
        lost.len(),
        acknowledged.len()
    );
    // Only the cut-off primary has acknowledged lost writes, between the cut and its refusal.
    let refused_at = cut_at + refused_after;
    assert!(
        lost.iter().all(|(_, at)| *at + Duration::from_secs(1) > cut_at && *at <= refused_at),
        "{lost:?}"
    );
    assert!(client.exists::<_, bool>(format!("{TAG}:new")) == Ok(true), "the write of the other side stays");

    eventually("the manager hears from the engine again", || redisctl(&["up", &spec]).status.success());
    assert_eq!(json(&["plan", &spec])["changes"], 0);
    succeed(&redisctl(&["--host", &b.host(), "down", "cut"]));
    assert_eq!(swarm.leftovers(), "");
}
