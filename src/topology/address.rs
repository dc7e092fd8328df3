//! The address of a node for other nodes, and its endpoint for clients. The two are never mixed.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

/// A node's static IP and port inside the deployment's network: gossip and replication use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Address {
    /// The static IP.
    pub ip: Ipv4Addr,
    /// The port that the server listens on.
    pub port: u16,
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.ip, self.port)
    }
}

/// The host and port that a client outside the network dials.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Endpoint {
    /// 127.0.0.1 for a local engine, the engine's own host for a remote engine.
    pub host: String,
    /// The published port, the same number as inside.
    pub port: u16,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.host, self.port)
    }
}

/// Static IPs count from here, so that the gateway and a few addresses below stay free.
const FIRST_HOST: u32 = 11;

/// The ranges in which a free subnet is searched, in this order. The first is the end of Docker's own range for
/// networks, which Docker uses last. The second is for machines on which the first is in use.
const POOLS: [(Ipv4Addr, u8); 2] = [(Ipv4Addr::new(172, 30, 0, 0), 16), (Ipv4Addr::new(10, 231, 0, 0), 16)];

/// The static IP of the node at `position` (from 0), or `None` if the subnet ends before it.
#[must_use]
pub fn static_ip(subnet: Ipv4Net, position: usize) -> Option<Ipv4Addr> {
    let offset = FIRST_HOST.checked_add(u32::try_from(position).ok()?)?;
    let ip = Ipv4Addr::from(u32::from(subnet.network()).checked_add(offset)?);
    (subnet.contains(&ip) && ip != subnet.broadcast()).then_some(ip)
}

/// Whether `host` is this machine's loopback.
#[must_use]
pub fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The gateway of a subnet: its first host.
#[must_use]
pub fn gateway(subnet: Ipv4Net) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(subnet.network()).saturating_add(1))
}

/// The first free subnet of the pools with room for `nodes`: a /24, or a larger subnet if a /24 is too small. It
/// overlaps none of `taken`.
#[must_use]
pub fn first_free_subnet(nodes: usize, taken: &[Ipv4Net]) -> Option<Ipv4Net> {
    let last = nodes.checked_sub(1)?;
    POOLS.into_iter().find_map(|(network, length)| {
        let pool = Ipv4Net::new(network, length).ok()?;
        (length..=24).rev().find_map(|prefix| {
            pool.subnets(prefix)
                .ok()?
                .take_while(|subnet| static_ip(*subnet, last).is_some())
                .find(|subnet| !taken.iter().any(|other| overlap(*subnet, *other)))
        })
    })
}

/// Whether a subnet shares an address with the ranges in which a free subnet is searched.
#[must_use]
pub fn is_in_pools(subnet: Ipv4Net) -> bool {
    let pools = POOLS.iter().filter_map(|(network, length)| Ipv4Net::new(*network, *length).ok());
    pools.into_iter().any(|pool| overlap(pool, subnet))
}

/// Whether two subnets share an address.
#[must_use]
pub fn overlap(one: Ipv4Net, other: Ipv4Net) -> bool {
    one.contains(&other) || other.contains(&one)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn net(text: &str) -> Ipv4Net {
        text.parse().expect("a subnet")
    }

    #[test]
    fn static_ips_count_from_eleven_and_stop_before_the_broadcast_address() {
        let subnet = net("172.30.7.0/28");
        assert_eq!(static_ip(subnet, 0), Some(Ipv4Addr::new(172, 30, 7, 11)));
        assert_eq!(static_ip(subnet, 3), Some(Ipv4Addr::new(172, 30, 7, 14)));
        assert_eq!(static_ip(subnet, 4), None);
    }

    #[test]
    fn the_first_free_subnet_skips_what_is_taken() {
        assert_eq!(first_free_subnet(6, &[]), Some(net("172.30.0.0/24")));
        assert_eq!(first_free_subnet(6, &[net("172.30.0.0/23")]), Some(net("172.30.2.0/24")));
        assert_eq!(first_free_subnet(6, &[net("172.16.0.0/12")]), Some(net("10.231.0.0/24")));
        assert_eq!(first_free_subnet(6, &[net("0.0.0.0/0")]), None);
        assert_eq!(first_free_subnet(300, &[]), Some(net("172.30.0.0/23")));
    }

    /// The subnet of any network, or a subnet that overlaps a pool.
    fn taken() -> impl Strategy<Value = Ipv4Net> {
        let ip = prop_oneof![
            any::<u32>(),
            proptest::sample::select(&POOLS[..]).prop_map(|(network, _)| u32::from(network)),
        ];
        (ip, 8_u8..=28).prop_map(|(ip, length)| Ipv4Net::new(ip.into(), length).expect("a length"))
    }

    proptest! {
        #[test]
        fn a_free_subnet_overlaps_nothing_and_has_room(
            nodes in 1_usize..600,
            taken in proptest::collection::vec(taken(), 0..20),
        ) {
            let has_room = |subnet| static_ip(subnet, nodes - 1).is_some();
            let is_free = |subnet| !taken.iter().any(|other| overlap(subnet, *other));
            if let Some(subnet) = first_free_subnet(nodes, &taken) {
                prop_assert!(has_room(subnet) && is_free(subnet), "{subnet}");
            } else {
                let pools = POOLS.map(|(network, length)| Ipv4Net::new(network, length).expect("a pool"));
                let mut subnets = pools.iter().flat_map(|pool| pool.subnets(22).expect("a length"));
                prop_assert!(subnets.all(|subnet| !is_free(subnet)), "there is room");
            }
        }
    }
}
