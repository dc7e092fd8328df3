//! The network namespace and the IP of each node. Only this file decides them.
//!
//! A cluster node announces different addresses to other nodes and to clients. A sentinel knows a single address per
//! server: sentinels, replicas and clients all dial it. Clients in the deployment's network can dial the static IP.
//! Clients on the host may have no route to static IPs (Docker Desktop, rootless and remote engines). So with
//! sentinels, all nodes share a network namespace. Inside it, the clients' IP leads to the same server, and every
//! port is published once.

use std::net::Ipv4Addr;

use super::{Kind, Reach};
use crate::spec::Access;

/// The network namespaces of the nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// Each node has its own network namespace and its own static IP.
    Apart,
    /// Each node has its own network namespace. Its address is that of its engine, which publishes its ports: sentinels,
    /// replicas and clients all dial it.
    AtEngines,
    /// All nodes share a network namespace and this IP.
    Together {
        /// 127.0.0.1, or the IP of the engine's host if that is another machine.
        ip: Ipv4Addr,
    },
}

impl Placement {
    /// The placement of a deployment; `endpoint` is the IP that clients on the host dial.
    #[must_use]
    pub fn choose(kind: Kind, access: Access, endpoint: Ipv4Addr, reach: Option<Reach>) -> Self {
        match reach {
            Some(Reach::HostPorts) => Self::AtEngines,
            None if (kind, access) == (Kind::Sentinel, Access::Host) => Self::Together { ip: endpoint },
            // A namespace belongs to one engine.
            Some(Reach::Overlay) | None => Self::Apart,
        }
    }
}
