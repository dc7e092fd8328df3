//! Every bad spec is an error with its place and exit code 2, before an engine is asked.

use insta::assert_snapshot;

use super::support::{Folder, NO_ENGINE};

/// The errors of `validate` for a spec. `up` prints the same errors before it asks the engine.
fn told(spec: &str) -> String {
    told_with(spec, &[])
}

fn told_with(spec: &str, options: &[&str]) -> String {
    let folder = Folder::with("shop.yaml", spec);
    let validate = folder.run(&[&["validate", "./shop.yaml"], options].concat());
    assert_eq!((validate.code, validate.stdout.as_str()), (2, ""), "{}", validate.stderr);
    for command in ["up", "plan"] {
        let other = folder.run(&[&["--host", NO_ENGINE, command, "./shop.yaml"], options].concat());
        assert_eq!(
            (other.code, other.stdout, &other.stderr),
            (2, String::new(), &validate.stderr),
            "{command}"
        );
    }
    validate.stderr
}

#[test]
fn fields_and_types() {
    assert_snapshot!("unknown_field", told("kind: cluster\nreplcas: 1\n"));
    assert_snapshot!("wrong_type", told("kind: cluster\nshards: many\n"));
    assert_snapshot!("duplicate_key", told("kind: cluster\nshards: 3\nshards: 5\n"));
    assert_snapshot!("unset_variable", told("kind: cluster\nname: ${NAME:?which shop}\n"));
}

#[test]
fn texts_that_are_no_spec() {
    assert_snapshot!("syntax_error", told("kind: cluster\nnetwork:\n  subnet: a: b\n"));
    assert_snapshot!("empty_file", told(""));
}

#[test]
fn directives() {
    assert_snapshot!(
        "directives",
        told(
            "kind: sentinel\nconfig:\n  rename-command: [CONFIG x, \"A b\", KEYS]\n  quorum: 1\n  sentinel: monitor a\n  \
             save: 900\n  maxmemory: [1gb, 2gb]\n  lua-time-limit: 7\n  busy-reply-threshold: 8\n  loadmodule: '/m.so \
             \"a'\n  client-output-buffer-limit: normal 0 0\nnodes:\n  shop-1:\n    config: {slave-priority: 1, \
             Replica-Priority: 2}\n"
        )
    );
    // An official image names its server, though no engine was asked.
    let databases = "kind: cluster\nimage: valkey/valkey:8.1\nconfig: {cluster-databases: 16}\n";
    assert_snapshot!("directive_too_new", told(databases));
}

/// A file in the syntax of `redis.conf`: problems are shown at their places in it.
#[test]
fn a_file_of_directives() {
    let folder = Folder::with("shop.yaml", "kind: cluster\nconfig_file: conf/redis.conf\n");
    assert_snapshot!("config_file_missing", folder.run(&["validate", "shop.yaml"]).text());
    folder.write(
        "conf/redis.conf",
        "# A comment\nport 6379\nmaxmemory 64mb # enough\nrequirepass hunter2\nrename-command CONFIG \"\"\nsave 900\nhz \
         \"10\nslave-priority 1\nreplica-priority 2\ninclude more.conf\n",
    );
    folder.write("conf/more.conf", "sentinel monitor a 127.0.0.1 1 1\ninclude redis.conf\n");
    assert_snapshot!("config_file", folder.run(&["validate", "shop.yaml"]).text());
    let set = ["validate", "cluster", "--set", "config_file=conf"];
    assert_snapshot!("config_file_folder", folder.run(&set).text());
    folder.write("conf/redis.conf", "timeout 1\nhz 20\nsave 900 1\n");
    let set = ["validate", "shop.yaml", "--set", "config.hz=30"];
    assert_eq!(folder.run(&set).code, 0);
}

#[test]
fn limits_and_platforms() {
    assert_snapshot!(
        "limits_and_platforms",
        told(
            "kind: cluster\nresources: {files: 100}\nsysctls: {somaxconn: 1, net.core.somaxconn: ''}\nplatform: \
             arm64\nnodes: {shop-2: {resources: {files: -1}}}\n"
        )
    );
}

#[test]
fn names() {
    assert_snapshot!("name", told("name: -shop\nkind: cluster\n"));
    let folder = Folder::with("my shop.yaml", "kind: cluster\n");
    assert_snapshot!("file_name", folder.run(&["validate", "my shop.yaml"]).text());
}

#[test]
fn subnets() {
    assert_snapshot!("subnet_too_small", told("kind: cluster\nnetwork:\n  subnet: 172.30.7.0/28\n"));
    assert_snapshot!("subnet_not_private", told("kind: cluster\nnetwork:\n  subnet: 8.8.8.0/24\n"));
}

#[test]
fn addresses() {
    assert_snapshot!(
        "addresses",
        told(
            "kind: cluster\nnetwork: {subnet: 172.30.7.0/24}\nnodes:\n  shop-1: {ip: 172.30.8.11}\n  shop-2: {ip: \
             172.30.7.1}\n  shop-3: {ip: 172.30.7.50}\n  shop-4: {ip: 172.30.7.50}\n  shop-5: {ip: 172.30.7.255}\n"
        )
    );
    assert_snapshot!("address_without_subnet", told("kind: cluster\nnodes:\n  shop-1: {ip: 192.168.3.11}\n"));
}

#[test]
fn ports() {
    assert_snapshot!(
        "ports",
        told(
            "kind: cluster\nnodes:\n  shop-1: {port: 7003}\n  shop-2: {port: 55536}\n  shop-4: {port: 7100}\n  shop-5: \
             {port: 7100}\n  shop-6: {port: 80}\n"
        )
    );
    assert_snapshot!("port_base", told("kind: cluster\nports: {base: 60000}\n"));
    assert_snapshot!("port_base_too_high", told("kind: cluster\nports: {base: 55533}\n"));
}

#[test]
fn shapes() {
    assert_snapshot!(
        "uneven_shards",
        told(
            "kind: cluster\nshards:\n  - slots: 0-99\n    replicas: -1\n  - {slots: 50-16384, weight: 0}\n  - \
             {slots: 100-200,300, replica: 1}\n"
        )
    );
    assert_snapshot!(
        "uneven_slots",
        told(
            "kind: cluster\nshards:\n  - slots: 0-99\n    weight: 2\n  - {slots: 50-16384}\n  - slots:\n    - 9-3\n    - \
             all\n"
        )
    );
    assert_snapshot!(
        "slots_without_shard",
        told("kind: cluster\nshards: [{slots: 0-99}, {slots: 200-16383}]\n")
    );
    assert_snapshot!(
        "set_shards",
        told_with("kind: cluster\n", &["--set", "shards=[{slots: 0-9000}, {slots: [9000-16383]}]"])
    );
    assert_snapshot!("unformed", told("kind: cluster\nformed: maybe\nseed: seed.redis\n"));
    assert_snapshot!(
        "files",
        told("kind: cluster\nconfig_file: none.conf\nauth: {password: {file: none}}\n")
    );
    assert_snapshot!("zero_shards", told("kind: cluster\nshards: 0\n"));
    assert_snapshot!("more_shards_than_slots", told("kind: cluster\nshards: 16385\n"));
    assert_snapshot!("too_many_nodes", told("kind: cluster\nreplicas: 400\n"));
    assert_snapshot!("even_sentinels", told("kind: sentinel\nsentinels: 4\n"));
    assert_snapshot!("sentinel_misfits", told("kind: sentinel\nnodes: {shop-1: {ip: 172.30.7.20}}\n"));
    assert_snapshot!("no_sentinels", told("kind: replication\nconfig: {failover-timeout: 1000}\n"));
    assert_snapshot!("misfits", told("kind: standalone\nshards: 3\nreplicas: 1\nsentinels: 3\n"));
    assert_snapshot!("unknown_node", told("kind: replication\nnodes:\n  shop-3: {port: 7100}\n"));
}

#[test]
fn directives_and_limits() {
    assert_snapshot!(
        "owned_directives",
        told(
            "kind: cluster\nconfig:\n  port: 7000\n  cluster-enabled: yes\nnodes:\n  shop-1:\n    config: {requirepass: \
             hunter2}\n"
        )
    );
    assert_snapshot!(
        "limits",
        told(
            "kind: cluster\nresources: {memory: 1mb, cpus: 0}\nnodes: {shop-1: {resources: {memory: lots}}}\n"
        )
    );
}

#[test]
fn users() {
    assert_snapshot!(
        "users",
        told(
            "kind: cluster\nauth:\n  replica_password: generate\n  users:\n    - {name: default, password: x, rules: []}\n    - {name: a, \
             rules: ['>hunter2', '~a ~b', read]}\n    - {name: a, rules: []}\n"
        )
    );
}

#[test]
fn overrides() {
    let options = ["--set", "shards=0", "--subnet", "8.8.8.0/24", "--port-base", "80", "--name", "a/b"];
    assert_snapshot!("overrides", told_with("kind: cluster\n", &options));
}

/// Problems of structure, values and places are reported together, in the order of the text.
#[test]
fn ten_problems_at_once() {
    assert_snapshot!(
        "ten_problems",
        told(
            "name: sh op
kind: cluster
shards: 0
replcas: 1
image: 8
network:
  subnet: 8.8.8.0/24
config:
  requirepass: hunter2
  maxmemory: [64mb]
nodes:
  shop-1: {ip: 10.1.1.1, port: 60000}
  shop-2: {ip: 10.1.1.1}
resources:
  memory: lots
resources: {}
"
        )
    );
}

/// Unreadable entries are reported, without problems that only follow from them.
#[test]
fn no_echoes() {
    let messages = |spec: &str| told(spec).matches("error: ").count();
    for spec in [
        "kind: cluster\nshards: [5]\nnodes: {shop-10: {port: 7100}}\n",
        "kind: cluster\nshrads: 5\nnodes: {shop-10: {port: 7100}}\n",
        "kind: cluster\nname: [x]\nnodes: {x-1: {port: 7100}}\n",
        "kind: cluster\nnetwork: {subnet: 10.1.1.1/24}\nnodes: {shop-1: {ip: 10.1.1.50}}\n",
        "kind: cluster\nports: {base: auot}\nnodes: {shop-1: {port: 7003}}\n",
        "kind: cluster\nnodes: {shop-1: {port: 7002}, shop-2: {port: x}}\n",
        "kind: replication\nauth: {password: [x], replica_password: generate}\n",
        "kind: clustr\nshards: 0\n",
        "kind: cluster\nshards: [5]\nreplicas: 400\n",
    ] {
        assert_eq!(messages(spec), 1, "{}", told(spec));
    }
    // If an unreadable field does not affect other fields, their problems are reported, too.
    assert_eq!(messages("kind: cluster\nimage: 8\nnodes: {shop-10: {port: 7100}}\n"), 2);
}

#[test]
fn problems_as_json() {
    let folder = Folder::with("shop.yaml", "kind: cluster\nshards: 0\nreplcas: 1\n");
    let ended = folder.run(&["--output", "json", "validate", "./shop.yaml"]);
    assert_snapshot!("json", ended.text());
}

/// Values that end a sentinel, or that it takes for 0, and directives at the wrong node.
#[test]
fn directives_of_sentinels() {
    assert_snapshot!(
        "directives_of_sentinels",
        told(
            "kind: sentinel\nconfig: {failover-timeout: plenty, parallel-syncs: 0, down-after-milliseconds: 5s, \
             maxmemory: 1zb}\nnodes:\n  shop-1:\n    config: {failover-timeout: 1000}\n  shop-4:\n    config: \
             {maxmemory: 5mb, loadmodule: /m.so, nosuch: 1, parallel-syncs: 2}\n"
        )
    );
}

#[test]
fn engines() {
    assert_snapshot!(
        "engines",
        told(
            "kind: sentinel\nports: {announce: box.lan, bind: 10.0.0.1}\nnetwork: {driver: bridge}\nengines:\n  a: {host: \
             'tcp://one:2375'}\n  b: {host: 'tcp://one:2375'}\n  c: {}\nnodes:\n  shop-1: {engine: aa}\n"
        )
    );
    assert_snapshot!(
        "no_engines",
        told("kind: cluster\nnetwork: {driver: overlay, mtu: 900}\nnodes: {shop-1: {engine: a}}\n")
    );
}
