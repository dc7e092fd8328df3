//! `redisctl env`: the readers of each format read the right passwords.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::{Deployment, docker, fail_with, redisctl, succeed};

/// Passwords that are hard to quote.
const PASSWORDS: [&str; 9] = [
    "it's",
    "a\"b$c`d #e",
    r"back\\slash\",
    "'\"$HOME\"' \\ #",
    "it's \"two\" `words`",
    "$(exit 1) ; é!",
    r"a\nb\tc",
    "#=:, ~/x {1..3} [a-z]* %PATH% ‘so’",
    "a'b\"c`d",
];

/// The password without a spelling that all readers of `dotenv` share.
const NO_DOTENV: usize = 3;

/// A program that `scripts/prepare/readers` has installed.
const NODE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/readers/node/bin/node");
/// The same.
const COMPOSE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/readers/compose/compose");
/// The package of npm.
const DOTENV: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/readers/node/node_modules/dotenv");

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

/// The password that Docker Compose gives a service: with `env_file`, and in place of a variable in its file.
fn read_by_compose(file: &str) -> [Option<String>; 2] {
    let folder = tempfile::tempdir().expect("a folder");
    let spec = folder.path().join("compose.yaml");
    let service = serde_json::json!({"image": "redis", "env_file": file, "command": ["${REDIS_PASSWORD}"]});
    std::fs::write(&spec, serde_json::json!({"services": {"a": service}}).to_string()).expect("a file");
    let spec = spec.to_str().expect("UTF-8");
    let read = read(COMPOSE, &["--file", spec, "--env-file", file, "config", "--format", "json"]);
    let config: Value = read.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let service = &config["services"]["a"];
    // A single `$` in its file would begin a variable.
    [&service["environment"]["REDIS_PASSWORD"], &service["command"][0]]
        .map(|value| value.as_str().map(|text| text.replace("$$", "$")))
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
            let parse = format!(
                "const {{parsed}} = require('{DOTENV}').config({{path: '{file}', quiet: true}}); \
                 process.stdout.write(parsed.REDIS_PASSWORD)"
            );
            let from_file = format!("--env-file={file}");
            let print = "process.stdout.write(process.env.REDIS_PASSWORD)";
            let [for_service, in_its_file] = read_by_compose(file);
            vec![
                ("python-dotenv", read("/usr/bin/python3", &["-c", script, file])),
                ("dotenv of npm", read(NODE, &["--eval", &parse])),
                ("node --env-file", read(NODE, &[&from_file, "--eval", print])),
                ("Compose", for_service),
                ("Compose with --env-file", in_its_file),
            ]
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
            if format == "dotenv" && number == NO_DOTENV {
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
