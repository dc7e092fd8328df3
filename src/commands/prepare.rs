//! From a spec to a topology on this engine: gathers the facts that resolving needs.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddrV4, TcpListener};

use super::specs::Found;
use super::up::Taken;
use super::{CommandError, Connected, certificates, credentials};
use crate::docker::inventory::Inventory;
use crate::docker::{host_image, image};
use crate::topology::defaults::image_reference;
use crate::topology::facts::{Existing, Facts};
use crate::topology::resolve::{deployment_name, resolve};
use crate::topology::{Credentials, Topology};

/// Who has what others turned out to have.
const SOMEBODY: &str = "somebody else";

/// The word for an image that is made from this machine's own server.
const HOST_IMAGE: &str = "host";

/// A deployment as it should be, and what was found out on the way.
pub(super) struct Prepared {
    /// What should be.
    pub(super) topology: Topology,
    /// The passwords that should be.
    pub(super) credentials: Credentials,
    /// What the deployment was last brought to, if it exists.
    pub(super) stored: Option<(Topology, Credentials)>,
    /// The inventory of the deployment.
    pub(super) inventory: Inventory,
}

/// What the user calls the image, before it is known to be on the engine.
pub(super) enum ImageChoice {
    /// A reference.
    Reference(String),
    /// Made from this machine's own server.
    Host,
}

/// Which image a spec asks for.
pub(super) fn image_choice(found: &Found) -> ImageChoice {
    match image_reference(&found.document.spec) {
        word if word == HOST_IMAGE => ImageChoice::Host,
        reference => ImageChoice::Reference(reference),
    }
}

/// Makes the image of `image: host` where it is not there yet, and gives the reference to run.
pub(super) async fn provide_image(found: &Found, connected: &Connected) -> Result<String, CommandError> {
    match image_choice(found) {
        ImageChoice::Reference(reference) => Ok(reference),
        ImageChoice::Host => Ok(host_image::ensure(connected.engine.client()).await?.reference),
    }
}

/// Resolves a spec against what is on the engine; `image` is the reference to run, `taken` is what
/// others turned out to have, though the engine's lists do not show it.
pub(super) async fn prepare(
    found: &Found,
    connected: &Connected,
    image: String,
    taken: &Taken,
) -> Result<Prepared, CommandError> {
    let spec = &found.document.spec;
    let offline = Facts::offline(&found.default_name);
    let name = deployment_name(spec, &offline).map_err(|problem| found.document.locate(vec![problem]))?;
    let docker = connected.engine.client();
    let on_engine = connected.engine.inventory().await?;
    let server = match image::find(docker, &image).await? {
        Some(present) => Some(image::server(docker, &image, &present, &name).await?),
        None => None,
    };
    let inventory = on_engine.deployment(&name);
    let subnet = inventory.network.as_ref().and_then(|network| network.subnet);
    // The deployment's own is nobody else's: who took it has made this very deployment.
    let refused = taken.subnets.iter().filter(|taken| Some(**taken) != subnet);
    let refused = refused.map(|subnet| (SOMEBODY.to_owned(), vec![*subnet]));
    let mut busy_ports = on_engine.busy_ports(&name);
    busy_ports.extend(taken.ports.iter().map(|port| (*port, SOMEBODY.to_owned())));
    let stored = connected.engine.stored(&name, &on_engine).await?;
    let made_from = inventory.containers.iter();
    let made_from =
        made_from.filter_map(|(node, container)| Some((node.clone(), container.settings.clone()?)));
    let endpoint_host = connected.location.endpoint_host();
    let mut facts = Facts {
        endpoint_ip: ip_of(&endpoint_host).await,
        endpoint_host,
        image: Some(image),
        server,
        networks: on_engine.other_networks(&name).into_iter().chain(refused).collect(),
        busy_ports,
        existing: Existing {
            subnet,
            stored: stored.as_ref().map(|(topology, _)| Box::new(topology.clone())),
            containers: made_from.collect(),
        },
        ..offline
    };
    let topology = if connected.location.is_local() {
        resolve_with_free_ports(found, &mut facts, &inventory.ports)?
    } else {
        // Which ports of another machine are free, only its engine can find out.
        resolve(spec, &facts).map_err(|problems| found.document.locate(problems))?
    };
    let kept = stored.as_ref().map(|(_, credentials)| credentials);
    let certificates = certificates::gather(found, &topology, kept)?;
    let credentials =
        Credentials { certificates, ..credentials::gather(spec, &topology, &found.folder, kept)? };
    Ok(Prepared { topology, credentials, stored, inventory })
}

/// The IPv4 address that a host name leads to from here.
async fn ip_of(host: &str) -> Option<Ipv4Addr> {
    // The port does not matter, but the call wants one.
    let addresses = tokio::net::lookup_host((host, 0)).await.ok()?;
    addresses.map(|address| address.ip()).find_map(|ip| match ip {
        IpAddr::V4(ip) => Some(ip),
        IpAddr::V6(_) => None,
    })
}

/// Resolves again and again while a port that was chosen turns out to be taken on this machine: a
/// port of the spec's is then reported, and where ports are `auto` the next ones are tried.
fn resolve_with_free_ports(
    found: &Found,
    facts: &mut Facts,
    own: &BTreeSet<u16>,
) -> Result<Topology, CommandError> {
    let spec = &found.document.spec;
    loop {
        let topology = resolve(spec, facts).map_err(|problems| found.document.locate(problems))?;
        let before = facts.busy_ports.len();
        for node in topology.nodes() {
            let port = node.endpoint.port;
            if !own.contains(&port) && is_taken(topology.bind, port) {
                facts.busy_ports.insert(port, "another process".to_owned());
            }
        }
        // Each round finds at least one port more, or ends.
        if facts.busy_ports.len() == before {
            return Ok(topology);
        }
        if !found.leaves_ports_open() {
            return resolve(spec, facts).map_err(|problems| found.document.locate(problems).into());
        }
    }
}

/// Whether a port of this machine is taken.
pub(super) fn is_taken(bind: Ipv4Addr, port: u16) -> bool {
    match TcpListener::bind(SocketAddrV4::new(bind, port)) {
        Ok(_) => false,
        Err(error) => error.kind() == std::io::ErrorKind::AddrInUse,
    }
}
