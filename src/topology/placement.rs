//! Where nodes live on the network, and the IP that each goes by: the one place that decides it.
//!
//! A cluster node announces one address to its neighbours and another one to clients. A sentinel
//! cannot: the one address that it has for a server is dialled by itself, by replicas and by
//! clients. For clients in the deployment's network a static IP is right. For clients on the host it
//! is not, unless they have a route to it, which Docker Desktop, rootless and remote engines do not
//! give. What is right there, on every engine, is one network namespace for all nodes: the IP that
//! clients dial leads to the same server from inside, and every port is published once.

use std::net::Ipv4Addr;

use super::Kind;
use crate::spec::Access;

/// Where nodes live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// Each in a network namespace of its own, at a static IP.
    Apart,
    /// All in one network namespace, where all go by this IP.
    Together {
        /// 127.0.0.1, or the IP of the engine's host where that is another machine.
        ip: Ipv4Addr,
    },
}

impl Placement {
    /// Where the nodes of such a deployment live; `endpoint` is what clients on the host dial.
    #[must_use]
    pub fn choose(kind: Kind, access: Access, endpoint: Ipv4Addr) -> Self {
        match (kind, access) {
            (Kind::Sentinel, Access::Host) => Self::Together { ip: endpoint },
            _ => Self::Apart,
        }
    }
}
