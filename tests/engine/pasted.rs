//! The command lines that `up` prints for users to paste. Each is run in a shell, with the client that it names.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use tempfile::TempDir;

use crate::support::{
    Deployment, REDIS_6, REDIS_7, REDIS_8, VALKEY_8, docker, end, own_name, succeed, texts,
};

/// The images of the clients, and the client's name in each.
const CLIENTS: [(&str, &str); 4] =
    [(REDIS_6, "redis-cli"), (REDIS_7, "redis-cli"), (REDIS_8, "redis-cli"), (VALKEY_8, "valkey-cli")];

/// A shell in which `redisctl` is this project's program, and `redis-cli` is that of an image.
struct Shell {
    folder: TempDir,
    container: String,
}

impl Shell {
    /// `number` distinguishes the shells of a test.
    fn new(test: &str, number: usize) -> Self {
        let (image, client) = CLIENTS[number];
        let folder = tempfile::Builder::new().prefix("redisctl-shell-").tempdir().expect("a folder");
        let container = own_name(&format!("{test}-client-{number}"));
        let shell = Self { folder, container };
        shell.remove();
        // A server without a port keeps the container alive.
        let mount = format!("{0}:{0}:ro", shell.path().display());
        let idle = ["--port", "0", "--unixsocket", "/tmp/idle", "--save", ""];
        let server = client.replace("cli", "server");
        let run = ["run", "--detach", "--name", &shell.container, "--network", "host"];
        let more = ["--user", "0", "--tmpfs", "/tmp", "--volume", &mount, "--entrypoint", &server, image];
        docker(&[&run[..], &more, &idle].concat());
        let container = &shell.container;
        shell.program(
            "redis-cli",
            &format!("exec docker exec -i -e REDISCLI_AUTH {container} {client} \"$@\""),
        );
        shell.program("redisctl", &format!("exec '{}' \"$@\"", env!("CARGO_BIN_EXE_redisctl")));
        shell
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn program(&self, name: &str, line: &str) {
        let path = self.path().join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{line}\n")).expect("a program");
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("a mode");
    }

    /// The output of a pasted line when `input` is typed after it.
    #[track_caller]
    fn paste(&self, line: &str, input: &str) -> String {
        let path = std::env::var("PATH").unwrap_or_default();
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(line).env("PATH", format!("{}:{path}", self.path().display()));
        // The files for TLS are in a folder that the client's container mounts.
        shell.env("XDG_CACHE_HOME", self.path().join("cache")).env_remove("REDISCLI_AUTH");
        shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = shell.spawn().expect("a shell");
        // A command that reads nothing may have ended.
        let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
        let output = end(child);
        let said = succeed(&output);
        assert!(!texts(&output).1.contains("AUTH"), "{line}\n{}", texts(&output).1);
        said
    }

    fn remove(&self) {
        let _ = Command::new("docker").args(["rm", "--force", &self.container]).output();
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        self.remove();
    }
}

/// Brings a spec up, and returns the lines of `up` under "connect with".
fn connect_with(deployment: &Deployment, yaml: &str) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let spec = folder.path().join("spec.yaml");
    std::fs::write(&spec, yaml).expect("a spec");
    let said = deployment.up(spec.to_str().expect("a path in UTF-8"), &[]);
    let (_, lines) = said.split_once("connect with\n").expect("lines to connect with");
    lines.lines().map_while(|line| line.strip_prefix("  ")).map(str::to_owned).collect()
}

/// Pastes a line, and asks for the user of the connection.
#[track_caller]
fn logs_in(shell: &Shell, line: &str, user: &str) {
    let said = shell.paste(line, "ACL WHOAMI\n");
    assert_eq!(said.trim().trim_matches('"'), user, "{line}");
}

/// In a spec, `$$` is a plain `$`.
const USERS: &str = r#"
  - {name: plain, password: secret, rules: ["~*", "&*", "+@all"]}
  - {name: "o$$d'd", password: "p@ss/w:rd?#%41 é+&'\"\\`$$x", rules: ["~*", "&*", "+@all"]}
  - {name: guest, rules: [nopass, "~*", "&*", "+@all"]}
  - {name: "off", password: secret, rules: ["off", "+@all"]}
"#;

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn pasted_lines_log_in_as_the_user_that_they_name() {
    let shop = Deployment::new("pasted");
    let yaml = format!("kind: sentinel\nauth:\n  password: \"p:@/?#[]% é'\\\"$$\"\n  users:{USERS}");
    let lines = connect_with(&shop, &yaml);
    assert_eq!(lines.len(), 6, "{lines:#?}");
    thread::scope(|scope| {
        for number in 0..CLIENTS.len() {
            let (shop, lines) = (&shop, &lines);
            scope.spawn(move || log_in_as_everybody(&Shell::new("pasted", number), number, shop, lines));
        }
    });
}

fn log_in_as_everybody(shell: &Shell, number: usize, shop: &Deployment, lines: &[String]) {
    for (line, user) in lines.iter().zip(["default", "plain", "o$d'd", "guest", "default"]) {
        logs_in(shell, line, user);
    }
    assert!(shell.paste(&lines[5], "").contains(&shop.port.to_string()), "{}", lines[5]);
    for (user, word) in [("default", "default"), ("o$d'd", r"'o$d'\''d'"), ("guest", "guest")] {
        logs_in(shell, &format!("redisctl cli {} --user {word}", shop.name), user);
        // redis-cli before 6.2 takes the password of a URL only.
        if user == "default" || CLIENTS[number].0 != REDIS_6 {
            let settings = format!("eval \"$(redisctl env {} --user {word})\"", shop.name);
            logs_in(
                shell,
                &format!("{settings} && unset REDISCLI_AUTH && redis-cli -u \"$REDIS_URL\""),
                user,
            );
        }
    }
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn pasted_lines_bring_the_files_for_tls() {
    let shop = Deployment::new("pasted-tls");
    let yaml = format!(
        "kind: cluster\nreplicas: 0\ntls: {{client_auth: true}}\nauth:\n  default: off\n  users:{USERS}"
    );
    let lines = connect_with(&shop, &yaml);
    assert_eq!(lines.len(), 4, "{lines:#?}");
    thread::scope(|scope| {
        for number in 0..CLIENTS.len() {
            let lines = &lines;
            scope.spawn(move || {
                let shell = Shell::new("pasted-tls", number);
                for (line, user) in lines.iter().zip(["plain", "o$d'd", "guest", "plain"]) {
                    logs_in(&shell, line, user);
                }
            });
        }
    });
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn pasted_lines_work_without_passwords_too() {
    let shop = Deployment::new("pasted-open");
    let lines = connect_with(&shop, "kind: standalone");
    assert_eq!(lines.len(), 3, "{lines:#?}");
    let shell = Shell::new("pasted-open", 1);
    logs_in(&shell, &lines[0], "default");
    logs_in(&shell, &format!("{} && redis-cli -u \"$REDIS_URL\"", lines[1]), "default");
    logs_in(&shell, &lines[2], "default");
}
