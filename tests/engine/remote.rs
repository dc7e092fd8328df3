//! An engine on another machine: printed and announced hosts are right for this machine.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::Command;

use redis::Commands as _;

use crate::private_engine::{PrivateEngine, run};
use crate::support::{REDIS_7, command, fail_with, output, redisctl, succeed, texts};

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_remote_engine_is_as_good_as_a_local_one() {
    let engine = PrivateEngine::start(REDIS_7);
    let up = ["up", "cluster", "--image", REDIS_7];
    let said = fail_with(&engine.redisctl(&up), 2);
    let address = engine.address().to_string();
    assert!(said.contains(&address) && said.contains("ports.bind=0.0.0.0"), "{said}");
    assert_eq!(engine.leftovers(), "");

    // Ports in use on this machine do not matter there.
    let _holder = TcpListener::bind(("0.0.0.0", 7001));
    let open = ["--set", "ports.bind=0.0.0.0"];
    succeed(&engine.redisctl(&[&up[..], &open].concat()));
    let report = engine.json(&["verify", "cluster"]);
    assert_eq!(report["failed"], 0, "{report:#}");
    let status = engine.json(&["status"]);
    let endpoints: Vec<&str> = status["nodes"]
        .as_array()
        .expect("nodes")
        .iter()
        .filter_map(|node| node["endpoint"].as_str())
        .collect();
    let expected: Vec<String> = (7001..=7006).map(|port| format!("{address}:{port}")).collect();
    assert_eq!(endpoints, expected);
    let settings = engine.json(&["env", "--format", "json"]);
    assert_eq!(settings["REDIS_NODES"], expected.join(","));
    let plan = engine.json(&["plan", "cluster", "--image", REDIS_7, open[0], open[1]]);
    assert_eq!(plan["changes"], 0, "{plan:#}");

    // A client that knows one node finds the other nodes.
    let seed = format!("redis://{address}:7004");
    let mut client = redis::cluster::ClusterClient::new([seed])
        .and_then(|client| client.get_connection())
        .expect("a cluster");
    for key in ["a", "b", "c"] {
        let () = client.set(key, "x").expect("a write");
    }
    assert_eq!(succeed(&engine.redisctl(&["cli", "cluster", "5", "--", "GET", "a"])), "x\n");
    assert!(succeed(&engine.redisctl(&["logs", "cluster", "1"])).contains("Ready to accept connections"));
    let diagnosis = engine.json(&["doctor"]);
    let reachable =
        diagnosis["checks"].as_array().expect("checks").iter().find(|check| check["name"] == "reachable");
    let detail = reachable.and_then(|check| check["detail"].as_str()).unwrap_or_default();
    assert!(detail.contains(&address), "{diagnosis:#}");

    succeed(&engine.redisctl(&["down"]));
    assert_eq!(engine.leftovers(), "");
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn ports_that_a_process_holds_on_another_machine_are_passed_over() {
    let engine = PrivateEngine::start(REDIS_7);
    // A server in the machine's own network: the engine does not list its port.
    engine.docker(&["run", "-d", "--network", "host", REDIS_7, "redis-server", "--port", "7003"]);
    let up = ["up", "cluster", "--image", REDIS_7, "--set", "ports.bind=0.0.0.0"];
    let said = fail_with(&engine.redisctl(&up), 2);
    assert!(said.contains("`cluster-3`") && said.contains("--port-base"), "{said}");
    // A node that never ran gets another port. A node that ran keeps its port.
    let auto = [&up[..], &["--port-base", "auto"]].concat();
    let said = texts(&engine.redisctl(&auto));
    let status = engine.json(&["status"]);
    let ports = || {
        let nodes = status["nodes"].as_array().expect("nodes").iter();
        let endpoints = nodes.filter_map(|node| node["endpoint"].as_str()).map(str::to_owned);
        endpoints.collect::<Vec<_>>()
    };
    assert_eq!(status["state"], "ready", "{said:?}\n{status:#}");
    assert!(ports().len() == 6 && !ports().iter().any(|port| port.ends_with(":7003")), "{:?}", ports());
    assert_eq!(engine.json(&["verify"])["failed"], 0);
    succeed(&engine.redisctl(&["down"]));

    succeed(&engine.redisctl(&auto));
    assert_eq!(engine.json(&["verify"])["failed"], 0);
    succeed(&engine.redisctl(&["down"]));
}

/// Makes a CA, and its certificates for the engine at an address or as host `docker`, and for clients.
fn make_certificates(folder: &Path, address: Ipv4Addr) {
    std::fs::create_dir_all(folder).expect("a folder");
    let settings = format!(
        "[req]\ndistinguished_name = name\n[name]\n\
         [authority]\nbasicConstraints = critical, CA:TRUE\n\
         [member]\nbasicConstraints = critical, CA:FALSE\nsubjectAltName = IP:{address}, DNS:docker\n"
    );
    std::fs::write(folder.join("openssl.cnf"), settings).expect("a file");
    let make = |kind: &str, key: &str, certificate: &str, more: &[&str]| {
        let mut openssl = Command::new("openssl");
        openssl
            .current_dir(folder)
            .args([
                "req",
                "-x509",
                "-config",
                "openssl.cnf",
                "-extensions",
                kind,
                "-subj",
                "/CN=redisctl-test",
            ])
            .args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"])
            .args(["-keyout", key, "-out", certificate])
            .args(more);
        run(&mut openssl);
    };
    make("authority", "ca-key.pem", "ca.pem", &[]);
    let signed = ["-CA", "ca.pem", "-CAkey", "ca-key.pem"];
    make("member", "server-key.pem", "server-cert.pem", &signed);
    make("member", "key.pem", "cert.pem", &signed);
}

/// The arguments of an engine that asks for certificates. It makes them in the folder `certificates`.
pub(crate) fn behind_tls(folder: &Path, address: Ipv4Addr) -> Vec<String> {
    let certificates = folder.join("certificates");
    make_certificates(&certificates, address);
    let file = |flag: &str, name: &str| format!("--{flag}={}", certificates.join(name).display());
    let host = format!("--host=tcp://{address}:2376");
    let files = [("tlscacert", "ca.pem"), ("tlscert", "server-cert.pem"), ("tlskey", "server-key.pem")];
    let files = files.map(|(flag, name)| file(flag, name));
    [host, "--tlsverify".to_owned()].into_iter().chain(files).collect()
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn an_engine_behind_tls_is_reached_with_its_certificates_alone() {
    let engine = PrivateEngine::start_with(behind_tls);
    engine.load(REDIS_7);
    let host = format!("tcp://{}", engine.address());
    let with = |folder: &str, arguments: &[&str]| {
        let mut redisctl = command(arguments);
        redisctl.env("DOCKER_HOST", &host).env("DOCKER_TLS_VERIFY", "1");
        output(redisctl.env("DOCKER_CERT_PATH", engine.path(folder)))
    };
    let up = ["up", "standalone", "--image", REDIS_7, "--set", "ports.bind=0.0.0.0"];
    succeed(&with("certificates", &up));
    succeed(&with("certificates", &["verify"]));

    make_certificates(&engine.path("others"), engine.address());
    let said = fail_with(&with("others", &["ls"]), 4);
    assert!(said.contains("others") && said.contains("certificates"), "{said}");
    let said = fail_with(&redisctl(&["ls", "--host", &format!("{host}:2376")]), 4);
    assert!(said.contains("DOCKER_TLS_VERIFY"), "{said}");

    // A context, as Docker's own client writes it.
    let configuration = engine.path("configuration");
    let file = |name: &str| engine.path("certificates").join(name).display().to_string();
    let (ca, cert, key) = (file("ca.pem"), file("cert.pem"), file("key.pem"));
    let endpoint = format!("host={host}:2376,ca={ca},cert={cert},key={key}");
    let docker = |arguments: &[&str]| {
        run(Command::new("docker")
            .env_remove("DOCKER_HOST")
            .arg("--config")
            .arg(&configuration)
            .args(arguments))
    };
    docker(&["context", "create", "away", "--docker", &endpoint]);
    let by_context = |name: Option<&str>| {
        let mut redisctl = command(&["status"]);
        redisctl.env_remove("DOCKER_HOST").env("DOCKER_CONFIG", &configuration);
        output(redisctl.envs(name.map(|name| ("DOCKER_CONTEXT", name))))
    };
    succeed(&by_context(Some("away")));
    docker(&["context", "use", "away"]);
    succeed(&by_context(None));

    succeed(&with("certificates", &["down"]));
    assert_eq!(engine.leftovers(), "");
}
