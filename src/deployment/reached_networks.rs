//! The networks that this machine reaches, except the engine's networks.

use std::fs;
use std::path::Path;

use crate::docker::EngineInventory;
use crate::docker::location::EngineLocation;
use crate::topology::facts::ReachedNetwork;
use crate::topology::routes;

/// The flag of an interface with a single machine at the other end (`IFF_POINTOPOINT`), as VPNs have.
const POINT_TO_POINT: u32 = 0x10;

/// The networks that this machine reaches, except the engine's bridges. If the engine is on another machine, they are
/// unknown, and the list is empty.
pub(super) fn reached_networks(
    location: &EngineLocation,
    on_engine: &EngineInventory,
) -> Vec<ReachedNetwork> {
    if !location.is_local() {
        return Vec::new();
    }
    let text = fs::read_to_string("/proc/net/route").unwrap_or_default();
    let bridges = on_engine.subnets();
    let mut networks = routes::read(&text, is_tunnel);
    networks.retain(|network| !bridges.contains(&network.subnet));
    networks
}

fn is_tunnel(interface: &str) -> bool {
    let flags = fs::read_to_string(Path::new("/sys/class/net").join(interface).join("flags"));
    let flags =
        flags.ok().and_then(|text| u32::from_str_radix(text.trim().trim_start_matches("0x"), 16).ok());
    flags.is_some_and(|flags| flags & POINT_TO_POINT != 0)
}
