//! The addresses of nodes behind the IP that servers announce to clients.
//!
//! A server that announces an IP for clients reports it instead of the node's address, also to redisctl. All nodes
//! announce the same IP, and each node has its own port.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::PoisonError;

use super::Servers;
use crate::observation::{ClusterView, ServerView};
use crate::topology::{Address, Endpoint};

/// The directive with the IP.
const ANNOUNCED: &str = "cluster-announce-client-ipv4";

/// Finds the address of a node from an address that a server reports.
#[derive(Debug, Clone, Default)]
pub(super) struct ToldAddresses {
    /// The IPs that nodes announce to clients.
    announced: Vec<Ipv4Addr>,
    /// The addresses of the nodes, by their ports.
    nodes: BTreeMap<u16, Address>,
    /// The addresses of former nodes on replaced engines, by the addresses that they announced to clients.
    former: BTreeMap<Address, Address>,
}

impl ToldAddresses {
    /// For the nodes at these addresses, whose endpoints have these hosts.
    pub(super) fn new<'e>(
        nodes: impl IntoIterator<Item = Address>,
        endpoints: impl IntoIterator<Item = &'e Endpoint>,
    ) -> Self {
        Self {
            announced: endpoints.into_iter().filter_map(|endpoint| endpoint.host.parse().ok()).collect(),
            nodes: nodes.into_iter().map(|address| (address.port, address)).collect(),
            former: BTreeMap::new(),
        }
    }

    /// The same, with former nodes: endpoint and address of each. A present node may be at the endpoint again.
    fn and_former<'e>(
        self,
        former: impl IntoIterator<Item = (Endpoint, Address)>,
        present: impl IntoIterator<Item = &'e Endpoint>,
    ) -> Self {
        let present: Vec<&Endpoint> = present.into_iter().collect();
        let told = |(endpoint, address): (Endpoint, Address)| {
            let is_present = present.contains(&&endpoint);
            let ip = endpoint.host.parse().ok().filter(|_| !is_present)?;
            Some((Address { ip, port: endpoint.port }, address))
        };
        let former = former.into_iter().filter_map(told).collect();
        Self { former, ..self }
    }

    /// The addresses of the nodes in a server's view. Another IP may be in force on it until its settings change.
    pub(super) fn restore(mut self, mut view: ServerView) -> ServerView {
        let in_force = view.settings.get(ANNOUNCED).and_then(|ip| ip.parse::<Ipv4Addr>().ok());
        self.announced.extend(in_force);
        if let Some(cluster) = &mut view.cluster {
            self.restore_in(cluster);
        }
        view
    }

    /// The same, for a view of the cluster only.
    pub(super) fn restore_in(&self, view: &mut ClusterView) {
        for line in view.nodes.values_mut() {
            if let Some((told, former)) = line.address.and_then(|told| self.former.get_key_value(&told)) {
                (line.address, line.told_ip) = (Some(*former), Some(told.ip));
                continue;
            }
            let Some(told) = line.address.filter(|address| self.is_for_clients(address.ip)) else { continue };
            if let Some(address) = self.nodes.get(&told.port) {
                (line.address, line.told_ip) = (Some(*address), Some(told.ip));
            }
        }
    }

    /// Whether nodes announce an IP to clients. Gossip does not use loopback.
    fn is_for_clients(&self, ip: Ipv4Addr) -> bool {
        ip.is_loopback() || self.announced.contains(&ip)
    }
}

impl Servers<'_> {
    /// Finds the nodes behind reported addresses: the nodes of the topology, and leaving nodes.
    pub(super) fn told_addresses(&self) -> ToldAddresses {
        let nodes = self.topology.nodes();
        let leaving = self.leaving.lock().unwrap_or_else(PoisonError::into_inner);
        let addresses = nodes.iter().map(|node| node.address);
        ToldAddresses::new(
            addresses.chain(leaving.values().map(|leaving| leaving.address)),
            nodes.iter().map(|node| &node.endpoint),
        )
        .and_former(self.topology.former_endpoints(), nodes.iter().map(|node| &node.endpoint))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redis::parse::cluster_nodes;
    use crate::topology::Settings;

    fn address(ip: [u8; 4], port: u16) -> Address {
        Address { ip: ip.into(), port }
    }

    /// The addresses in CLUSTER NODES.
    fn restored(text: &str, settings: Settings) -> Vec<String> {
        let mut cluster = ClusterView::default();
        cluster_nodes(text, &mut cluster).unwrap();
        let endpoint = Endpoint { host: "127.0.0.1".to_owned(), port: 7001 };
        let nodes = [address([172, 30, 0, 11], 7001), address([172, 30, 0, 12], 7002)];
        let told = ToldAddresses::new(nodes, [&endpoint]);
        let view = told.restore(ServerView { cluster: Some(cluster), settings, ..ServerView::default() });
        let nodes = view.cluster.unwrap().nodes.into_values();
        nodes.filter_map(|node| node.address.map(|address| address.to_string())).collect()
    }

    #[test]
    fn nodes_are_found_behind_the_ip_for_clients_and_strangers_stay_as_they_are() {
        let text = "a 127.0.0.1:7001@17001,127.0.0.1 myself,master - 0 0 1 connected 0-1\n\
                    b 172.30.0.12:7002@17002 master - 0 0 2 connected 2\n\
                    c 127.0.0.1:7009@17009 master - 0 0 3 connected\n\
                    d 172.30.0.99:7002@17002 master - 0 0 4 connected\n\
                    e 10.0.0.5:7002@17002 master - 0 0 5 connected\n";
        let lines = ["172.30.0.11:7001", "172.30.0.12:7002", "127.0.0.1:7009", "172.30.0.99:7002"];
        assert_eq!(restored(text, Settings::default())[..4], lines);
        assert_eq!(restored(text, Settings::default())[4], "10.0.0.5:7002");
        let announces = Settings::from_iter([("cluster-announce-client-ipv4", "10.0.0.5")]);
        assert_eq!(restored(text, announces)[4], "172.30.0.12:7002");
    }

    #[test]
    fn a_former_node_is_told_from_the_present_node_with_its_port() {
        let mut cluster = ClusterView::default();
        cluster_nodes("a 10.0.0.2:7002@17002 master - 0 0 2 connected 2\n", &mut cluster).unwrap();
        let endpoint = |host: &str| Endpoint { host: host.to_owned(), port: 7002 };
        let (now, before) = (address([172, 30, 0, 17], 7002), address([172, 30, 0, 12], 7002));
        let found = |present: &Endpoint| {
            let told = ToldAddresses::new([now], [present]);
            let told = told.and_former([(endpoint("10.0.0.2"), before)], [present]);
            let mut cluster = cluster.clone();
            told.restore_in(&mut cluster);
            cluster.nodes["a"].address
        };
        assert_eq!(found(&endpoint("10.0.0.3")), Some(before));
        assert_eq!(found(&endpoint("10.0.0.2")), Some(now));
    }
}
