//! The request bodies for containers, networks and volumes, from the settings of a plan.

use std::collections::{BTreeMap, HashMap};
use std::net::Ipv4Addr;
use std::time::Duration;

use bollard::models::{
    ContainerCreateBody, EndpointIpamConfig, EndpointSettings, HealthConfig, HostConfig, Ipam, IpamConfig,
    Mount, MountType, MountVolumeOptions, NetworkCreateRequest, NetworkingConfig, PortBinding,
    ResourcesUlimits, RestartPolicy, RestartPolicyNameEnum, VolumeCreateRequest,
};

use super::labels;
use crate::plan::{NetworkSettings, VolumeSettings};
use crate::topology::address::gateway;
use crate::topology::container::{ContainerSettings, Namespace};
use crate::topology::health_check;

/// The option of a network that sets its largest packet.
pub(super) const MTU: &str = "com.docker.network.driver.mtu";

/// The maximum number of processes and threads in a container. A server has about a dozen.
const MOST_PROCESSES: i64 = 512;

/// The body that creates a container whose labels are its only purpose. It is never started.
pub(super) fn mark(image: &str, labels: HashMap<String, String>) -> ContainerCreateBody {
    ContainerCreateBody {
        image: Some(image.to_owned()),
        // The engine requires a program.
        cmd: Some(vec!["never".to_owned()]),
        labels: Some(labels),
        host_config: Some(HostConfig { network_mode: Some("none".to_owned()), ..Default::default() }),
        ..Default::default()
    }
}

/// The body that creates a node's container.
pub(super) fn container(settings: &ContainerSettings) -> ContainerCreateBody {
    let network = network_of(settings);
    let mounts = settings.volumes.iter().map(|volume| Mount {
        typ: Some(MountType::VOLUME),
        source: Some(volume.volume.clone()),
        target: Some(volume.target.clone()),
        // Copying the image's files into the volume would change its owner.
        volume_options: Some(MountVolumeOptions { no_copy: Some(true), ..Default::default() }),
        ..Default::default()
    });
    let memory = settings.resources.memory.and_then(|bytes| i64::try_from(bytes).ok());
    let host_config = HostConfig {
        port_bindings: network.bindings,
        mounts: Some(mounts.collect()),
        network_mode: Some(network.mode),
        memory,
        // The limit includes swap, so the server never swaps: that would make it slow.
        memory_swap: memory,
        nano_cpus: settings.resources.millicpus.and_then(|cpus| i64::try_from(cpus * 1_000_000).ok()),
        ulimits: settings.resources.files.map(|files| vec![open_files(files)]),
        sysctls: (!settings.sysctls.is_empty()).then(|| settings.sysctls.clone().into_iter().collect()),
        pids_limit: Some(MOST_PROCESSES),
        cap_drop: Some(vec!["ALL".to_owned()]),
        security_opt: Some(vec!["no-new-privileges:true".to_owned()]),
        readonly_rootfs: Some(true),
        restart_policy: Some(RestartPolicy {
            name: Some(RestartPolicyNameEnum::UNLESS_STOPPED),
            maximum_retry_count: None,
        }),
        ..Default::default()
    };
    let (program, arguments) = match settings.command.split_first() {
        Some((program, arguments)) => (vec![program.clone()], arguments.to_vec()),
        None => (Vec::new(), Vec::new()),
    };
    ContainerCreateBody {
        image: Some(settings.image.clone()),
        hostname: network.hostname,
        user: Some(settings.user.clone()),
        healthcheck: settings.health_check.as_deref().map(health_check),
        entrypoint: Some(program),
        cmd: Some(arguments),
        env: Some(variables(&settings.environment)),
        working_dir: Some("/".to_owned()),
        labels: Some(labels::of_container(settings)),
        exposed_ports: network.exposed,
        host_config: Some(host_config),
        networking_config: network.attachment,
        ..Default::default()
    }
}

/// The limit of open files.
pub(super) fn open_files(most: u32) -> ResourcesUlimits {
    ResourcesUlimits { name: Some("nofile".to_owned()), soft: Some(most.into()), hard: Some(most.into()) }
}

/// A health check with these words.
fn health_check(words: &[String]) -> HealthConfig {
    let nanoseconds = |seconds: u64| i64::try_from(Duration::from_secs(seconds).as_nanos()).ok();
    HealthConfig {
        test: Some(
            std::iter::once("CMD").chain(words.iter().map(String::as_str)).map(str::to_owned).collect(),
        ),
        interval: nanoseconds(health_check::INTERVAL),
        timeout: nanoseconds(health_check::TIMEOUT),
        retries: Some(health_check::RETRIES.into()),
        start_period: nanoseconds(health_check::START_PERIOD),
        // Engines before 25 ignore it.
        start_interval: nanoseconds(health_check::START_INTERVAL),
    }
}

/// The network fields of a container's body.
struct NetworkFields {
    mode: String,
    hostname: Option<String>,
    exposed: Option<Vec<String>>,
    bindings: Option<HashMap<String, Option<Vec<PortBinding>>>>,
    attachment: Option<NetworkingConfig>,
}

/// Variables in the form of the engine.
pub(super) fn variables(environment: &BTreeMap<String, String>) -> Vec<String> {
    environment.iter().map(|(name, value)| format!("{name}={value}")).collect()
}

fn network_of(settings: &ContainerSettings) -> NetworkFields {
    match &settings.network {
        Namespace::Own { ip, ports } => own_namespace(settings, Some(*ip), ports),
        Namespace::AtEngine { .. } => {
            own_namespace(settings, None, &settings.network.held_ports().collect::<Vec<u16>>())
        }
        // The engine refuses a host name and ports for a container in another container's namespace.
        Namespace::Of { anchor, .. } => NetworkFields {
            mode: format!("container:{anchor}"),
            hostname: None,
            exposed: None,
            bindings: None,
            attachment: None,
        },
    }
}

/// The network fields of a container in the deployment's network, which publishes ports.
fn own_namespace(settings: &ContainerSettings, ip: Option<Ipv4Addr>, ports: &[u16]) -> NetworkFields {
    let name = |port: &u16| format!("{port}/tcp");
    let binding = |port: &u16| PortBinding {
        host_ip: Some(settings.bind.to_string()),
        host_port: Some(port.to_string()),
    };
    let attachment = (settings.deployment.to_string(), endpoint(settings.name.as_str(), ip));
    NetworkFields {
        mode: settings.deployment.to_string(),
        hostname: Some(settings.name.to_string()),
        exposed: Some(ports.iter().map(name).collect()),
        bindings: Some(ports.iter().map(|port| (name(port), Some(vec![binding(port)]))).collect()),
        attachment: Some(NetworkingConfig { endpoints_config: Some(HashMap::from([attachment])) }),
    }
}

/// A container's endpoint in the deployment's network, with a static IP or an IP of the engine's choice.
pub(super) fn endpoint(alias: &str, ip: Option<Ipv4Addr>) -> EndpointSettings {
    EndpointSettings {
        ipam_config: ip
            .map(|ip| EndpointIpamConfig { ipv4_address: Some(ip.to_string()), ..Default::default() }),
        aliases: Some(vec![alias.to_owned()]),
        ..Default::default()
    }
}

/// The body that creates the deployment's network.
pub(super) fn network(settings: &NetworkSettings) -> NetworkCreateRequest {
    NetworkCreateRequest {
        name: settings.deployment.to_string(),
        driver: Some(if settings.overlay { "overlay" } else { "bridge" }.to_owned()),
        // Containers that are no tasks of the swarm join the overlay, too.
        attachable: settings.overlay.then_some(true),
        labels: Some(labels::of_deployment(&settings.deployment, &settings.labels, settings.several_engines)),
        options: settings.mtu.map(|mtu| HashMap::from([(MTU.to_owned(), mtu.to_string())])),
        ipam: Some(Ipam {
            config: Some(vec![IpamConfig {
                subnet: Some(settings.subnet.to_string()),
                gateway: Some(gateway(settings.subnet).to_string()),
                ..Default::default()
            }]),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// The body that creates a volume.
pub(super) fn volume(settings: &VolumeSettings) -> VolumeCreateRequest {
    let mut labels = labels::of_deployment(&settings.deployment, &settings.labels, settings.several_engines);
    let keeps_data = if settings.keeps.is_some() { "yes" } else { "no" };
    labels.insert(labels::KEEPS_DATA.to_owned(), keeps_data.to_owned());
    labels.extend(settings.keeps.as_ref().map(|kept| (labels::DATA_OF.to_owned(), kept.to_label())));
    VolumeCreateRequest { name: Some(settings.name.clone()), labels: Some(labels), ..Default::default() }
}
