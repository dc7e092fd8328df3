//! Clients of clusters in other languages, while the cluster changes its number of shards: no command fails.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::support::{Deployment, VALKEY_8, end, succeed};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Writes and reads until its standard input ends, and then prints the number of its calls.
const PYTHON: &str = r"
import sys, threading
from redis.cluster import RedisCluster

client = RedisCluster(host='127.0.0.1', port=int(sys.argv[1]))
watch = threading.Thread(target=sys.stdin.read, daemon=True)
watch.start()
calls = 0
while watch.is_alive():
    key = f'python:{calls % 500}'
    client.set(key, calls)
    assert int(client.get(key)) == calls, key
    calls += 1
print(calls)
";

/// The same.
const NODE: &str = r"
const {Cluster} = require('ioredis');
const client = new Cluster([{host: '127.0.0.1', port: Number(process.argv[1])}]);
let over = false;
process.stdin.on('end', () => { over = true; }).resume();
(async () => {
    let calls = 0;
    for (; !over; calls++) {
        const key = `node:${calls % 500}`;
        await client.set(key, calls);
        if (await client.get(key) !== String(calls)) throw new Error(key);
    }
    console.log(calls);
    process.exit();
})();
";

/// Starts a program with packages of `scripts/prepare/test-packages`.
fn start(program: &str, flag: &str, script: &str, port: u16) -> Child {
    let packages = Path::new(ROOT).join("target/test-packages");
    let mut command = Command::new(program);
    command.args([flag, script, &port.to_string()]);
    command.env("PYTHONPATH", packages.join("python")).env("PYTHONDONTWRITEBYTECODE", "1");
    command.env("NODE_PATH", packages.join("node_modules"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap_or_else(|error| panic!("{program} starts: {error}"))
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn clients_of_other_languages_follow_shards_that_come_and_go() {
    let node = Path::new(ROOT).join("target/readers/node/bin/node");
    let node = node.to_str().expect("UTF-8");
    let deployment = Deployment::new("cluster-clients");
    let with = |shards: &'static str| ["--image", VALKEY_8, "--set", "replicas=0", "--set", shards];
    deployment.up("cluster", &with("shards=2"));
    let mut clients = vec![start(node, "--eval", NODE, deployment.port)];
    let more = deployment.run("up", "cluster", &with("shards=3"));
    // redis-py fails if ASK names a primary that it has not heard of.
    clients.push(start("python3", "-c", PYTHON, deployment.port));
    let fewer = deployment.run("up", "cluster", &with("shards=1"));
    for client in &mut clients {
        drop(client.stdin.take());
    }
    for client in clients {
        let calls: u64 = succeed(&end(client)).trim().parse().expect("a number");
        assert!(calls > 100, "{calls} calls");
    }
    for changed in [more, fewer] {
        succeed(&changed);
    }
}
