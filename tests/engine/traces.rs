//! Traces of redisctl on servers: none that a user has not asked for.

use redis::{Cmd, IntoConnectionInfo as _, RedisConnectionInfo, Value, cmd};

use crate::support::{Deployment, REDIS_6, REDIS_7, REDIS_8, VALKEY_9, connect, redisctl, succeed};

const USERS: &str = "[{name: app, password: app, rules: [\"~app:*\", +@read, +ping, +cluster|slots]}]";

/// A node in the view of the default user.
struct Seen {
    connection: redis::Connection,
}

impl Seen {
    fn new(shop: &Deployment, number: u16, password: bool) -> Self {
        // An ordinary client sends its library name, which old servers count as an error.
        let quiet = RedisConnectionInfo::default().set_skip_set_lib_name();
        let address = ("127.0.0.1", shop.port + number - 1).into_connection_info().expect("an address");
        let mut connection = connect(address.set_redis_settings(quiet)).expect("a connection");
        if password {
            cmd("AUTH").arg("secret").exec(&mut connection).expect("a log-in");
        }
        Self { connection }
    }

    fn ask<T: redis::FromRedisValue>(&mut self, command: &str) -> T {
        let mut words = command.split(' ');
        let mut packed = Cmd::new();
        words.by_ref().for_each(|word| {
            packed.arg(word);
        });
        packed.query(&mut self.connection).unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    /// The names in a section of INFO that begin with a prefix.
    fn statistics(&mut self, section: &str, prefix: &str) -> Vec<String> {
        let text: String = self.ask(&format!("INFO {section}"));
        let names = text.lines().filter_map(|line| line.strip_prefix(prefix)?.split(':').next());
        names.map(str::to_owned).collect()
    }

    /// No keys, users, clients or entries in logs of redisctl's.
    #[track_caller]
    fn is_clean(&mut self, users: &[&str]) {
        let keys: u64 = self.ask("DBSIZE");
        assert_eq!(keys, 0);
        let found: Vec<String> = self.ask("ACL USERS");
        assert_eq!(found, users);
        let log: Value = self.ask("ACL LOG");
        assert_eq!(log, Value::Array(Vec::new()));
        self.has_no_client_of_redisctl();
    }

    /// Replicas and their primaries are clients, too. Sentinels log in as redisctl's user.
    #[track_caller]
    fn has_no_client_of_redisctl(&mut self) {
        let clients: String = self.ask("CLIENT LIST");
        let others = |line: &&str| {
            let has = |field: &str| line.split(' ').any(|word| word.starts_with(field));
            !(has("flags=S") || has("flags=M") || has("name=sentinel-") || has("cmd=client"))
        };
        assert_eq!(clients.lines().filter(others).collect::<Vec<_>>(), Vec::<&str>::new());
    }
}

/// Right after `up`, the statistics only hold the deployment's own commands, and the reset of the statistics.
#[track_caller]
fn statistics_are_new(seen: &mut Seen) {
    let allowed = ["config", "config|resetstat", "replconf", "ping", "publish", "info", "psync", "auth"];
    let asked = ["acl|users", "acl|log", "acl", "slowlog|len", "slowlog", "client|list", "client", "dbsize"];
    let commands = seen.statistics("commandstats", "cmdstat_");
    let strange = |name: &&String| !allowed.contains(&name.as_str()) && !asked.contains(&name.as_str());
    assert_eq!(commands.iter().filter(strange).collect::<Vec<_>>(), Vec::<&String>::new());
    assert_eq!(seen.statistics("errorstats", "errorstat_"), Vec::<String>::new());
}

fn a_deployment_is_clean(test: &str, image: &str, topology: &str, nodes: u16, more: &[&str]) {
    let shop = Deployment::new(test);
    let more = [&["--image", image][..], more].concat();
    shop.up(topology, &more);
    let password = more.iter().any(|word| word.contains("password"));
    let users: &[&str] =
        if password { &["app", "default", "redisctl", "redisctl-replication"] } else { &["default"] };
    for number in 1..=nodes {
        let mut seen = Seen::new(&shop, number, password);
        statistics_are_new(&mut seen);
        seen.is_clean(users);
    }
    shop.verify();
    for number in 1..=nodes {
        Seen::new(&shop, number, password).is_clean(users);
    }
    // The entries of other clients stay.
    if password {
        succeed(&redisctl(&["cli", &shop.name, "1", "--user", "app", "--", "PING"]));
        let mut stranger = shop.connect(1);
        let refused = cmd("AUTH").arg("no").exec(&mut stranger);
        assert!(refused.is_err_and(|error| error.code() == Some("WRONGPASS")));
        shop.verify();
        let log: Vec<Value> = Seen::new(&shop, 1, password).ask("ACL LOG");
        assert!(!log.is_empty());
    }
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_cluster_is_clean() {
    a_deployment_is_clean("traces-cluster", VALKEY_9, "cluster", 6, &[]);
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_cluster_with_users_is_clean() {
    let users = format!("auth.users={USERS}");
    let more = ["--set", "auth.password=secret", "--set", &users];
    a_deployment_is_clean("traces-users", REDIS_7, "cluster", 6, &more);
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn sentinels_and_their_servers_are_clean() {
    let users = format!("auth.users={}", USERS.replace(", +cluster|slots", ""));
    let more = ["--set", "auth.password=secret", "--set", &users];
    a_deployment_is_clean("traces-sentinel", REDIS_8, "sentinel", 2, &more);
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn an_old_server_is_clean() {
    a_deployment_is_clean("traces-old", REDIS_6, "replica", 2, &[]);
}

/// With this threshold, the slow log has every command: those of a whole `up` would be over a hundred.
#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn the_slow_log_begins_with_its_reset() {
    let shop = Deployment::new("traces-slow");
    shop.up("standalone", &["--set", "config.slowlog-log-slower-than=0"]);
    let log: Vec<Vec<Value>> = cmd("SLOWLOG")
        .arg("GET")
        .arg(-1)
        .query(&mut Seen::new(&shop, 1, false).connection)
        .expect("a slow log");
    let words = |entry: Vec<Value>| -> Vec<String> {
        redis::from_redis_value(entry[3].clone()).expect("the words of a command")
    };
    let mut commands: Vec<String> = log.into_iter().map(|entry| words(entry).join(" ")).collect();
    commands.reverse();
    assert_eq!(commands, ["SLOWLOG RESET", "CONFIG RESETSTAT"]);
}
