//! The addresses that servers announce to clients outside the network, if they cannot announce the endpoints.

use super::{Kind, Server, Topology};
use crate::spec::Access;

/// The addresses that servers announce instead of the endpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldInstead {
    /// The consequence for clients, in one sentence.
    pub note: String,
    /// The remedy.
    pub remedy: String,
}

/// The addresses that servers announce instead of the endpoints. `None` if they announce the endpoints, or if clients
/// are in the network.
pub(super) fn instead_of_endpoints(topology: &Topology) -> Option<ToldInstead> {
    let node = topology.servers().into_iter().find(|node| topology.advertised(node) != node.endpoint)?;
    match topology.kind {
        Kind::Cluster if topology.access == Access::Host => Some(ToldInstead {
            note: format!(
                "{} announces addresses in {} to clients: only machines with a route to it can follow redirections",
                announcer(topology), topology.subnet
            ),
            remedy: "use Redis 7.0 or Valkey 8.0, which announce endpoints; or `access: network`, for clients in the network"
                .to_owned(),
        }),
        Kind::Sentinel if topology.access == Access::Host && node.address.ip.is_loopback() => Some(ToldInstead {
            note: format!(
                "sentinels announce {} to clients instead of `{}`: on other machines, this address is wrong",
                node.address.ip, node.endpoint.host
            ),
            remedy: "set `ports.announce` to an IP that clients reach".to_owned(),
        }),
        _ => None,
    }
}

/// A server that cannot announce endpoints.
fn announcer(topology: &Topology) -> Server {
    let servers = topology.servers().into_iter().map(|node| topology.server_of(node));
    servers.into_iter().find(|server| !server.announces_endpoint()).unwrap_or(topology.server)
}

#[cfg(test)]
mod tests {
    use crate::spec::Spec;
    use crate::topology::resolve::{Facts, resolve};

    fn note(yaml: &str) -> Option<String> {
        let spec: Spec = serde_yaml::from_str(yaml).unwrap();
        let topology = resolve(&spec, &Facts::offline("shop")).unwrap();
        topology.told_instead_of_endpoints().map(|told| told.note)
    }

    #[test]
    fn only_clusters_of_old_servers_tell_addresses_to_clients_outside() {
        let note_of_old = note("{kind: cluster, image: 'redis:6.2'}").expect("a note");
        assert!(note_of_old.contains("addresses in 172.30.0.0/24"), "{note_of_old}");
        for yaml in [
            "{kind: cluster, image: 'redis:7.0'}",
            "{kind: cluster, image: 'redis:6.2', access: network}",
            "{kind: replication, image: 'redis:6.2'}",
            "{kind: sentinel, image: 'redis:6.2'}",
        ] {
            assert_eq!(note(yaml), None, "{yaml}");
        }
    }
}
