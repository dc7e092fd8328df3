//! Examines whether a machine and its engine have what `up` needs.

use std::net::Ipv4Addr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::Error;
use super::engine::ConnectedEngine;
use super::neighbour_table;
use super::own_container::own_container;
use super::port_probe::{ANOTHER_PROCESS, is_taken};
use super::reached_networks::reached_networks;
use crate::docker::connect::ConnectError;
use crate::docker::engine_info::{engine_info, image_state};
use crate::docker::host_image;
use crate::docker::location::{EngineLocation, ThisMachine};
use crate::doctor::{Diagnosis, DoctorFinding, HostServer, checks};
use crate::executor::chain;
use crate::topology::DeploymentName;
use crate::topology::defaults::{DEFAULT_IMAGE, DEFAULT_PORT_BASE};
use crate::topology::name::NameError;

/// The default deployment of `redisctl up`. Its needs are examined.
const DEPLOYMENT: &str = "cluster";

/// The number of its nodes.
const NODES: u16 = 6;

/// The result of an examination.
pub(crate) struct Examination {
    /// The findings.
    pub(crate) diagnosis: Diagnosis,
    /// Whether the engine answered.
    pub(crate) reached: bool,
}

/// Examines this machine and the engine at an address, otherwise the engine of the environment.
pub(crate) async fn examine(address: Option<&str>) -> Result<Examination, Error> {
    let mut findings = Vec::new();
    let reached = match examine_engine(address, &mut findings).await {
        Ok(engine) => {
            examine_needs(&engine, &mut findings).await?;
            true
        }
        Err(reached) => reached,
    };
    Ok(Examination { diagnosis: Diagnosis { findings }, reached })
}

/// Finds the engine and connects to it. The error tells whether the engine answered at all.
async fn examine_engine(
    address: Option<&str>,
    findings: &mut Vec<DoctorFinding>,
) -> Result<ConnectedEngine, bool> {
    let location = match EngineLocation::find(address, &ThisMachine) {
        Ok(location) => location,
        Err(error) => {
            findings.push(DoctorFinding::problem("engine", chain(&error), error.hint()));
            return Err(false);
        }
    };
    findings.push(DoctorFinding::ok("engine", format!("{} ({})", location.address, location.origin)));
    ConnectedEngine::at(location).await.map_err(|error| {
        let (check, reached) = match &error {
            Error::Connect(ConnectError::TooOld { .. }) => ("version", true),
            Error::Connect(ConnectError::NotLinux { .. }) => ("containers", true),
            _ => ("reachable", false),
        };
        findings.push(DoctorFinding::problem(check, chain(&error), error.hint().unwrap_or_default()));
        reached
    })
}

/// Examines an answering engine.
async fn examine_needs(engine: &ConnectedEngine, findings: &mut Vec<DoctorFinding>) -> Result<(), Error> {
    let docker = engine.api.client();
    let info = engine_info(docker).await?;
    // The clocks are compared first, because the other examinations take time.
    let own = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let container = own_container(&engine.api.inventory().await?);
    findings.push(checks::reachable(&engine.location.endpoint_host(), container.as_deref()));
    findings.push(DoctorFinding::ok("version", info.version));
    findings.push(DoctorFinding::ok("containers", info.platform));

    let (ports, subnet) = examine_network(engine).await?;
    findings.extend([ports, subnet]);
    findings.extend(neighbour_table::finding(usize::from(NODES), engine));

    let image = image_state(docker, DEFAULT_IMAGE).await?;
    let host = host_server().await;
    findings.push(checks::image(DEFAULT_IMAGE, &image, &host));
    findings.push(checks::host_server(&host, &image));

    findings.push(checks::limits(info.limits));
    findings.push(checks::clock(info.time, own));
    findings.extend(info.warnings.into_iter().map(|warning| {
        DoctorFinding::warning(
            "engine's own",
            warning,
            "this is the engine's warning; `docker info` prints it too",
        )
    }));
    Ok(())
}

/// Free ports and a free subnet for the deployment. If it exists, its own ports and subnet count as free.
async fn examine_network(engine: &ConnectedEngine) -> Result<(DoctorFinding, DoctorFinding), Error> {
    let name = DeploymentName::new(DEPLOYMENT)
        .map_err(|error| Error::Invalid { message: error.to_string(), hint: NameError::hint().to_owned() })?;
    let on_engine = engine.api.inventory().await?;
    let inventory = on_engine.deployment(&name);
    let mut holders = on_engine.busy_ports(&name);
    let wanted = DEFAULT_PORT_BASE..=DEFAULT_PORT_BASE + NODES - 1;
    for port in wanted.clone() {
        let own = inventory.ports.contains(&port);
        let tried = || engine.location.is_local() && is_taken(Ipv4Addr::LOCALHOST, port);
        if !own && !holders.contains_key(&port) && tried() {
            holders.insert(port, ANOTHER_PROCESS.to_owned());
        }
    }
    let reached = reached_networks(&engine.location, &on_engine);
    let subnet = checks::subnet(usize::from(NODES), &on_engine.other_networks(&name), &reached);
    Ok((checks::ports(&wanted, &holders), subnet))
}

/// Whether an image can be made from this machine's server. No image is made.
async fn host_server() -> HostServer {
    match host_image::reference().await {
        Ok(_) => HostServer::Usable,
        Err(error) => HostServer::Unusable(chain(&error), error.hint()),
    }
}
