//! The names, ports and subnets that objects outside of a deployment take.

use std::collections::{BTreeMap, BTreeSet};

use bollard::models::{ContainerSummary, Network};
use ipnet::Ipv4Net;

use super::super::labels;
use super::{EngineInventory, subnets, title};
use crate::observation::Foreign;
use crate::topology::{DeploymentName, EngineName, NodeName};

/// The engine of an object as the end of its description; empty: there is a single engine.
fn on(engine: Option<&EngineName>) -> String {
    engine.map(|engine| format!(" on engine `{engine}`")).unwrap_or_default()
}

impl EngineInventory {
    /// The containers, networks and volumes that have one of these names, but do not belong to the deployment.
    #[must_use]
    pub fn foreign(&self, name: &DeploymentName, nodes: &[NodeName], volumes: &[String]) -> Vec<Foreign> {
        let containers = self
            .containers
            .iter()
            .filter(|container| !labels::belongs(container.labels.as_ref(), name))
            .filter_map(|container| title(container))
            .filter(|title| nodes.iter().any(|node| node.as_str() == *title))
            .map(|title| Foreign { kind: "container", name: title.to_owned() });
        let networks = self
            .networks
            .iter()
            .filter(|network| !labels::belongs(network.labels.as_ref(), name))
            .filter_map(|network| network.name.clone())
            .filter(|network| network == name.as_str())
            .map(|name| Foreign { kind: "network", name });
        let volumes = self
            .volumes
            .iter()
            .filter(|volume| !labels::belongs(Some(&volume.labels), name) && volumes.contains(&volume.name))
            .map(|volume| Foreign { kind: "volume", name: volume.name.clone() });
        containers.chain(networks).chain(volumes).collect()
    }

    /// The subnets of all networks except the deployment's, each after its holder.
    #[must_use]
    pub fn other_networks(&self, name: &DeploymentName) -> Vec<(String, Vec<Ipv4Net>)> {
        let others = self.networks.iter().filter(|network| !labels::belongs(network.labels.as_ref(), name));
        let holder = |network: &Network| {
            let engine = on(network.id.as_ref().and_then(|id| self.network_homes.get(id)));
            format!("the network `{}`{engine}", network.name.as_deref().unwrap_or("?"))
        };
        others.map(|network| (holder(network), subnets(network))).collect()
    }

    /// The name of the container whose id begins with this text; `None` if it has the network of the engine's machine.
    #[must_use]
    pub fn container_with_own_network(&self, beginning: &str) -> Option<String> {
        let is_it = |container: &&ContainerSummary| {
            container.id.as_deref().is_some_and(|id| !beginning.is_empty() && id.starts_with(beginning))
        };
        let container = self.containers.iter().find(is_it)?;
        let mode = container.host_config.as_ref().and_then(|config| config.network_mode.as_deref());
        (mode != Some("host")).then(|| title(container).unwrap_or(beginning).to_owned())
    }

    /// The subnets of all networks.
    #[must_use]
    pub fn subnets(&self) -> BTreeSet<Ipv4Net> {
        self.networks.iter().flat_map(subnets).collect()
    }

    /// The holder of a subnet, or of a part of it, other than the deployment.
    #[must_use]
    pub fn subnet_holder(&self, subnet: Ipv4Net, name: &DeploymentName) -> Option<String> {
        let overlaps = |other: &Ipv4Net| other.contains(&subnet) || subnet.contains(other);
        let holder = self.networks.iter().find(|network| {
            !labels::belongs(network.labels.as_ref(), name) && subnets(network).iter().any(overlaps)
        })?;
        let deployment = holder.labels.as_ref().and_then(|labels| labels.get(labels::DEPLOYMENT));
        Some(match deployment {
            Some(deployment) => format!("deployment `{deployment}`"),
            None => format!("network `{}`", holder.name.as_deref().unwrap_or("?")),
        })
    }

    /// The ports of all containers outside the deployment, with their holders. Stopped containers of other
    /// deployments count too, because they need their ports when they start.
    #[must_use]
    pub fn busy_ports(&self, name: &DeploymentName) -> BTreeMap<u16, String> {
        let mut ports = BTreeMap::new();
        for container in
            self.containers.iter().filter(|container| !labels::belongs(container.labels.as_ref(), name))
        {
            let deployment = container.labels.as_ref().and_then(|labels| labels.get(labels::DEPLOYMENT));
            let holder = match deployment {
                Some(deployment) => format!("deployment `{deployment}`"),
                None => format!("container `{}`", title(container).unwrap_or("?")),
            };
            let holder = holder + &on(container.id.as_ref().and_then(|id| self.homes.get(id)));
            let published = container.ports.iter().flatten().filter_map(|port| port.public_port);
            let settings = container.labels.as_ref().and_then(labels::settings);
            let wanted = settings.iter().flat_map(|settings| settings.network.held_ports());
            ports.extend(published.chain(wanted).map(|port| (port, holder.clone())));
        }
        ports
    }
}

#[cfg(test)]
mod tests {
    use bollard::models::{Ipam, IpamConfig, PortSummary};

    use super::*;

    #[test]
    fn holders_are_named_with_their_engine_if_there_are_several() {
        let inventory = |id: &str, port, scope: &str| {
            let container = ContainerSummary {
                id: Some(id.to_owned()),
                names: Some(vec!["/squatter".to_owned()]),
                ports: Some(vec![PortSummary { public_port: Some(port), ..PortSummary::default() }]),
                ..ContainerSummary::default()
            };
            let subnet = IpamConfig { subnet: Some("172.31.9.0/24".to_owned()), ..IpamConfig::default() };
            let network = Network {
                id: Some(scope.to_owned()),
                name: Some("other".to_owned()),
                scope: Some(scope.to_owned()),
                ipam: Some(Ipam { config: Some(vec![subnet]), ..Ipam::default() }),
                ..Network::default()
            };
            EngineInventory::new(vec![container], vec![network], Vec::new())
        };
        let shop = DeploymentName::new("shop").unwrap();
        let told = |inventory: &EngineInventory| {
            let ports =
                inventory.busy_ports(&shop).into_iter().map(|(port, holder)| format!("{port} {holder}"));
            ports
                .chain(inventory.other_networks(&shop).into_iter().map(|(holder, _)| holder))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            told(&inventory("1", 7001, "local")),
            ["7001 container `squatter`", "the network `other`"]
        );
        let several = EngineInventory::of_several(vec![
            (EngineName::new("a"), inventory("1", 7001, "swarm")),
            (EngineName::new("b"), inventory("2", 7002, "local")),
        ]);
        assert_eq!(
            told(&several),
            [
                "7001 container `squatter` on engine `a`",
                "7002 container `squatter` on engine `b`",
                "the network `other`",
                "the network `other` on engine `b`"
            ]
        );
    }
}
