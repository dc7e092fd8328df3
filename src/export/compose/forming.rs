//! The commands of `redis-cli` that make a cluster of the servers of a compose file: as lines of a comment, and as the
//! script of a service.

use std::fmt::Write as _;
use std::ops::RangeInclusive;

use super::tls;
use crate::topology::paths::{CA_FILE, MOUNT};
use crate::topology::slot_division::divide;
use crate::topology::users::OPERATOR;
use crate::topology::{Node, SlotSet, Topology};

/// The service that forms a cluster, and the folder of its files.
pub(super) const FORM: &str = "form";
/// The script, in the folder of the service.
pub(super) const SCRIPT_FILE: &str = "form.sh";
/// The password of redisctl's own user.
pub(super) const PASSWORD_FILE: &str = "password";
/// The clients' certificate.
pub(super) const CERTIFICATE_FILE: &str = "tls-cert.pem";
/// The key that belongs to it.
pub(super) const KEY_FILE: &str = "tls-key.pem";

/// The functions of the script. Replies are texts: old clients exit with 0 after an error.
const FUNCTIONS: &str = r#"
refused=
# until_reply TEXT OTHER ADDRESS COMMAND…: repeats the command until its reply has one of the texts.
until_reply() {
  text=$1 other=$2 left=120
  shift 2
  while :; do
    reply=$(ask "$@" 2>&1) || true
    case $reply in *"$text"* | *"$other"*) return ;; esac
    left=$((left - 1))
    [ "$left" -gt 0 ] || { echo "$1 does not reply "$text" to $2: $reply" >&2; exit 1; }
    sleep 1
  done
}

# attempt ADDRESS COMMAND…: a step that an earlier run may have done already. The checks at the end find what is missing.
attempt() {
  reply=$(ask "$@" 2>&1) || true
  [ "$reply" = OK ] || refused="$refused; $1 refused $2 $3: $reply"
}

"#;

/// The script of the service `form`. It may run again: servers refuse the steps that are done, also after a failover.
pub(super) fn script(topology: &Topology) -> String {
    let mut text = "# Makes one cluster of the nodes, once all of them answer.\nset -eu\n".to_owned();
    let folder = format!("{MOUNT}/{FORM}");
    let mut options = String::new();
    if topology.auth.is_some() {
        // Only this process has the variable.
        let _ = writeln!(text, "REDISCLI_AUTH=$(cat {folder}/{PASSWORD_FILE})\nexport REDISCLI_AUTH");
        let _ = write!(options, " --user {OPERATOR} --no-auth-warning");
    }
    if topology.tls.is_some() {
        let _ = write!(
            options,
            " --tls --cacert {MOUNT}/{CA_FILE} --cert {folder}/{CERTIFICATE_FILE} --key {folder}/{KEY_FILE}"
        );
    }
    let _ = write!(
        text,
        "client=$(command -v redis-cli || command -v valkey-cli)\n\n# ask ADDRESS COMMAND…\nask() {{\n  \
         address=$1\n  shift\n  \"$client\" -h \"${{address%:*}}\" -p \"${{address#*:}}\"{options} \"$@\"\n}}\n"
    );
    text.push_str(FUNCTIONS);
    let mut line = |line: String| {
        text.push_str(&line);
        text.push('\n');
    };
    let nodes = topology.nodes();
    for node in &nodes {
        line(format!("until_reply PONG PONG {} PING", node.address));
    }
    for (shard, epoch) in topology.shards.iter().zip(1..) {
        let address = shard.primary.address;
        line(format!("attempt {address} CLUSTER SET-CONFIG-EPOCH {epoch}"));
        let ranges = shard.slots.ranges();
        let slots: Vec<String> =
            ranges.iter().map(|range| format!("$(seq {} {})", range.start(), range.end())).collect();
        line(format!("attempt {address} CLUSTER ADDSLOTS {}", slots.join(" ")));
    }
    let first = topology.shards[0].primary.address;
    for node in nodes.iter().filter(|node| node.address != first) {
        line(format!("attempt {first} CLUSTER MEET {} {}", node.address.ip, node.address.port));
    }
    for node in &nodes {
        line(format!(
            "until_reply cluster_known_nodes:{0} cluster_known_nodes:{0} {1} CLUSTER INFO",
            nodes.len(),
            node.address
        ));
    }
    for shard in topology.shards.iter().filter(|shard| !shard.replicas.is_empty()) {
        line(format!("primary=$(ask {} CLUSTER MYID)", shard.primary.address));
        for replica in &shard.replicas {
            let address = replica.address;
            // A node can replicate only a node that it knows.
            line(format!("until_reply \"$primary\" \"$primary\" {address} CLUSTER NODES"));
            line(format!("attempt {address} CLUSTER REPLICATE \"$primary\""));
        }
    }
    for node in &nodes {
        line(format!("until_reply cluster_state:ok cluster_state:ok {} CLUSTER INFO", node.address));
    }
    // After a failover, a node may be a primary.
    for replica in topology.shards.iter().flat_map(|shard| &shard.replicas) {
        line(format!("until_reply master_link_status:up role:master {} INFO replication", replica.address));
    }
    line(format!("echo \"{}: {} nodes form one cluster\"", topology.name, nodes.len()));
    text
}

/// The commands, for a shell of the machine with the containers.
pub(super) fn commands(topology: &Topology, login: &str) -> Vec<String> {
    let client = |node: &Node| {
        let (name, options, port) = (&node.name, tls::client_options(topology, node), node.address.port);
        format!("docker exec {login}{name} redis-cli {options}-p {port}")
    };
    let first = &topology.shards[0].primary;
    if let Some(replicas) = even_replicas(topology) {
        let addresses: Vec<String> = topology.nodes().iter().map(|node| node.address.to_string()).collect();
        let (client, addresses) = (client(first), addresses.join(" "));
        return vec![format!(
            "{client} --cluster create {addresses} --cluster-replicas {replicas} --cluster-yes"
        )];
    }
    // `--cluster create` knows only equal shards.
    let assign = topology.shards.iter().map(|shard| {
        let slots: Vec<String> = shard
            .slots
            .ranges()
            .iter()
            .map(|range| format!("$(seq {} {})", range.start(), range.end()))
            .collect();
        format!("{} cluster addslots {}", client(&shard.primary), slots.join(" "))
    });
    let others = topology.nodes().into_iter().filter(|node| node.name != first.name);
    let meet = others
        .map(|node| format!("{} cluster meet {} {}", client(first), node.address.ip, node.address.port));
    let mut commands: Vec<String> = assign.chain(meet).collect();
    for shard in &topology.shards {
        let replicate = |replica: &Node| {
            format!("{} cluster replicate $({} cluster myid)", client(replica), client(&shard.primary))
        };
        commands.extend(shard.replicas.iter().map(replicate));
    }
    commands
}

/// The number of replicas of each shard, if all shards are equal.
fn even_replicas(topology: &Topology) -> Option<usize> {
    let slots = topology.shards.iter().map(|shard| &shard.slots);
    let equal = divide(topology.shards.len()).into_iter().map(SlotSet::from).collect::<Vec<_>>();
    let replicas: RangeInclusive<usize> = topology.replicas_per_shard();
    (slots.eq(&equal) && replicas.start() == replicas.end()).then(|| *replicas.end())
}
