//! Stored data keeps its meaning, also if an earlier release wrote it.

use redisctl::deployment::SpecSource;
use redisctl::spec::SecretText;
use redisctl::topology::container::{ContainerSettings, containers};
use redisctl::topology::stored_format::{NewerFormat, VERSION, read, write};
use redisctl::topology::{Credentials, Learned, SpecField, Topology};

use crate::rig::topology;

/// A deployment of each sort: its spec, and the data that redisctl 0.1 stored for it (format 1). The data is the
/// file, and the label `io.redisctl.settings` of each container. To be short, the file has no certificates and keys.
macro_rules! stored {
    ($($name:literal: $spec:literal,)*) => {
        [$((
            $spec,
            include_str!(concat!("stored/format_1/", $name, ".json")),
            include_str!(concat!("stored/format_1/", $name, ".labels")),
        ),)*]
    };
}

const FORMAT_1: [(&str, &str, &str); 8] = stored! {
    "standalone": "{kind: standalone, image: 'valkey/valkey:8.1', data: volume, resources: {memory: 128mb, cpus: 0.5}, labels: {team: shop}}",
    "standalone-tls": "{kind: standalone, tls: {client_auth: true}}",
    "replication": "{kind: replication, config: {maxmemory: 64mb}}",
    "replication-auth": "{kind: replication, replicas: 2, auth: {password: p, replica_password: r, users: [{name: app, password: a, rules: ['~app:*', '+@read']}, {name: gone, rules: ['off', '+ping']}]}}",
    "cluster": "{kind: cluster, shards: 2, auth: {password: p}, data: volume}",
    "cluster-network": "{kind: cluster, access: network, replicas: 0, image: 'redis:6.2', nodes: {shop-2: {port: 7100, config: {maxmemory: 1mb}}}}",
    "sentinel": "{kind: sentinel}",
    "sentinel-auth-tls": "{kind: sentinel, sentinels: 1, auth: {default: off, users: [{name: app, password: a, rules: ['~*', '+@all']}]}, tls: true, data: volume}",
};

/// The stored passwords of a topology: `o` for the operator, `n` for the replication, and so on.
fn passwords(topology: &Topology) -> Credentials {
    let mut passwords = Credentials::default();
    if let Some(auth) = &topology.auth {
        let secret = |text: &str| Some(SecretText::new(text));
        passwords.operator = secret("o");
        passwords.replication = secret("n");
        passwords.default = secret("p").filter(|_| auth.default_password);
        passwords.replica = secret("r").filter(|_| auth.replica_password);
        let users = auth.users.iter().filter(|user| user.name == "app");
        passwords.users = users.map(|user| (user.name.clone(), SecretText::new("a"))).collect();
    }
    passwords
}

#[test]
fn files_of_format_1_are_read() {
    for (spec, file, _) in FORMAT_1 {
        let expected = topology(spec);
        let (read, mut credentials) = read(file).expect("a known format").expect("a stored deployment");
        assert_eq!(read, expected, "{spec}");
        let certificates = credentials.certificates.take();
        assert_eq!(credentials, passwords(&expected), "{spec}");
        let nodes = if expected.tls.is_some() { expected.nodes() } else { Vec::new() };
        assert_eq!(certificates.is_some(), !nodes.is_empty(), "{spec}");
        for node in nodes {
            let pair = certificates.as_ref().and_then(|certificates| certificates.of_node(&node.name));
            assert!(pair.is_some_and(|pair| pair.key.expose().contains("no key")), "{spec}: {}", node.name);
        }
    }
}

#[test]
fn labels_of_format_1_are_read() {
    for (spec, _, labels) in FORMAT_1 {
        let read: Vec<ContainerSettings> =
            labels.lines().map(|label| serde_json::from_str(label).expect("a label")).collect();
        let wanted = containers(&topology(spec));
        assert_eq!(read.len(), wanted.len(), "{spec}");
        for (wanted, read) in wanted.iter().zip(&read) {
            // Version 1 left out directives that running servers can change.
            let differences = wanted.differences(read);
            let expected =
                wanted.settings_at_start.iter().map(|(name, _)| SpecField::Directive(name.to_owned()));
            assert_eq!(differences, expected.collect::<Vec<_>>(), "{spec}");
        }
    }
}

#[test]
fn what_is_written_is_read_back() {
    for (spec, file, _) in FORMAT_1 {
        let (topology, credentials) = read(file).expect("a known format").expect("a stored deployment");
        let written = write(&topology, &credentials);
        assert_eq!(read(written.expose()), Ok(Some((topology, credentials))), "{spec}");
    }
}

/// A difference here is a change of the stored format. If the previous release cannot read it, the format gets the
/// next version, and fixtures of the old version are added to this folder.
#[test]
fn the_format_changes_with_its_version_only() {
    assert_eq!(VERSION, 3);
    let topology = topology("{kind: replication, auth: {password: p}}");
    let pretty = |value: &serde_json::Value| serde_json::to_string_pretty(value).expect("plain data");
    let file = write(&topology, &passwords(&topology));
    let file: serde_json::Value = serde_json::from_str(file.expose()).expect("the file is JSON");
    insta::assert_snapshot!("file", pretty(&file));
    let label = serde_json::to_value(&containers(&topology)[0]).expect("plain data");
    insta::assert_snapshot!("label", pretty(&label));
}

#[test]
fn a_file_of_a_newer_redisctl_is_not_guessed_at() {
    let topology = topology("kind: cluster");
    let written = write(&topology, &Credentials::default());
    let newer = written.expose().replace("\"version\":2", "\"version\":4");
    assert_eq!(read(&newer), Err(NewerFormat { found: "4".to_owned() }));
}

/// The image of `stored/learned_1.json`.
const IMAGE: &str = "sha256:0123";

/// What version 1 of the file with the learned directives says is understood.
#[test]
fn learned_directives_of_version_1_are_read() {
    let file = include_str!("stored/learned_1.json");
    let learned = Learned::read(file, IMAGE);
    assert!(learned.is_same("maxclients", "1048544", "2000000"));
    assert!(learned.is_same("lua-time-limit", "4000", "4e3"), "an old name");
    assert!(!learned.is_same("maxclients", "10000", "2000000"));
    assert_eq!(learned.to_set("maxclients", "2000000"), "1048544");
    assert_eq!(learned.default_of("hz"), Some("10"));
    assert_eq!((learned.is_live("hz"), learned.is_live("databases")), (Some(true), Some(false)));
    let known = topology("{kind: standalone, config: {maxclients: 2000000}}");
    assert_eq!(learned.to_ask_about(&known, None).len(), 0);
    // It is written as it was read: a new version needs a new fixture.
    assert_eq!(learned.write(), file.trim_end());
}

/// Another machine brings the deployment up and verifies it without the file.
#[test]
fn directives_of_a_file_are_stored_and_its_path_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("a file");
    write("shop.yaml", "{kind: sentinel, config_file: my-redis.conf}");
    write("my-redis.conf", "maxmemory 64mb\nsave 900 1\nsave 300 10\n");
    let resolved = || {
        let spec = SpecSource::file(folder.path().join("shop.yaml")).read().expect("a spec");
        spec.topology().clone()
    };
    let before = resolved();
    for server in before.servers() {
        assert_eq!(server.settings.get("maxmemory"), Some("64mb"));
        assert_eq!(server.settings.get("save"), Some("900 1 300 10"));
    }
    assert!(before.sentinels.iter().all(|sentinel| sentinel.settings.get("maxmemory").is_none()));
    let stored = write_stored(&before);
    assert!(stored.contains("64mb") && !stored.contains("my-redis"), "{stored}");

    write("my-redis.conf", "maxmemory 32mb\ndatabases 4\n");
    let settings = containers(&resolved());
    let changed: Vec<_> =
        containers(&before).iter().zip(&settings).map(|(one, other)| one.differences(other)).collect();
    let directive = |name: &str| SpecField::Directive(name.to_owned());
    let changes = [directive("databases"), directive("maxmemory"), directive("save")];
    assert!(changed.iter().any(|changed| *changed == changes), "{changed:?}");
}

/// Everything that a deployment stores.
fn write_stored(topology: &Topology) -> String {
    let labels = serde_json::to_string(&containers(topology)).expect("plain data");
    labels + write(topology, &Credentials::default()).expose()
}

/// An earlier release would take the nodes on other engines for missing ones.
#[test]
fn a_deployment_on_several_engines_has_a_format_of_its_own() {
    let shop = topology(
        "{kind: cluster, ports: {bind: 0.0.0.0}, engines: {a: {host: 'tcp://one:2375'}, b: {context: two}}}",
    );
    let text = write(&shop, &Credentials::default()).expose().to_owned();
    assert!(text.contains("\"version\":3"), "{text}");
    let (read, _) = read(&text).expect("a known format").expect("a stored deployment");
    assert_eq!(read, shop);
    let alone = write(&topology("{kind: cluster}"), &Credentials::default()).expose().to_owned();
    assert!(alone.contains("\"version\":2") && !alone.contains("engine"), "{alone}");
}
