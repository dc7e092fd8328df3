//! redisctl in a container with the engine's socket, as in CI jobs.

use std::process::{Command, Output};
use std::time::{Duration, Instant};

use crate::support::{Deployment, REDIS_7, fail_with, output, own_name, succeed, texts};

/// The engine's socket.
const SOCKET: &str = "/var/run/docker.sock";

/// Runs redisctl in a container with these options. The container has the programs and libraries of this machine.
fn in_container(name: &str, options: &[&str], arguments: &[&str]) -> Output {
    let mut docker = Command::new("docker");
    docker.args(["run", "--rm", "--name", name, "--user", "0", "--entrypoint", "/redisctl"]);
    docker.args(["--volume", &format!("{SOCKET}:{SOCKET}")]);
    docker.args(["--volume", &format!("{}:/redisctl:ro", env!("CARGO_BIN_EXE_redisctl"))]);
    for folder in ["/usr", "/lib", "/lib64"] {
        docker.args(["--volume", &format!("{folder}:{folder}:ro")]);
    }
    output(docker.args(options).arg(REDIS_7).args(arguments))
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_container_works_or_is_told_at_once_what_to_do() {
    let shop = Deployment::new("in-container");
    let job = &own_name("in-container-job");
    let port = shop.port.to_string();
    let up = ["up", "replica", "--name", &shop.name, "--port-base", &port, "--image", REDIS_7];

    let told = |said: &str| {
        assert!(said.contains(&format!("redisctl runs in the container `{job}`")), "{said}");
        assert!(said.contains("--network host") && said.contains("ports.bind"), "{said}");
    };
    let own_name = ["--hostname", "build"];
    for options in [&own_name[..], &[]] {
        let began = Instant::now();
        told(&fail_with(&in_container(job, options, &up), 2));
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
        assert_eq!(shop.leftovers(), Vec::<String>::new());
    }
    let doctor = in_container(job, &own_name, &["doctor"]);
    assert!(texts(&doctor).0.contains(&format!("redisctl runs in the container `{job}`")), "{doctor:?}");

    // The suggestion of the error works.
    succeed(&in_container(job, &["--hostname", "build", "--network", "host"], &up));
    for verb in ["verify", "status"] {
        let said = in_container(job, &own_name, &[verb, &shop.name]);
        told(&texts(&said).1);
        let host = in_container(job, &["--network", "host"], &[verb, &shop.name]);
        assert!(!texts(&host).1.contains("container"), "{host:?}");
    }
    succeed(&in_container(job, &["--network", "host"], &["down", &shop.name]));

    // The error also suggests `--set ports.bind=` with the gateway's address. It works, too.
    let said = fail_with(&in_container(job, &own_name, &up), 2);
    let (_, from_bind) = said.split_once("`--set ports.bind=").expect("the error names the field");
    let (gateway, _) = from_bind.split_once('`').expect("the command ends");
    let bind = format!("ports.bind={gateway}");
    let at_gateway = [&up[..], &["--set", &bind]].concat();
    succeed(&in_container(job, &own_name, &at_gateway));
    succeed(&in_container(job, &own_name, &["verify", &shop.name]));
}
