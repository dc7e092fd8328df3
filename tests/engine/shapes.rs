//! Specs beyond the shipped topologies: other counts, explicit addresses and ports, settings, limits.

use serde_json::{Value, json};

use crate::support::{Deployment, REDIS_7, docker, redisctl, succeed};

fn cluster_of(test: &str, shards: usize, replicas: usize, more: &[&str]) {
    let deployment = Deployment::new(test);
    let sets = [format!("shards={shards}"), format!("replicas={replicas}")];
    let mut arguments = vec!["--set", &sets[0], "--set", &sets[1]];
    arguments.extend(more);
    deployment.up("cluster", &arguments);
    deployment.verify();
    let status = deployment.status();
    let nodes = status["nodes"].as_array().expect("nodes");
    assert_eq!(nodes.len(), shards * (1 + replicas), "{status:#}");
    assert_eq!(nodes.iter().filter(|node| node["role"] == "primary").count(), shards);
    arguments.retain(|argument| !more.contains(argument));
    assert_eq!(deployment.changes("cluster", &arguments), 0);
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn one_shard() {
    cluster_of("one-shard", 1, 1, &[]);
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn five_shards_with_two_replicas_each() {
    cluster_of("five-shards", 5, 2, &[]);
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn no_replicas() {
    cluster_of("no-replicas", 3, 0, &[]);
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn the_plain_way_forms_the_same_cluster() {
    cluster_of("plain-way", 3, 1, &["--forming", "plain"]);
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn what_the_spec_says_of_addresses_settings_and_limits_holds() {
    let deployment = Deployment::new("explicit");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("explicit.yaml");
    let (name, port) = (&deployment.name, deployment.port + 20);
    let text = format!(
        "kind: replication
replicas: 2
network:
  subnet: 10.213.57.0/26
config:
  maxmemory: 64mb
  maxmemory-policy: allkeys-lru
  save: 3600 1 300 10
resources: {{memory: 128mb, cpus: 0.5}}
labels: {{team: checkout}}
nodes:
  {name}-2: {{ip: 10.213.57.40, port: {port}, config: {{maxmemory: 96mb}}, resources: {{memory: 192mb}}}}
"
    );
    std::fs::write(&path, text).expect("a spec file");
    let path = path.to_str().expect("a path in UTF-8");
    deployment.up(path, &[]);
    deployment.verify();

    let status = deployment.status();
    assert_eq!(status["nodes"][0]["address"], format!("10.213.57.11:{}", deployment.port));
    assert_eq!(status["nodes"][1]["address"], format!("10.213.57.40:{port}"));
    assert_eq!(status["nodes"][1]["endpoint"], format!("127.0.0.1:{port}"));
    let inspect =
        |number: usize, what: &str| docker(&["inspect", "--format", what, &deployment.node(number)]);
    assert_eq!(inspect(1, "{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}}"), "134217728 500000000");
    assert_eq!(inspect(2, "{{.HostConfig.Memory}}"), "201326592");
    assert_eq!(inspect(3, "{{index .Config.Labels \"team\"}}"), "checkout");
    let setting = |number: u16, name: &str| -> Vec<String> {
        let mut connection = deployment.connect(number);
        redis::cmd("CONFIG").arg("GET").arg(name).query(&mut connection).expect("a setting")
    };
    assert_eq!(setting(1, "maxmemory")[1], (64 * 1024 * 1024).to_string());
    assert_eq!(setting(1, "save")[1], "3600 1 300 10");
    assert_eq!(setting(3, "maxmemory-policy")[1], "allkeys-lru");
    assert_eq!(deployment.changes(path, &[]), 0);
}

/// Brings a topology up and checks every container.
fn holds_nothing_needless(topology: &str, containers: usize, more: &[&str]) {
    let deployment = Deployment::new(&format!("container-{topology}"));
    deployment.up(topology, more);
    let filter = format!("label=io.redisctl.deployment={}", deployment.name);
    let ids = docker(&["ps", "-aq", "--filter", &filter]);
    let inspect: Vec<&str> = ["inspect"].into_iter().chain(ids.lines()).collect();
    let all: Value = serde_json::from_str(&docker(&inspect)).expect("JSON");
    let all = all.as_array().expect("containers");
    assert_eq!(all.len(), containers, "{topology}");
    let image = docker(&["image", "inspect", "--format", "{{json .Config.Env}}", REDIS_7]);
    let image: Value = serde_json::from_str(&image).expect("JSON");
    for container in all {
        let (name, host) = (&container["Name"], &container["HostConfig"]);
        assert_eq!(container["Config"]["User"], "999:999", "{name}");
        assert_eq!(host["CapDrop"], json!(["ALL"]), "{name}");
        assert!(host["CapAdd"].as_array().is_none_or(Vec::is_empty), "{name}");
        assert_eq!(host["Privileged"], false, "{name}");
        assert_eq!(host["SecurityOpt"], json!(["no-new-privileges:true"]), "{name}");
        assert_eq!(host["ReadonlyRootfs"], true, "{name}");
        assert_eq!(host["PidsLimit"], 512, "{name}");
        // The owner of the nodes' network namespace holds no data.
        let is_node = !name.as_str().is_some_and(|name| name.ends_with("-network"));
        assert_eq!(host["Memory"], if is_node { 1024 } else { 64 } * 1024 * 1024, "{name}");
        // Only the image's own variables.
        assert_eq!(container["Config"]["Env"], image, "{name}");
        let ports = container["NetworkSettings"]["Ports"].as_object().expect("ports");
        let bindings: Vec<&Value> = ports.values().filter_map(Value::as_array).flatten().collect();
        let joins = host["NetworkMode"].as_str().is_some_and(|mode| mode.starts_with("container:"));
        assert_eq!(bindings.is_empty(), joins, "{name}: {ports:?}");
        assert!(bindings.iter().all(|binding| binding["HostIp"] == "127.0.0.1"), "{name}: {ports:?}");
    }
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn containers_of_every_kind_hold_nothing_that_they_need_not() {
    holds_nothing_needless("standalone", 1, &[]);
    holds_nothing_needless("replica", 2, &[]);
    holds_nothing_needless("secure", 2, &["--set", "tls=true"]);
    // The nodes, and the owner of their network namespace.
    holds_nothing_needless("sentinel", 7, &[]);
    holds_nothing_needless("cluster", 6, &[]);
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn logs_and_settings_of_a_deployment_are_printed() {
    let deployment = Deployment::new("prints");
    deployment.up("replica", &[]);
    let logs = succeed(&redisctl(&["logs", &deployment.name, "2"]));
    assert!(logs.contains("Ready to accept connections"), "{logs}");
    assert!(logs.lines().all(|line| line.starts_with(&deployment.node(2))), "{logs}");
    let settings = succeed(&redisctl(&["env", &deployment.name, "--format", "dotenv"]));
    assert!(settings.contains(&format!("127.0.0.1:{}", deployment.port)), "{settings}");
}
