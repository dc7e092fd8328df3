//! The commands of `redis-cli` that make a cluster of the servers of a compose file: as lines of a comment, and as the
//! script of a service.

use std::ops::RangeInclusive;

use super::tls;
use crate::export::cluster_script::Script;
use crate::topology::paths::{CA_FILE, MOUNT};
use crate::topology::slot_division::divide;
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

/// The script of the service `form`.
pub(super) fn script(topology: &Topology) -> String {
    let folder = format!("{MOUNT}/{FORM}");
    let tls = format!(
        " --tls --cacert {MOUNT}/{CA_FILE} --cert {folder}/{CERTIFICATE_FILE} --key {folder}/{KEY_FILE}"
    );
    let script = Script {
        topology,
        place: &|node| node.address.to_string(),
        password: topology.auth.as_ref().map(|_| format!("{folder}/{PASSWORD_FILE}")),
        options: topology.tls.map(|_| tls).unwrap_or_default(),
        places_are_ips: true,
    };
    script.text()
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
