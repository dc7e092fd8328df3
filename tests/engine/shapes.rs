//! Specs beyond the bundled ones: other counts, explicit addresses and ports, settings, limits.

use crate::support::{Deployment, docker, redisctl, succeed, wanted};

fn cluster_of(test: &str, shards: usize, replicas: usize, more: &[&str]) {
    if !wanted() {
        return;
    }
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
fn one_shard() {
    cluster_of("one-shard", 1, 1, &[]);
}

#[test]
fn five_shards_with_two_replicas_each() {
    cluster_of("five-shards", 5, 2, &[]);
}

#[test]
fn no_replicas() {
    cluster_of("no-replicas", 3, 0, &[]);
}

#[test]
fn the_plain_way_forms_the_same_cluster() {
    cluster_of("plain-way", 3, 1, &["--forming", "plain"]);
}

#[test]
fn what_the_spec_says_of_addresses_settings_and_limits_holds() {
    if !wanted() {
        return;
    }
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

#[test]
fn containers_hold_nothing_that_they_need_not() {
    if !wanted() {
        return;
    }
    let deployment = Deployment::new("container");
    deployment.up("standalone", &[]);
    let inspect = |what: &str| docker(&["inspect", "--format", what, &deployment.node(1)]);
    assert_eq!(inspect("{{.Config.User}}"), "999:999");
    assert_eq!(
        inspect("{{.HostConfig.CapDrop}} {{.HostConfig.SecurityOpt}}"),
        "[ALL] [no-new-privileges:true]"
    );
    assert_eq!(inspect("{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.PidsLimit}}"), "true 512");
    assert_eq!(inspect("{{range .NetworkSettings.Ports}}{{range .}}{{.HostIp}}{{end}}{{end}}"), "127.0.0.1");
}

#[test]
fn logs_and_settings_of_a_deployment_are_printed() {
    if !wanted() {
        return;
    }
    let deployment = Deployment::new("prints");
    deployment.up("replica", &[]);
    let logs = succeed(&redisctl(&["logs", &deployment.name, "2"]));
    assert!(logs.contains("Ready to accept connections"), "{logs}");
    assert!(logs.lines().all(|line| line.starts_with(&deployment.node(2))), "{logs}");
    let settings = succeed(&redisctl(&["env", &deployment.name, "--format", "dotenv"]));
    assert!(settings.contains(&format!("127.0.0.1:{}", deployment.port)), "{settings}");
}
