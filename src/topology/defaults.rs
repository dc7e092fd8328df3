//! Defaults of the spec, and its limits.

use std::net::Ipv4Addr;

use crate::spec::Spec;

/// The first node's port if the spec names none. Port 7000 is not used, because `AirPlay` holds it on macOS.
pub const DEFAULT_PORT_BASE: u16 = 7001;

/// How far above a node's port its cluster bus listens.
pub const BUS_OFFSET: u16 = 10_000;

/// The highest port: the cluster bus listens above it.
pub const HIGHEST_PORT: u16 = u16::MAX - BUS_OFFSET;

/// The maximum number of nodes of a deployment. The subnet pools have room for them.
pub const MOST_NODES: u32 = 1000;

/// The default number of shards of a cluster: the smallest number that can fail over.
pub const DEFAULT_SHARDS: u32 = 3;

/// The default number of replicas.
pub const DEFAULT_REPLICAS: u32 = 1;

/// The default number of sentinels: the smallest number that tolerates the loss of a sentinel.
pub const DEFAULT_SENTINELS: u32 = 3;

/// The image if the spec names none.
pub const DEFAULT_IMAGE: &str = "redis:8";

/// The image that the spec names, or the default image.
#[must_use]
pub fn image_reference(spec: &Spec) -> String {
    spec.image.clone().unwrap_or_else(|| DEFAULT_IMAGE.to_owned())
}

/// The host that servers announce to clients, if the spec names it.
#[must_use]
pub fn announced_host(spec: &Spec) -> Option<&str> {
    spec.ports.as_ref()?.announce.as_deref()
}

/// The address of the engine's machine that ports are published on.
pub(super) fn bind(spec: &Spec) -> Ipv4Addr {
    spec.ports.as_ref().and_then(|ports| ports.bind).unwrap_or(Ipv4Addr::LOCALHOST)
}
