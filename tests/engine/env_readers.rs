//! `redisctl env`: the readers of each format read the right passwords.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::{Deployment, docker, fail_with, redisctl, succeed};

/// Passwords that are hard to quote.
const PASSWORDS: [&str; 6] =
    ["it's", "a\"b$c`d #e", r"back\\slash\", "'\"$HOME\"' \\ #", "it's \"two\" `words`", "$(exit 1) ; é!"];

/// The password that a program reads. `None`: it fails.
fn read(program: &str, arguments: &[&str]) -> Option<String> {
    let output =
        Command::new(program).args(arguments).env("HOME", "/nowhere").env("LC_ALL", "C.UTF-8").output();
    let output = output.unwrap_or_else(|error| panic!("{program} starts: {error}"));
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The password in a container's environment.
fn read_by_docker(file: &str, image: &str) -> Option<String> {
    let container = docker(&["create", "--env-file", file, image, "redis-server"]);
    let variables = docker(&["inspect", "--format", "{{json .Config.Env}}", &container]);
    docker(&["rm", &container]);
    let variables: Vec<String> = serde_json::from_str(&variables).expect("JSON");
    variables.iter().find_map(|variable| variable.strip_prefix("REDIS_PASSWORD=")).map(str::to_owned)
}

/// All readers of a format on this machine, with the passwords that they read in the file.
fn readings(format: &str, file: &str) -> Vec<(&'static str, Option<String>)> {
    let sourced = format!(". {file}; printf %s \"$REDIS_PASSWORD\"");
    match format {
        "shell" => ["sh", "bash", "zsh"].map(|shell| (shell, read(shell, &["-c", &sourced]))).to_vec(),
        "fish" => vec![("fish", read("fish", &["-c", &sourced]))],
        "docker" => vec![("docker", read_by_docker(file, crate::support::REDIS_7))],
        "dotenv" => {
            // Debian's package is for Debian's own Python.
            let script = "import dotenv, sys; print(end=dotenv.dotenv_values(sys.argv[1])['REDIS_PASSWORD'])";
            vec![("python-dotenv", read("/usr/bin/python3", &["-c", script, file]))]
        }
        other => panic!("nothing reads {other}"),
    }
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn programs_read_the_passwords_that_servers_have() {
    let shop = Deployment::new("env-readers");
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
    let users: Vec<Value> = PASSWORDS
        .iter()
        .enumerate()
        .map(|(number, password)| {
            let password = password.replace('$', "$$");
            serde_json::json!({"name": format!("u{number}"), "password": password, "rules": ["+@all"]})
        })
        .collect();
    let spec = serde_json::json!({"kind": "standalone", "auth": {"password": "p", "users": users}});
    std::fs::write(path("spec.yaml"), spec.to_string()).expect("a spec");
    shop.up(&path("spec.yaml"), &[]);

    for format in ["shell", "fish", "docker", "dotenv"] {
        for (number, password) in PASSWORDS.into_iter().enumerate() {
            let user = format!("u{number}");
            let written = redisctl(&["env", &shop.name, "--user", &user, "--format", format]);
            if format == "dotenv" && number == 3 {
                let refused = fail_with(&written, 2);
                assert!(refused.contains("`REDIS_PASSWORD` cannot be written"), "{refused}");
                assert!(refused.contains("--format docker"), "{refused}");
                continue;
            }
            let file = path("variables");
            std::fs::write(Path::new(&file), succeed(&written)).expect("a file");
            for (reader, reading) in readings(format, &file) {
                assert_eq!(reading.as_deref(), Some(password), "{reader} reads {format}");
            }
        }
    }
}
