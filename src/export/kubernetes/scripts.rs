//! The scripts that start servers and sentinels, and that form a cluster.

use std::fmt::Write as _;

use super::{PORT, host, sentinel_set, server_set};
use crate::export::cluster_script::Script;
use crate::topology::{Kind, Node, Topology};

/// Writes the configuration once: servers and sentinels change it later, and a pod with a volume keeps it.
fn configuration(file: &str, login: &str, more: &str) -> String {
    format!(
        "conf=/data/{file}\nif [ ! -e $conf ]; then\n  cat /config/{file} >$conf.new\n  [ ! -e /secret/{login} ] || cat \
         /secret/{login} >>$conf.new\n{more}  mv $conf.new $conf\nfi\n"
    )
}

pub(super) fn server(topology: &Topology, runs_entrypoint: bool) -> String {
    let set = server_set(topology);
    let mut more = String::new();
    if matches!(topology.kind, Kind::Replication | Kind::Sentinel) {
        let primary = host(topology, &topology.shards[0].primary);
        let _ = write!(
            more,
            "  echo \"replica-announce-ip $host\" >>$conf.new\n  [ \"$HOSTNAME\" = {set}-0 ] || echo \"replicaof {primary} \
             {PORT}\" >>$conf.new\n"
        );
    }
    let mut text = format!("set -eu\numask 077\nhost=$HOSTNAME.{set}\n");
    text.push_str(&configuration("redis.conf", "login.conf", &more));
    let program = topology.server.program();
    let mut command = format!("{program} $conf");
    if topology.kind == Kind::Cluster {
        // The IP of a pod is another one after its replacement.
        command.push_str(" --cluster-announce-ip \"$POD_IP\"");
        if topology.server.announces_endpoint() {
            command.push_str(" --cluster-announce-hostname \"$host\"");
        }
    }
    if runs_entrypoint {
        // The entrypoint of official images loads their modules.
        text.push_str("entrypoint=$(command -v docker-entrypoint.sh || true)\n");
        command.insert_str(0, "$entrypoint ");
    }
    let _ = writeln!(text, "exec {command}");
    text
}

pub(super) fn sentinel(topology: &Topology) -> String {
    let set = sentinel_set(topology);
    let primary = host(topology, &topology.shards[0].primary);
    let more = "  echo \"sentinel announce-ip $host\" >>$conf.new\n";
    let mut text = format!("set -eu\numask 077\nhost=$HOSTNAME.{set}\n");
    text.push_str(&configuration("sentinel.conf", "sentinel-login.conf", more));
    // A sentinel ends if it cannot resolve the name of its primary.
    let _ = write!(
        text,
        "client=$(command -v redis-cli || command -v valkey-cli)\nuntil \"$client\" -h {primary} -p {PORT} PING >/dev/null 2>&1; \
         do sleep 1; done\nexec {} $conf --sentinel\n",
        topology.server.program()
    );
    text
}

pub(super) fn form(topology: &Topology) -> String {
    let place = |node: &Node| format!("{}:{PORT}", host(topology, node));
    let login = topology.auth.is_some().then(|| "/secret/operator-password".to_owned());
    let script =
        Script { topology, place: &place, password: login, options: String::new(), places_are_ips: false };
    script.text()
}
