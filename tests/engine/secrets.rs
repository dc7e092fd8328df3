//! Passwords are only in the servers' own files and in `redisctl env`. The test brings up `secure` with known
//! passwords, and searches for them in all other places.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Output};

use redisctl::spec::SecretText;
use redisctl::topology::files::password_hash;
use serde_json::Value;

use crate::support::{Deployment, REDIS_7, command, docker, output};

/// Variables of the shipped spec, with their values. Each value contains a unique word, which is the same in all
/// escaped forms.
const PASSWORDS: [(&str, &str); 4] = [
    ("REDIS_PASSWORD", "Zq7primary+\"/ü"),
    ("REDIS_REPLICA_PASSWORD", "Zq7replica'$\\"),
    ("REDIS_ADMIN_PASSWORD", "Zq7admin %&"),
    ("REDIS_REGULAR_PASSWORD", "Zq7regular#?"),
];

/// The common beginning of all passwords.
const MARK: &str = "Zq7";

/// The searched words, and the results.
struct Search {
    /// The mark, the passwords of redisctl's own users, and the hashes of all passwords.
    needles: Vec<String>,
    /// The places where a word was found, each with its line.
    found: Vec<String>,
    /// The number of searched bytes.
    searched: usize,
}

impl Search {
    fn new(own: [&str; 2]) -> Self {
        let mut needles: Vec<String> = [MARK].into_iter().chain(own).map(str::to_owned).collect();
        let all = PASSWORDS.iter().map(|(_, password)| *password).chain(own);
        needles.extend(all.map(|password| password_hash(&SecretText::new(password))));
        Self { needles, found: Vec::new(), searched: 0 }
    }

    fn finds(&self, text: &str) -> bool {
        self.needles.iter().any(|needle| text.contains(needle))
    }

    fn within(&mut self, place: &str, text: &str) {
        self.searched += text.len();
        let lines = text.lines().filter(|line| self.finds(line));
        let found: Vec<String> = lines.map(|line| format!("{place}: {line}")).collect();
        self.found.extend(found);
    }

    fn output(&mut self, place: &str, output: &Output) {
        self.within(&format!("{place}, stdout"), &String::from_utf8_lossy(&output.stdout));
        self.within(&format!("{place}, stderr"), &String::from_utf8_lossy(&output.stderr));
    }

    /// Every file below a folder.
    fn folder(&mut self, folder: &Path) -> usize {
        let mut files = 0;
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            if entry.path().is_dir() {
                files += self.folder(&entry.path());
            } else {
                let bytes = fs::read(entry.path()).expect("a file");
                self.within(&entry.path().display().to_string(), &String::from_utf8_lossy(&bytes));
                files += 1;
            }
        }
        files
    }

    /// Arguments of every process of this machine, and environments of container processes.
    fn processes(&mut self, of_containers: &[String]) {
        let read = |process: &str, file: &str| {
            let bytes = fs::read(format!("/proc/{process}/{file}")).unwrap_or_default();
            String::from_utf8_lossy(&bytes).replace('\0', " ")
        };
        for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
            let process = entry.file_name().to_string_lossy().into_owned();
            if process.bytes().all(|byte| byte.is_ascii_digit()) {
                self.within(&format!("arguments of process {process}"), &read(&process, "cmdline"));
            }
        }
        for process in of_containers {
            self.within(&format!("environment of process {process}"), &read(process, "environ"));
        }
    }
}

/// Runs redisctl with the passwords in its environment, for the shipped spec.
fn with_passwords(arguments: &[&str]) -> Output {
    output(command(arguments).envs(PASSWORDS))
}

/// A file in a container, with the owner and the mode of each entry of its archive.
fn files_of(container: &str, path: &str) -> BTreeMap<String, (u64, u32, String)> {
    let output = Command::new("docker").args(["cp", &format!("{container}:{path}"), "-"]).output();
    let bytes = output.expect("the docker client starts").stdout;
    let mut archive = tar::Archive::new(bytes.as_slice());
    let entries = archive.entries().expect("an archive").map(|entry| {
        let mut entry = entry.expect("an entry");
        let path = entry.path().expect("a path").to_string_lossy().into_owned();
        let (owner, mode) = (entry.header().uid().expect("a user"), entry.header().mode().expect("a mode"));
        let mut text = Vec::new();
        entry.read_to_end(&mut text).expect("the file's content");
        (path, (owner, mode, String::from_utf8_lossy(&text).into_owned()))
    });
    entries.collect()
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn passwords_are_in_the_servers_files_alone() {
    let deployment = Deployment::new("secrets");
    let folder = tempfile::tempdir().expect("a folder");
    let name = deployment.name.as_str();
    let port = deployment.port.to_string();
    let spec = ["secure", "--name", name, "--image", REDIS_7, "--port-base", &port];
    let bundle = |test: &str| folder.path().join(test).display().to_string();
    let run = |verb: &str, more: &[&str]| {
        with_passwords(&[verb].into_iter().chain(spec).chain(more.iter().copied()).collect::<Vec<_>>())
    };

    let (good, text) = (bundle("good"), String::from_utf8_lossy);
    let up = run("up", &["-vv", "--timings", "--bundle", &good]);
    assert!(up.status.success(), "{}", text(&up.stderr));

    // The right places, and who may read them.
    let node = deployment.node(1);
    let files = files_of(&node, "/redisctl");
    let (_, _, stored) = &files["redisctl/deployment.json"];
    let stored: Value = serde_json::from_str(stored).expect("JSON");
    let own = ["operator", "replication"]
        .map(|user| stored["credentials"][user].as_str().expect("the password of a user of redisctl's own"));
    let mut search = Search::new(own);
    let holding = files.iter().filter(|(_, (_, _, text))| search.finds(text));
    let holding: Vec<_> = holding.map(|(path, (owner, mode, _))| (path, *owner, mode & 0o777)).collect();
    assert!(holding.len() >= 5, "configurations, access lists, and redisctl's own file: {holding:?}");
    assert!(holding.iter().all(|(_, owner, mode)| (*owner, *mode) == (999, 0o600)), "{holding:?}");

    // The engine, processes, logs.
    search.output("up -vv", &up);
    assert!(search.folder(&folder.path().join("good")) > 15, "the bundle is empty");
    let nodes = [node.as_str(), &deployment.node(2)];
    for (kind, names) in [("container", nodes.to_vec()), ("network", vec![name]), ("image", vec![REDIS_7])] {
        for name in names {
            search.within(&format!("{kind} {name}"), &docker(&[kind, "inspect", name]));
        }
    }
    let volumes = docker(&["volume", "ls", "-q", "--filter", &format!("name={name}")]);
    assert!(!volumes.is_empty(), "`{name}` has no volume");
    for volume in volumes.lines() {
        search.within(&format!("volume {volume}"), &docker(&["volume", "inspect", volume]));
    }
    let mut processes = Vec::new();
    for node in nodes {
        search.within(&format!("docker top {node}"), &docker(&["top", node]));
        search.within(&format!("docker logs {node}"), &docker(&["logs", node]));
        processes.push(docker(&["inspect", "--format", "{{.State.Pid}}", node]));
    }
    search.processes(&processes);

    // Every command, as text and as JSON, with all logs.
    for output in ["text", "json"] {
        let output = ["--output", output];
        for verb in ["plan", "validate", "up"] {
            search.output(verb, &run(verb, &output));
        }
        for arguments in [
            &["status", name][..],
            &["verify", name, "--explain"],
            &["ls"],
            &["logs", name],
            &["cli", name, "--", "ACL", "WHOAMI"],
            &["doctor"],
            &["status", name, "-vv"],
        ] {
            let all: Vec<&str> = arguments.iter().copied().chain(output).collect();
            search.output(&all.join(" "), &with_passwords(&all));
        }
    }
    for format in ["compose", "diagram"] {
        let mut arguments = vec!["export", format];
        arguments.extend(spec);
        search.output("export", &with_passwords(&arguments));
    }
    let mut traced = command(&["status", name]);
    search.output("a trace", &output(traced.env("REDISCTL_LOG", "trace")));

    errors(&mut search, folder.path(), name, &run);

    // A failure bundle, and the traces of a rewrite of all files.
    let mut again = command(&["up"]);
    let failed = bundle("failed");
    // The servers accept this value, and refuse every write.
    let broken = ["--recreate", "--set", "config.maxmemory=1mb", "--bundle", &failed];
    again.args(spec).args(broken).envs(PASSWORDS).env("REDISCTL_LOG", "trace");
    let again = output(&mut again);
    assert!(!again.status.success(), "{}", text(&again.stderr));
    search.output("a failed up", &again);
    assert!(search.folder(&folder.path().join("failed")) > 8, "the bundle is empty");
    let checks = fs::read_to_string(folder.path().join("failed/verification.txt")).expect("the checks");
    assert!(checks.contains("OOM command not allowed"), "{checks}");

    assert_eq!(search.found, Vec::<String>::new());
    assert!(search.searched > 100_000, "only {} bytes were searched", search.searched);
}

/// Errors near a password, and about servers that do not answer.
fn errors(search: &mut Search, folder: &Path, name: &str, run: &dyn Fn(&str, &[&str]) -> Output) {
    let specs = [
        format!("kind: replication\nauth: {{password: {MARK}x, pasword: {MARK}y, users: [{{nam: a}}]}}\n"),
        format!("kind: replication\nauth:\n  password: [{MARK}x]\n  users: {MARK}y\n"),
        format!("kind: replication\nauth:\n  password: {MARK}x\n bad: : indent\n"),
        "kind: replication\nports: {base: \"${REDIS_PASSWORD}\"}\nauth: {password: \"${REDIS_PASSWORD}\"}\n"
            .to_owned(),
    ];
    for (number, spec) in specs.iter().enumerate() {
        let path = folder.join(format!("bad-{number}.yaml")).display().to_string();
        fs::write(&path, spec).expect("a spec");
        for verb in ["validate", "up", "plan"] {
            let output =
                with_passwords(&[verb, &path, "--output", if number % 2 == 0 { "text" } else { "json" }]);
            assert_eq!(output.status.code(), Some(2), "{verb} {spec}");
            search.output(&format!("{verb} {spec}").replace(MARK, "..."), &output);
        }
        // The spec itself belongs to the user.
        fs::remove_file(path).expect("the spec is there");
    }
    let set = format!("auth.pasword={MARK}x");
    search.output("--set", &run("up", &["--set", &set]));
    search.output("an unknown user", &with_passwords(&["cli", name, "--user", "nobody", "--", "PING"]));
    docker(&["pause", &format!("{name}-2")]);
    search.output("a frozen node's status", &with_passwords(&["status", name]));
    docker(&["unpause", &format!("{name}-2")]);
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn env_prints_passwords_and_says_so() {
    let deployment = Deployment::new("secrets-env");
    let port = deployment.port.to_string();
    let spec = ["secure", "--name", &deployment.name, "--image", REDIS_7, "--port-base", &port];
    let up = with_passwords(&["up"].into_iter().chain(spec).collect::<Vec<_>>());
    assert!(up.status.success(), "{}", String::from_utf8_lossy(&up.stderr));
    let env = with_passwords(&["env", &deployment.name, "--format", "github"]);
    let said = String::from_utf8_lossy(&env.stderr);
    assert!(String::from_utf8_lossy(&env.stdout).contains("REDIS_PASSWORD=Zq7primary+\"/ü\n"));
    assert!(said.contains("passwords") && !said.contains(MARK), "{said}");
}
