//! A shell script that makes one cluster of running servers with their own client.

use std::fmt::Write as _;

use crate::topology::users::OPERATOR;
use crate::topology::{Node, Topology};

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
    [ "$left" -gt 0 ] || { echo "$1 does not reply '$text' to $2: $reply$refused" >&2; exit 1; }
    sleep 1
  done
}

# attempt ADDRESS COMMAND…: sends a command once. The server refuses it if an earlier run has sent it. The checks at
# the end find missing steps.
attempt() {
  reply=$(ask "$@" 2>&1) || true
  [ "$reply" = OK ] || refused="$refused; $1 refused $2 $3: $reply"
}

"#;

/// The function for nodes whose IPs are not known beforehand. MEET needs an IP.
const MEET: &str = r#"# meet ADDRESS OTHER: the other node tells its own IP.
meet() {
  own=$(ask "$2" CLUSTER NODES)
  while read -r _ place flags _; do
    case $flags in
      *myself*)
        place=${place%%@*}
        attempt "$1" CLUSTER MEET "${place%:*}" "${place##*:}"
        ;;
    esac
  done <<END
$own
END
}

"#;

/// A script for a topology.
pub(super) struct Script<'a> {
    pub(super) topology: &'a Topology,
    /// `host:port` of a node, for the script.
    pub(super) place: &'a dyn Fn(&Node) -> String,
    /// The file with the password of redisctl's own user.
    pub(super) password: Option<String>,
    /// More options of the client, with a space before them.
    pub(super) options: String,
    /// Whether the hosts of the nodes are their static IPs.
    pub(super) places_are_ips: bool,
}

impl Script<'_> {
    /// The script. It may run again: servers refuse the steps that are done, also after a failover.
    pub(super) fn text(&self) -> String {
        let Self { topology, place, .. } = *self;
        let mut text = "# Makes one cluster of the nodes, once all of them answer.\nset -eu\n".to_owned();
        let mut options = self.options.clone();
        if let Some(file) = &self.password {
            // Only this process has the variable.
            let _ = writeln!(text, "REDISCLI_AUTH=$(cat {file})\nexport REDISCLI_AUTH");
            options.insert_str(0, &format!(" --user {OPERATOR} --no-auth-warning"));
        }
        let _ = write!(
            text,
            "client=$(command -v redis-cli || command -v valkey-cli)\n\n# ask ADDRESS COMMAND…\nask() {{\n  \
             address=$1\n  shift\n  \"$client\" -h \"${{address%:*}}\" -p \"${{address#*:}}\"{options} \"$@\"\n}}\n"
        );
        text.push_str(FUNCTIONS);
        if !self.places_are_ips {
            text.push_str(MEET);
        }
        let mut line = |line: String| {
            text.push_str(&line);
            text.push('\n');
        };
        let nodes = topology.nodes();
        for node in &nodes {
            line(format!("until_reply PONG PONG {} PING", place(node)));
        }
        for (shard, epoch) in topology.shards.iter().zip(1..) {
            let address = place(&shard.primary);
            line(format!("attempt {address} CLUSTER SET-CONFIG-EPOCH {epoch}"));
            let ranges = shard.slots.ranges();
            let slots: Vec<String> =
                ranges.iter().map(|range| format!("$(seq {} {})", range.start(), range.end())).collect();
            line(format!("attempt {address} CLUSTER ADDSLOTS {}", slots.join(" ")));
        }
        let first = &topology.shards[0].primary;
        for node in nodes.iter().filter(|node| node.name != first.name) {
            line(if self.places_are_ips {
                format!("attempt {} CLUSTER MEET {} {}", place(first), node.address.ip, node.address.port)
            } else {
                format!("meet {} {}", place(first), place(node))
            });
        }
        for node in &nodes {
            let known = format!("cluster_known_nodes:{}", nodes.len());
            line(format!("until_reply {known} {known} {} CLUSTER INFO", place(node)));
        }
        for shard in topology.shards.iter().filter(|shard| !shard.replicas.is_empty()) {
            line(format!("primary=$(ask {} CLUSTER MYID)", place(&shard.primary)));
            for replica in &shard.replicas {
                let address = place(replica);
                // A node can replicate only a node that it knows.
                line(format!("until_reply \"$primary\" \"$primary\" {address} CLUSTER NODES"));
                line(format!("attempt {address} CLUSTER REPLICATE \"$primary\""));
            }
        }
        for node in &nodes {
            line(format!("until_reply cluster_state:ok cluster_state:ok {} CLUSTER INFO", place(node)));
        }
        // After a failover, a node may be a primary.
        for replica in topology.shards.iter().flat_map(|shard| &shard.replicas) {
            line(format!(
                "until_reply master_link_status:up role:master {} INFO replication",
                place(replica)
            ));
        }
        line(format!("echo \"{}: {} nodes form one cluster\"", topology.name, nodes.len()));
        text
    }
}
