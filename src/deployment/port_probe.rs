//! Whether the ports of a deployment are free on the machines of its engines.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::engine::ConnectedEngine;
use crate::topology::Topology;
use crate::topology::container::{ContainerSettings, containers};

/// The holder of a port that no container publishes.
pub(super) const ANOTHER_PROCESS: &str = "another process";

/// The time limit for an answer of another machine. A firewall may discard the question.
const PATIENCE: Duration = Duration::from_millis(300);

/// Whether a port of this machine is taken.
pub(super) fn is_taken(bind: Ipv4Addr, port: u16) -> bool {
    match TcpListener::bind(SocketAddrV4::new(bind, port)) {
        Ok(_) => false,
        Err(error) => error.kind() == std::io::ErrorKind::AddrInUse,
    }
}

/// The taken ports of a deployment, with their holders. `own` are the ports that it has already. On another machine, only
/// a process that takes connections from here is found.
pub(super) async fn taken_ports(
    topology: &Topology,
    engine: &ConnectedEngine,
    own: &BTreeSet<u16>,
) -> Vec<(u16, String)> {
    if engine.members.is_empty() && engine.location.is_local() {
        let ports = topology.nodes().into_iter().map(|node| node.endpoint.port);
        let taken = ports.filter(|port| !own.contains(port) && is_taken(topology.bind, *port));
        return taken.map(|port| (port, ANOTHER_PROCESS.to_owned())).collect();
    }
    let probe = |container: ContainerSettings| async move {
        let Some(at) = engine.named(container.engine.as_ref()) else { return Vec::new() };
        let holder = match &container.engine {
            Some(name) => format!("{ANOTHER_PROCESS} on the machine of engine `{name}`"),
            None => format!("{ANOTHER_PROCESS} on the engine's machine"),
        };
        let ports = container.network.ports().iter().filter(|port| !own.contains(port));
        let mut taken = Vec::new();
        for port in ports.copied() {
            let is_taken = if at.location.is_local() {
                is_taken(topology.bind, port)
            } else {
                takes_connections(&at.location.endpoint_host(), port).await
            };
            taken.extend(is_taken.then(|| (port, holder.clone())));
        }
        taken
    };
    join_all(containers(topology).into_iter().map(probe)).await.concat()
}

async fn takes_connections(host: &str, port: u16) -> bool {
    matches!(timeout(PATIENCE, TcpStream::connect((host, port))).await, Ok(Ok(_)))
}
