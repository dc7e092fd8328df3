//! Users and passwords on running servers: changed under clients, reset after drift, added, removed, and the default
//! user switched off.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use redis::{Connection, ErrorKind, RedisResult};

use crate::support::{
    Deployment, REDIS_6, REDIS_7, REDIS_8, VALKEY_8, connect, docker, fail_with, redisctl, succeed,
};

/// The interval of a client's logins. Without it, logins would fill the kernel's table of connections, and no process
/// on this machine could connect any more.
const PACE: Duration = Duration::from_millis(20);

/// A deployment with its own spec.
struct Specified {
    deployment: Deployment,
    folder: tempfile::TempDir,
}

impl Specified {
    fn new(test: &str) -> Self {
        Self { deployment: Deployment::new(test), folder: tempfile::tempdir().expect("a folder") }
    }

    /// The path of the spec, with this new text.
    fn spec(&self, yaml: &str) -> String {
        let path = self.folder.path().join("spec.yaml");
        std::fs::write(&path, yaml).expect("a spec file");
        path.to_str().expect("a path in UTF-8").to_owned()
    }

    /// Brings it to a spec and verifies it. The next plan must be empty.
    #[track_caller]
    fn up(&self, yaml: &str, image: &str) {
        let spec = self.spec(yaml);
        self.deployment.up(&spec, &["--image", image]);
        self.deployment.verify();
        assert_eq!(self.deployment.changes(&spec, &["--image", image]), 0, "{image}: {yaml}");
    }

    /// A new connection to a node, logged in.
    fn log_in(&self, number: u16, user: &str, password: &str) -> RedisResult<Connection> {
        let settings = redis::RedisConnectionInfo::default().set_username(user).set_password(password);
        let address = redis::ConnectionAddr::Tcp("127.0.0.1".to_owned(), self.deployment.port + number - 1);
        let information = redis::IntoConnectionInfo::into_connection_info(address)?;
        connect(information.set_redis_settings(settings))
    }

    /// A command as redisctl's own user.
    #[track_caller]
    fn cli(&self, node: &str, command: &[&str]) -> String {
        let arguments = ["cli", &self.deployment.name, node, "--"];
        succeed(&redisctl(&arguments.iter().chain(command).copied().collect::<Vec<_>>()))
    }
}

fn ping(connection: &mut Connection) -> RedisResult<String> {
    redis::cmd("PING").query(connection)
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn passwords_are_rotated_under_clients() {
    let it = Specified::new("rotation");
    rotate_under_clients(
        &it,
        "kind: replication\nreplicas: 2",
        &[("default", &[1, 2, 3]), ("app", &[1, 2, 3])],
    );
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn passwords_are_rotated_under_clients_of_sentinels() {
    let it = Specified::new("rotation-sentinel");
    // Sentinels only have the default user.
    rotate_under_clients(
        &it,
        "kind: sentinel\nreplicas: 2",
        &[("default", &[1, 2, 3, 4, 5, 6]), ("app", &[1, 2, 3])],
    );
    let primary = it.cli("4", &["SENTINEL", "GET-MASTER-ADDR-BY-NAME", &it.deployment.name]);
    assert!(primary.contains(&it.deployment.port.to_string()), "the sentinels failed over: {primary}");
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn passwords_are_rotated_under_clients_of_one_server_and_of_a_cluster() {
    rotate_under_clients(
        &Specified::new("rotation-1"),
        "kind: standalone",
        &[("default", &[1]), ("app", &[1])],
    );
    let all = [1, 2, 3, 4, 5, 6];
    rotate_under_clients(&Specified::new("rotation-6"), "kind: cluster", &[("default", &all), ("app", &all)]);
}

/// Tells the clients to stop when it is dropped, so that they also end if `up` fails.
struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Changes the passwords of users while some clients log in to nodes repeatedly, and other clients stay connected.
fn rotate_under_clients(it: &Specified, shape: &str, users: &[(&str, &[u16])]) {
    let spec = |password: &str| {
        let users = format!("users: [{{name: app, password: {password}, rules: ['~*', '&*', '+@all']}}]");
        format!("{shape}\nauth:\n  password: {password}\n  {users}\n")
    };
    it.up(&spec("old"), REDIS_7);
    let full_copies = || {
        let info = it.cli("1", &["INFO", "stats"]);
        info.lines().find(|line| line.starts_with("sync_full")).map(str::to_owned)
    };
    let before = full_copies();
    let containers = it.deployment.containers();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for (user, nodes) in users {
            for node in *nodes {
                let done = &done;
                scope.spawn(move || {
                    let mut stays = it.log_in(*node, user, "old").expect("the old password");
                    let mut password = "old";
                    while !done.load(Ordering::Relaxed) {
                        ping(&mut stays).expect("who is logged in stays so");
                        match it.log_in(*node, user, password) {
                            Ok(mut connection) => drop(ping(&mut connection).expect("a log-in is good")),
                            Err(error) if password == "old" => {
                                assert_eq!(error.kind(), ErrorKind::AuthenticationFailed, "{error}");
                                // No client is refused before the new password is accepted everywhere.
                                for other in *nodes {
                                    it.log_in(*other, user, "new").expect("the new password");
                                }
                                password = "new";
                            }
                            Err(error) => panic!("{user} at {node}: {error}"),
                        }
                        thread::sleep(PACE);
                    }
                    assert_eq!(password, "new", "{user} at {node}: the old password was let in to the end");
                });
            }
        }
        let _told = Done(&done);
        it.up(&spec("new"), REDIS_7);
    });
    assert_eq!(it.deployment.containers(), containers, "the rotation touched a container");
    assert_eq!(full_copies(), before, "a replica had to be copied anew");
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn users_changed_by_hand_are_set_back_and_a_restart_keeps_them() {
    let it = Specified::new("user-drift");
    let yaml = "kind: replication
auth:
  password: generate
  users: [{name: regular, rules: ['~*', '+@read', '-@dangerous', '+ping']}, {name: other, rules: ['+ping']}]
";
    it.up(yaml, REDIS_8);
    it.cli("2", &["ACL", "SETUSER", "regular", "+set"]);
    it.cli("2", &["ACL", "DELUSER", "other"]);
    it.cli("2", &["ACL", "SETUSER", "x", "on", "nopass", "+@all"]);
    it.cli("2", &["ACL", "SAVE"]);
    it.cli("1", &["ACL", "DELUSER", "redisctl"]);
    let plan = succeed(&it.deployment.run("plan", &it.spec(yaml), &["--image", REDIS_8]));
    for says in [
        "user `regular` differs in its rules",
        "user `other` not found",
        "user `x` is not of the spec",
        "user `redisctl` not found",
    ] {
        assert!(plan.contains(says), "{plan}");
    }
    it.up(yaml, REDIS_8);
    docker(&["restart", &it.deployment.node(1), &it.deployment.node(2)]);
    it.up(yaml, REDIS_8);
    assert!(!it.cli("2", &["ACL", "LIST"]).contains("user x "));
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_cluster_works_with_the_default_user_switched_off() {
    let it = Specified::new("default-off");
    let users = "users: [{name: app, rules: ['~app:*', '&app:*', '+@all', '-@dangerous']}]";
    it.up(&format!("kind: cluster\nauth:\n  default: off\n  {users}\n"), VALKEY_8);
    let refused = redis::cmd("GET").arg("a").query::<Option<String>>(&mut it.deployment.connect(1));
    assert_eq!(refused.expect_err("nobody is let in").code(), Some("NOAUTH"));
    let settings = succeed(&redisctl(&["env", &it.deployment.name, "--format", "dotenv"]));
    assert!(settings.contains("REDIS_USERNAME=app"), "{settings}");
    let report = it.deployment.verify();
    let checks: Vec<&str> = report["checks"]
        .as_array()
        .expect("checks")
        .iter()
        .filter_map(|check| check["name"].as_str())
        .collect();
    for check in ["no-password", "default-off", "user-allows", "user-denies", "acl-agreement"] {
        assert_eq!(
            checks.iter().filter(|name| **name == check).count(),
            if check == "acl-agreement" { 1 } else { 6 },
            "{checks:?}"
        );
    }
}

/// Rules that servers return in other words, or that are easily misunderstood.
const TRICKY: &str = "auth:
  password: p
  users:
    - {name: a, rules: ['~a', '~a', '~b:*', '+@all', '-@dangerous', '+config', '+info']}
    - {name: b, rules: ['~*', '+@read', '+@write', '-@hash', '+hget', '-get', '+GET']}
    - {name: c, rules: ['~x', resetkeys, '~y', '&c', '+config|get', '+select|0', '+@read', '-@read']}
    - {name: d, rules: [nopass, '~*', '&*', allcommands]}
    - {name: e, rules: ['off', '~*', '+@all', '-@all', '+ping']}
";

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn auth_is_added_changed_and_removed_on_every_server() {
    for image in [REDIS_6, REDIS_7, REDIS_8, VALKEY_8] {
        let server = image.rsplit('/').next().unwrap_or(image).replace([':', '.'], "-");
        let it = Specified::new(&format!("auth-{server}"));
        it.up("kind: replication\n", image);
        let containers = it.deployment.containers();
        it.up(&format!("kind: replication\n{TRICKY}"), image);
        let limited = "{name: default, rules: ['~*', '+@read', '+ping']}";
        it.up(&format!("kind: replication\nauth:\n  password: q\n  users: [{limited}]\n"), image);
        it.up(
            "kind: replication\nauth:\n  default: off\n  users: [{name: app, rules: ['~*', '+@read']}]\n",
            image,
        );
        it.up("kind: replication\n", image);
        assert_eq!(it.deployment.containers(), containers, "{image}: a container was touched");
        assert_eq!(ping(&mut it.deployment.connect(2)).expect("no log-in is needed"), "PONG");
    }
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn auth_is_added_changed_and_removed_under_sentinels() {
    for image in [REDIS_7, VALKEY_8] {
        let server = image.rsplit('/').next().unwrap_or(image).replace([':', '.'], "-");
        let it = Specified::new(&format!("auth-sentinel-{server}"));
        it.up("kind: sentinel\n", image);
        let containers = it.deployment.containers();
        it.up(&format!("kind: sentinel\n{TRICKY}"), image);
        // The changes are in their files, too.
        for restarted in [2, 3, 5] {
            docker(&["restart", &it.deployment.node(restarted)]);
        }
        it.up(&format!("kind: sentinel\n{TRICKY}"), image);
        it.up("kind: sentinel\nauth:\n  password: q\n", image);
        it.up(
            "kind: sentinel\nauth:\n  default: off\n  users: [{name: app, rules: ['~*', '+@read']}]\n",
            image,
        );
        let report = it.deployment.verify();
        let checks = report["checks"].as_array().expect("checks").iter();
        let discovers = checks.filter(|check| check["name"] == "user-discovers").count();
        assert_eq!(discovers, 3, "clients find the primary as the user that they are: {report:#}");
        it.up("kind: sentinel\n", image);
        docker(&["restart", &it.deployment.node(4)]);
        it.up("kind: sentinel\n", image);
        let ids = |containers: &str| {
            containers.lines().map(|line| line.split(' ').next().map(str::to_owned)).collect::<Vec<_>>()
        };
        assert_eq!(ids(&it.deployment.containers()), ids(&containers), "{image}: a container was made anew");
        assert_eq!(ping(&mut it.deployment.connect(4)).expect("no log-in is needed"), "PONG");
    }
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn old_sentinels_keep_their_password_and_servers_get_users() {
    let it = Specified::new("auth-sentinel-old");
    it.up("kind: sentinel\nauth: {password: p}\n", REDIS_6);
    let users = "users: [{name: app, password: a, rules: ['~*', '+get']}]";
    it.up(&format!("kind: sentinel\nauth:\n  password: p\n  {users}\n"), REDIS_6);
    it.log_in(1, "app", "a").expect("the new user");
    let spec = it.spec("kind: sentinel\nauth: {password: q}\n");
    let refused = fail_with(&it.deployment.run("up", &spec, &["--image", REDIS_6]), 1);
    assert!(refused.contains("sentinels before Redis 6.2"), "{refused}");
    it.deployment.up(&spec, &["--image", REDIS_6, "--recreate"]);
    it.deployment.verify();
}

/// Users with a proof for every sort of rule. Rules that only newer servers know are separate.
const EVERY_SORT: &str = "kind: replication
auth:
  password: p
  users:
    - {name: wide, rules: ['~*', '&*', '+@all', '-@dangerous', '-flushall', '-debug']}
    - {name: narrow, rules: ['~app:*', '~counter', '~[xy]?:*', '&app:*', '&news', '+@read', '+@hash', '+set', '+publish', '-dbsize']}
    - {name: reset, rules: ['~a:*', resetkeys, '~b:*', '&c', resetchannels, '&d:*', '+@all', nocommands, '+config|get', '+get', '+publish']}
    - {name: nothing, rules: ['+ping']}
";

const OF_NEWER_SERVERS: &str =
    "    - {name: halves, rules: ['%R~shared:*', '%W~log:*', '%RW~own:*', '+@all', '-config|set', '-@admin']}
    - {name: selects, rules: ['~a:*', '+get', '(~b:* +@write -del)', '(%R~c +@list &e:* +publish)']}
";

/// The rules without a proof, and the number of checks for users.
fn shown(report: &serde_json::Value) -> (Vec<&str>, usize) {
    let checks = report["checks"].as_array().expect("checks");
    let of_users =
        checks.iter().filter(|check| check["name"].as_str().is_some_and(|n| n.starts_with("user-")));
    let details: Vec<&str> = of_users.filter_map(|check| check["detail"].as_str()).collect();
    let unshown = details.iter().filter_map(|detail| Some(detail.split_once("no request shows ")?.1));
    (unshown.collect(), details.len())
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn every_rule_is_proved_on_every_server() {
    for image in [REDIS_7, REDIS_8, VALKEY_8] {
        let server = image.rsplit('/').next().unwrap_or(image).replace([':', '.'], "-");
        let it = Specified::new(&format!("rules-{server}"));
        it.up(&format!("{EVERY_SORT}{OF_NEWER_SERVERS}"), image);
        assert_eq!(shown(&it.deployment.verify()), (Vec::new(), 24), "{image}");
    }
    let it = Specified::new("rules-redis-6-0");
    it.up(EVERY_SORT, REDIS_6);
    // Without dry runs, this rule cannot be proved harmlessly.
    let unshown = "`~counter`";
    let report = it.deployment.verify();
    let (unshown_there, checks) = shown(&report);
    assert_eq!(checks, 16);
    assert!(unshown_there.iter().any(|rules| rules.contains(unshown)), "{unshown_there:?}");
    assert!(unshown_there.iter().any(|rules| rules.contains("`-flushall`")), "{unshown_there:?}");
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_server_that_allows_or_denies_too_much_is_found_by_its_users() {
    let it = Specified::new("rules-broken");
    let users = "users: [{name: app, rules: ['~app:*', '+@read', '+set', '-get']}]";
    it.up(&format!("kind: standalone\nauth:\n  password: p\n  {users}\n"), REDIS_7);
    for (change, check, says) in [
        ("+get", "user-denies", "expected the error NOPERM"),
        ("+flushall", "acl-agreement", "other rules"),
        ("-set", "user-allows", "NOPERM"),
        ("allkeys", "user-denies", "expected the error NOPERM"),
    ] {
        it.cli("1", &["ACL", "SETUSER", "app", change]);
        let verified = redisctl(&["--output", "json", "verify", &it.deployment.name]);
        let report: serde_json::Value = serde_json::from_slice(&verified.stdout).expect("a report");
        let failed = report["checks"].as_array().expect("checks").iter().find(|one| {
            one["name"] == check && one["detail"].as_str().is_some_and(|detail| detail.contains(says))
        });
        assert!(verified.status.code() == Some(1) && failed.is_some(), "{change}: {report:#}");
        it.cli("1", &["ACL", "LOAD"]);
    }
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_rule_that_the_server_does_not_know_is_refused_before_anything_is_made() {
    let it = Specified::new("unknown-rule");
    let yaml = |rule: &str| {
        format!(
            "kind: standalone\nauth:\n  password: p\n  users:\n  - {{name: a, rules: ['~*', '{rule}']}}\n"
        )
    };
    let refused = |rule: &str, image: &str| {
        let spec = it.spec(&yaml(rule));
        let error = fail_with(&it.deployment.run("up", &spec, &["--image", image]), 2);
        assert!(error.contains("refuses the rule") && error.contains("spec.yaml:5:"), "{rule}: {error}");
        error
    };
    for image in [REDIS_6, REDIS_7, VALKEY_8] {
        assert!(refused("+@nosuch", image).contains("`+@nosuch`"));
        assert_eq!(it.deployment.leftovers(), Vec::<String>::new());
    }
    refused("+getex", REDIS_6);
    it.up(&yaml("+getex"), REDIS_7);
    // The running server keeps its users.
    refused("+json.get", REDIS_7);
    it.up(&yaml("+getex"), REDIS_7);
}
