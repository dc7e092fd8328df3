//! `redisctl doctor`: checks this machine, and says how to put right what is wrong.

use std::net::Ipv4Addr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::prepare::is_taken;
use super::{CommandError, Connected, Outcome, neighbours};
use crate::docker::connect::{ConnectError, connect};
use crate::docker::engine_info::{engine_info, image_state};
use crate::docker::location::{EngineLocation, ThisMachine};
use crate::docker::{Engine, host_image};
use crate::doctor::{Diagnosis, DoctorFinding, HostServer, Severity, checks};
use crate::executor::chain;
use crate::topology::DeploymentName;
use crate::topology::defaults::{DEFAULT_IMAGE, DEFAULT_PORT_BASE};
use crate::topology::name::NameError;
use crate::ui::Ui;

/// The deployment that `redisctl up` makes where nothing else is said: what it needs is looked for.
const DEPLOYMENT: &str = "cluster";
/// How many nodes that has.
const NODES: u16 = 6;

pub(super) async fn run(host: Option<&str>, ui: &Ui) -> Result<Outcome, CommandError> {
    let mut findings = Vec::new();
    let reached = match examine_engine(host, &mut findings).await {
        Ok(connected) => {
            examine_needs(&connected, &mut findings).await?;
            true
        }
        Err(reached) => reached,
    };
    let diagnosis = Diagnosis { findings };
    ui.diagnosis(&diagnosis)?;
    Ok(match diagnosis.count(Severity::Problem) {
        _ if !reached => Outcome::EngineUnreachable,
        0 => Outcome::Done,
        _ => Outcome::ChecksFailed,
    })
}

/// Finds and reaches the engine, as far as that goes; else whether it was reached at all.
async fn examine_engine(host: Option<&str>, findings: &mut Vec<DoctorFinding>) -> Result<Connected, bool> {
    let location = match EngineLocation::find(host, &ThisMachine) {
        Ok(location) => location,
        Err(error) => {
            findings.push(DoctorFinding::problem("engine", chain(&error), error.hint()));
            return Err(false);
        }
    };
    findings.push(DoctorFinding::ok("engine", format!("{} ({})", location.address, location.origin)));
    match connect(&location).await {
        Ok(docker) => Ok(Connected { engine: Engine::new(docker), location }),
        Err(error) => {
            let (check, reached) = match &error {
                ConnectError::TooOld { .. } => ("version", true),
                ConnectError::NotLinux { .. } => ("containers", true),
                ConnectError::Unsupported { .. } | ConnectError::Unreachable { .. } => ("reachable", false),
            };
            findings.push(DoctorFinding::problem(check, chain(&error), error.hint()));
            Err(reached)
        }
    }
}

/// What `up` needs of an engine that answers.
async fn examine_needs(connected: &Connected, findings: &mut Vec<DoctorFinding>) -> Result<(), CommandError> {
    let docker = connected.engine.client();
    let engine = engine_info(docker).await?;
    // Now, and not after what may take its time.
    let own = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    findings.push(checks::reachable(&connected.location.endpoint_host()));
    findings.push(DoctorFinding::ok("version", engine.version));
    findings.push(DoctorFinding::ok("containers", engine.platform));

    let (ports, subnet) = examine_network(connected).await?;
    findings.extend([ports, subnet]);
    findings.extend(neighbours::finding(usize::from(NODES), connected));

    let image = image_state(docker, DEFAULT_IMAGE).await?;
    let host = host_server().await;
    findings.push(checks::image(DEFAULT_IMAGE, &image, &host));
    findings.push(checks::host_server(&host, &image));

    findings.push(checks::limits(engine.limits));
    findings.push(checks::clock(engine.time, own));
    findings.extend(engine.warnings.into_iter().map(|warning| {
        DoctorFinding::warning(
            "engine's own",
            warning,
            "this is the engine's warning; `docker info` prints it too",
        )
    }));
    Ok(())
}

/// Ports and a subnet for the deployment, whatever it has already left aside.
async fn examine_network(connected: &Connected) -> Result<(DoctorFinding, DoctorFinding), CommandError> {
    let name = DeploymentName::new(DEPLOYMENT).map_err(|error| CommandError::Usage {
        message: error.to_string(),
        hint: NameError::hint().to_owned(),
    })?;
    let on_engine = connected.engine.inventory().await?;
    let inventory = on_engine.deployment(&name);
    let mut holders = on_engine.busy_ports(&name);
    let wanted = DEFAULT_PORT_BASE..=DEFAULT_PORT_BASE + NODES - 1;
    for port in wanted.clone() {
        let own = inventory.ports.contains(&port);
        let tried = || connected.location.is_local() && is_taken(Ipv4Addr::LOCALHOST, port);
        if !own && !holders.contains_key(&port) && tried() {
            holders.insert(port, "another process".to_owned());
        }
    }
    let subnet = checks::subnet(usize::from(NODES), &on_engine.other_networks(&name));
    Ok((checks::ports(&wanted, &holders), subnet))
}

/// Whether an image can be made from this machine's server; none is made.
async fn host_server() -> HostServer {
    match host_image::reference().await {
        Ok(_) => HostServer::Usable,
        Err(error) => HostServer::Unusable(chain(&error), error.hint()),
    }
}
