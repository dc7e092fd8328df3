//! The messages for bad specs, and the parsed form of good specs.

use proptest::prelude::*;

use super::*;

type NoFiles = std::collections::BTreeMap<std::path::PathBuf, Vec<u8>>;

use crate::spec::{Access, DataSpec, Password, PortBase, Scalar, SecretText, SpecKind, TlsSpec};

fn read_with(text: &str, variables: &[(&str, &str)], overrides: &[&str]) -> Result<Document, SpecError> {
    let variable = |name: &str| {
        variables.iter().find(|(variable, _)| *variable == name).map(|(_, value)| (*value).to_owned())
    };
    let overrides: Vec<Override> = overrides.iter().map(|text| text.parse().unwrap()).collect();
    let source = Source { name: "shop.yaml".to_owned(), text: text.to_owned() };
    read(
        source,
        &Inputs { variable: &variable, overrides: &overrides, folder: Path::new(""), files: &NoFiles::new() },
    )
}

fn good(text: &str) -> Spec {
    read_with(text, &[], &[]).unwrap_or_else(|error| panic!("{}", error.render(false))).spec
}

fn bad(text: &str) -> String {
    read_with(text, &[], &[]).unwrap_err().render(false)
}

mod bad;

/// The full example of the documentation.
const FULL: &str = r#"
name: shop                  # default: the file's stem
kind: cluster               # standalone | replication | sentinel | cluster
image: redis:8              # any Redis or Valkey image
shards: 3
replicas: 1
sentinels: 3
network:
  subnet: 172.30.7.0/24     # default: the first free one
ports:
  base: 7001                # or `auto`
  bind: 127.0.0.1
access: host
auth:
  password: ${REDIS_PASSWORD:?set it}   # literal, ${…}, {file: PATH} or `generate`
  replica_password: generate
  users:
    - name: regular
      password: generate
      rules: ["~*", "+@read"]
tls: false
config:
  maxmemory: 64mb
  maxmemory-policy: allkeys-lru
data: ephemeral
resources: {memory: 128mb, cpus: 0.5}
labels: {team: checkout}
nodes:
  shop-4: {ip: 172.30.7.50, port: 7104, config: {maxmemory: 128mb}}
"#;

#[test]
fn a_kind_is_enough() {
    let spec = good("kind: cluster");
    assert_eq!(spec.kind, SpecKind::Cluster);
    assert_eq!((spec.name, spec.shards, spec.auth, spec.nodes), (None, None, None, None));
}

#[test]
fn the_full_example_is_read() {
    let spec = read_with(FULL, &[("REDIS_PASSWORD", "12345")], &[]).unwrap().spec;
    assert_eq!(spec.name.as_deref(), Some("shop"));
    assert_eq!((spec.shards, spec.replicas, spec.sentinels), (Some(3.into()), Some(1), Some(3)));
    assert_eq!(spec.network.unwrap().subnet, Some("172.30.7.0/24".parse().unwrap()));
    let ports = spec.ports.unwrap();
    assert_eq!((ports.base, ports.bind), (Some(PortBase::Port(7001)), Some("127.0.0.1".parse().unwrap())));
    assert_eq!(
        (spec.access, spec.data, spec.tls),
        (Some(Access::Host), Some(DataSpec::Ephemeral), Some(TlsSpec::Off))
    );
    let auth = spec.auth.unwrap();
    assert_eq!(auth.password, Some(Password::Literal(SecretText::new("12345"))));
    assert_eq!(auth.replica_password, Some(Password::Generate));
    assert_eq!(auth.users.unwrap()[0].rules, ["~*", "+@read"]);
    let node = &spec.nodes.unwrap()["shop-4"];
    assert_eq!((node.ip, node.port), (Some("172.30.7.50".parse().unwrap()), Some(7104)));
    assert_eq!(node.config.as_ref().unwrap()["maxmemory"], Scalar::Text("128mb".to_owned()).into());
    assert_eq!(spec.resources.unwrap().cpus, Some(0.5));
}

#[test]
fn forms_of_values() {
    let spec = good(
        "kind: cluster\nshards:\nauth: {password: {file: x}}\nports: {base: auto}\nconfig: {save: \"\", a: 1.10}",
    );
    assert_eq!(spec.shards, None);
    assert_eq!(spec.auth.unwrap().password, Some(Password::File("x".into())));
    assert!(matches!(spec.ports.unwrap().base, Some(PortBase::Word(_))));
    assert_eq!(spec.config.unwrap()["a"], Scalar::Text("1.10".to_owned()).into());
    // CRLF, a byte order mark, a document marker, anchors.
    let spec =
        good("\u{feff}---\r\nkind: cluster\r\nconfig: &c {a: b}\r\nnodes: {n: {config: *c}}\r\n...\r\n");
    assert_eq!(spec.nodes.unwrap()["n"].config, spec.config);
}

#[test]
fn variables_are_typed_after_they_are_put_in() {
    let text = "kind: ${KIND}\nshards: ${SHARDS:-5}\nname: ${NAME}\nlabels: {a: \"${SHARDS:-5}\"}\nimage: ${IMAGE:-}";
    let spec = read_with(text, &[("KIND", "cluster"), ("NAME", "7")], &[]).unwrap().spec;
    assert_eq!((spec.kind, spec.shards), (SpecKind::Cluster, Some(5.into())));
    assert_eq!(spec.name.as_deref(), Some("7"), "whoever sets a variable cannot quote it");
    assert_eq!(spec.labels.unwrap()["a"], Scalar::Text("5".to_owned()), "quoted: text");
    assert_eq!(spec.image, None, "empty: not given");
}

#[test]
fn a_variable_cannot_add_structure() {
    let spec = read_with("kind: cluster\nname: ${N}", &[("N", "a\nshards: 9")], &[]).unwrap().spec;
    assert_eq!((spec.name.as_deref(), spec.shards), (Some("a\nshards: 9"), None));
}

#[test]
fn overrides_replace_and_add() {
    let text = "kind: cluster\nshards: ${UNSET}\nauth: {users: [{name: a, rules: ['~*']}]}";
    let overrides = [
        "shards=5",
        "shards=6",
        "config.maxmemory=1gb",
        "auth.users.0.name=7",
        "auth.users.1={name: b, rules: []}",
        "auth.users.0.rules=[\"~x:*\", +@all]",
        "auth.password=pa$$ #x",
        "nodes.\"a.b-4\".port=7104",
        "labels.0=zero",
        "name=",
    ];
    let spec = read_with(text, &[], &overrides).unwrap().spec;
    assert_eq!((spec.shards, spec.name), (Some(6.into()), None));
    assert_eq!(spec.config.unwrap()["maxmemory"], Scalar::Text("1gb".to_owned()).into());
    let auth = spec.auth.unwrap();
    assert_eq!(auth.password, Some(Password::Literal(SecretText::new("pa$$ #x"))));
    let users = auth.users.unwrap();
    assert_eq!((users[0].name.as_str(), users[1].name.as_str()), ("7", "b"));
    assert_eq!(users[0].rules, ["~x:*", "+@all"]);
    assert_eq!(spec.nodes.unwrap()["a.b-4"].port, Some(7104));
    assert_eq!(spec.labels.unwrap()["0"], Scalar::Text("zero".to_owned()));
    let spec =
        read_with("kind: replication", &[], &["auth.users.0.name=x", "auth.users.0.rules=[]"]).unwrap().spec;
    assert_eq!(spec.auth.unwrap().users.unwrap()[0].name, "x");
}

#[test]
fn problems_found_later_are_shown_at_their_field_or_its_nearest_parent() {
    let text =
        "kind: cluster\nnodes:\n  shop-4: {ip: 172.30.8.1}\nauth:\n  users:\n  - name: x\n    rules: []\n";
    let document = read_with(text, &[], &["shards=0"]).unwrap();
    assert_eq!(document.source_name(), "shop.yaml");
    let error = document.locate(vec![
        Problem::new(&["nodes", "shop-4", "ip"], "outside"),
        Problem::new(&["nodes", "shop-4", "port"], "taken"),
        Problem::new(&["auth", "users", "0"], "no password"),
        Problem::new(&["network", "subnet"], "none free"),
        Problem::new(&["shards"], "zero"),
    ]);
    let positions: Vec<_> = error
        .located()
        .into_iter()
        .map(|located| {
            format!(
                "{}:{}:{} {} {}",
                located.file, located.line, located.column, located.path, located.message
            )
        })
        .collect();
    assert_eq!(
        positions,
        [
            "shop.yaml:1:1 network.subnet none free",
            "shop.yaml:3:3 nodes.shop-4.port taken",
            "shop.yaml:3:16 nodes.shop-4.ip outside",
            "shop.yaml:6:5 auth.users.0 no password",
            "command line:1:14 shards zero",
        ]
    );
    assert_eq!(error.to_string(), "the spec `shop.yaml` has 5 problems");
}

#[test]
fn what_is_secret_is_in_no_output() {
    let secret = "hunter2";
    let text = "kind: clustr\nauth:\n  password: hunter2\n  pasword: hunter2\n  users:\n  - {name: a, password: [hunter2], rules: [5, '>hunter2']}\nports: {base: x}\nshards: ${S}\ndata: ${S}\nnetwork:\n  subnet: ${S}\nconfig: {requirepass: [hunter2]}\n";
    let overrides = [
        "auth.replica_password=[hunter2",
        "auth.x=hunter2",
        "auth.users.9.password=hunter2",
        "auth.password.x=hunter2",
    ];
    let error = read_with(text, &[("S", secret)], &overrides).unwrap_err();
    let everything =
        format!("{}{}{error}{error:?}{:?}", error.render(false), error.render(true), error.located());
    assert!(!everything.contains(secret), "{everything}");
    // The text of a syntax error is covered without a parsed document.
    let shown = bad("kind: cluster\nauth:\n  password: 'hunter2' x\n");
    assert!(!shown.contains(secret) && shown.contains('^'), "{shown}");
    let document = read_with(
        "kind: cluster\nauth:\n  password: hunter2\n  replica_password: ${S}",
        &[("S", secret)],
        &[],
    );
    assert!(!format!("{document:?}").contains(secret));
}

#[test]
fn colour_only_adds_to_the_text() {
    let error = read_with("kind: clustr", &[], &[]).unwrap_err();
    assert!(error.render(true).contains('\u{1b}'));
    assert!(!error.render(false).contains('\u{1b}'));
    let escape = bad("kind: \"\\e[31mclustr\"");
    assert!(!escape.contains('\u{1b}'), "a spec cannot colour the terminal: {escape:?}");
}

/// Random text that the parser is more likely to accept than plain noise.
fn yaml_like() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "kind", "cluster", "auth", "password", "nodes", "users", "rules", ":", ": ", "\n", "\r\n", "  ",
        "- ", "[", "]", "{", "}", "'", "\"", "|", ">", "&a", "*a", "!x", "#", "${", "${A}", "${B:-", "$",
        "$$", "\t", "é", "𝄞", "\u{feff}", "~", "1", "0.5", "---\n", "...", ",", "?", "%", "\\", "<<", "\0",
        "\u{2028}", "\r",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn never_panics(text: &str, value: &str) {
    let variable = |name: &str| (name == "A").then(|| value.to_owned());
    let overrides = [Override::set(SpecPath::new(&["auth", "users", "0"]), value)];
    for overrides in [&[][..], &overrides] {
        let source = Source { name: "x".to_owned(), text: text.to_owned() };
        let inputs = Inputs { variable: &variable, overrides, folder: Path::new(""), files: &NoFiles::new() };
        match read(source, &inputs) {
            Ok(document) => drop(document.locate(vec![Problem::new(&["kind"], "x")]).render(false)),
            Err(error) => {
                assert!(error.render(false).starts_with("error: "));
                assert!(!error.located().is_empty());
            }
        }
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>(), value in any::<String>()) {
        never_panics(&text, &value);
    }

    #[test]
    fn no_yaml_makes_it_panic(text in yaml_like(), value in yaml_like()) {
        never_panics(&text, &value);
        never_panics(&format!("kind: cluster\nauth:\n  {text}"), &value);
    }
}
