//! The settings of clients, for every kind and access.

use std::collections::BTreeMap;

use super::*;
use crate::spec::Spec;
use crate::topology::resolve::{Facts, resolve};

fn topology(yaml: &str) -> Topology {
    let spec: Spec = serde_yaml::from_str(yaml).unwrap();
    resolve(&spec, &Facts::offline("shop")).unwrap()
}

fn settings_of(
    topology: &Topology,
    credentials: &Credentials,
    user: Option<&str>,
    files: Option<&TlsFiles>,
) -> Result<ConnectionSettings, ConnectionError> {
    ConnectionSettings::new(topology, credentials, &topology.shards[0].primary, user, files)
}

fn text(yaml: &str, credentials: &Credentials, user: Option<&str>) -> String {
    let settings = settings_of(&topology(yaml), credentials, user, None).unwrap();
    settings.render(Format::Github).unwrap().expose().to_owned()
}

const SECURE: &str = "kind: replication
auth: {password: p, replica_password: r, users: [{name: regular, rules: ['+@read']}]}";

fn secure() -> Credentials {
    Credentials {
        operator: Some(SecretText::new("operator's")),
        replication: Some(SecretText::new("replication's")),
        default: Some(SecretText::new("p@ss/w:rd?#% é")),
        replica: Some(SecretText::new("replica's")),
        users: BTreeMap::from([("regular".to_owned(), SecretText::new("regular's"))]),
        certificates: None,
    }
}

#[test]
fn a_cluster_lists_every_endpoint() {
    insta::assert_snapshot!(text("kind: cluster\nreplicas: 0", &Credentials::default(), None), @"
    REDIS_URL=redis://127.0.0.1:7001
    REDIS_NODES=127.0.0.1:7001,127.0.0.1:7002,127.0.0.1:7003
    REDIS_HOST=127.0.0.1
    REDIS_PORT=7001
    ");
}

#[test]
fn clients_inside_the_network_get_addresses() {
    let text = text("kind: cluster\nreplicas: 0\naccess: network", &Credentials::default(), None);
    assert!(text.contains("REDIS_URL=redis://172.30.0.11:7001\n"), "{text}");
    assert!(text.contains("172.30.0.13:7003"), "{text}");
}

#[test]
fn sentinels_are_listed_apart_from_those_that_they_watch() {
    insta::assert_snapshot!(text("kind: sentinel", &Credentials::default(), None), @"
    REDIS_URL=redis://127.0.0.1:7001
    REDIS_NODES=127.0.0.1:7001,127.0.0.1:7002
    REDIS_HOST=127.0.0.1
    REDIS_PORT=7001
    REDIS_SENTINELS=127.0.0.1:7003,127.0.0.1:7004,127.0.0.1:7005
    REDIS_SENTINEL_MASTER=shop
    ");
}

#[test]
fn programs_log_in_at_sentinels_as_at_servers() {
    let yaml =
        "{kind: sentinel, image: IMAGE, auth: {password: p, users: [{name: regular, rules: ['+@read']}]}}";
    let sentinels = |image: &str, user| {
        let text = text(&yaml.replace("IMAGE", image), &secure(), user);
        let lines = text.lines().filter(|line| line.contains("SENTINEL_") && !line.contains("MASTER"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let password = "REDIS_SENTINEL_PASSWORD=p@ss/w:rd?#% é";
    assert_eq!(sentinels("redis:7.0", None), [password]);
    let regular = ["REDIS_SENTINEL_USERNAME=regular", "REDIS_SENTINEL_PASSWORD=regular's"];
    assert_eq!(sentinels("redis:7.0", Some("regular")), regular);
    assert_eq!(sentinels("redis:6.0", Some("regular")), [password]);
}

#[test]
fn the_default_user_is_named_in_the_url_alone_and_the_password_is_encoded_there() {
    insta::assert_snapshot!(text(SECURE, &secure(), None), @"
    REDIS_URL=redis://default:p%40ss%2Fw%3Ard%3F%23%25%20%C3%A9@127.0.0.1:7001
    REDIS_NODES=127.0.0.1:7001,127.0.0.1:7002
    REDIS_HOST=127.0.0.1
    REDIS_PORT=7001
    REDIS_PASSWORD=p@ss/w:rd?#% é
    REDISCLI_AUTH=p@ss/w:rd?#% é
    REDIS_REPLICA_PASSWORD=replica's
    ");
    assert_eq!(text(SECURE, &secure(), Some("default")), text(SECURE, &secure(), None));
}

#[test]
fn another_user_gets_their_own_password_and_no_other() {
    let text = text(SECURE, &secure(), Some("regular"));
    assert!(text.contains("REDIS_URL=redis://regular:regular%27s@127.0.0.1:7001\n"), "{text}");
    assert!(text.contains("REDIS_USERNAME=regular\nREDIS_PASSWORD=regular's\n"), "{text}");
    assert!(!text.contains("replica's") && !text.contains("p@ss"), "{text}");
}

#[test]
fn a_user_without_a_password_logs_in_with_any() {
    let yaml = "kind: standalone\nauth: {users: [{name: guest, rules: [nopass, '+@read']}]}";
    let text = text(yaml, &Credentials::default(), Some("guest"));
    assert!(text.contains("REDIS_URL=redis://guest:nopass@127.0.0.1:7001\n"), "{text}");
    assert!(text.contains("REDISCLI_AUTH=nopass\n"), "{text}");
}

#[test]
fn where_the_default_user_is_off_the_first_one_takes_its_place() {
    let yaml = "kind: standalone\nauth: {default: off, users: [{name: regular, rules: ['+@read']}]}";
    assert_eq!(text(yaml, &secure(), None), text(yaml, &secure(), Some("regular")));
    let error = settings_of(&topology(yaml), &secure(), Some("default"), None).unwrap_err();
    assert_eq!(error.to_string(), "`shop` has no user `default`");
    assert_eq!(error.hint(), "its users are regular");
    let nobody = topology("kind: standalone\nauth: {default: off}");
    let error = settings_of(&nobody, &secure(), None, None).unwrap_err();
    assert!(error.hint().contains("auth.users"), "{}", error.hint());
}

#[test]
fn redisctls_own_user_is_nobodys_to_have() {
    let error = settings_of(&topology(SECURE), &secure(), Some("redisctl"), None).unwrap_err();
    assert_eq!(error.to_string(), "`shop` has no user `redisctl`");
    assert_eq!(error.hint(), "its users are default, regular");
}

#[test]
fn with_tls_the_scheme_is_another_and_files_are_named() {
    let client = Some((PathBuf::from("/cache/client.pem"), PathBuf::from("/cache/client-key.pem")));
    let files = TlsFiles { ca: PathBuf::from("/cache/ca.pem"), client };
    let topology = topology("{kind: standalone, tls: {client_auth: true}}");
    let settings = settings_of(&topology, &Credentials::default(), None, Some(&files)).unwrap();
    insta::assert_snapshot!(settings.render(Format::Github).unwrap().expose(), @"
    REDIS_URL=rediss://127.0.0.1:7001
    REDIS_NODES=127.0.0.1:7001
    REDIS_HOST=127.0.0.1
    REDIS_PORT=7001
    REDIS_CA_FILE=/cache/ca.pem
    REDIS_CERT_FILE=/cache/client.pem
    REDIS_KEY_FILE=/cache/client-key.pem
    ");
}

#[test]
fn debug_output_shows_no_value() {
    let settings = settings_of(&topology(SECURE), &secure(), None, None).unwrap();
    let debug = format!("{settings:?} {:?}", settings.render(Format::Shell).unwrap());
    assert!(!debug.contains("p@ss") && !debug.contains("127.0.0.1"), "{debug}");
}

#[test]
fn after_a_failover_it_is_the_new_primary_that_is_dialled() {
    let topology = topology("{kind: replication, auth: {password: p, replica_password: r}}");
    let password = |text| Some(SecretText::new(text));
    let credentials =
        Credentials { default: password("p"), replica: password("r"), ..Credentials::default() };
    let promoted = &topology.shards[0].replicas[0];
    let settings = ConnectionSettings::new(&topology, &credentials, promoted, None, None).unwrap();
    assert_eq!(settings.get("REDIS_URL").unwrap().expose(), "redis://default:r@127.0.0.1:7002");
    assert_eq!(settings.get("REDIS_NODES").unwrap().expose(), "127.0.0.1:7001,127.0.0.1:7002");
}
