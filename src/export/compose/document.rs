//! The data of a compose file. The fields have the names of the Compose specification.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use schemars::JsonSchema;
use serde::Serialize;

use crate::topology::container::ContainerSettings;
use crate::topology::{Resources, Topology, health_check};

/// How often compose checks a server's health, in seconds. `docker compose up --wait` takes at least this long.
const HEALTH_INTERVAL: u64 = 5;

/// A compose file.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Compose {
    pub(super) services: BTreeMap<String, Service>,
    pub(super) networks: BTreeMap<String, Network>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) volumes: BTreeMap<String, Named>,
}

/// A container.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Service {
    pub(super) image: String,
    pub(super) container_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) hostname: Option<String>,
    pub(super) user: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) entrypoint: Option<Vec<String>>,
    pub(super) command: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) depends_on: BTreeMap<String, Dependency>,
    /// The network namespace, if it is not in a network of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) network_mode: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) networks: BTreeMap<String, Attachment>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) ports: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) volumes: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tmpfs: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mem_limit: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) memswap_limit: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cpus: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ulimits: Option<Limits>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) sysctls: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) platform: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) labels: BTreeMap<String, String>,
    pub(super) cap_drop: [&'static str; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) cap_add: Vec<&'static str>,
    pub(super) security_opt: [&'static str; 1],
    pub(super) read_only: bool,
    pub(super) restart: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) healthcheck: Option<HealthCheck>,
}

/// The state of another service that a service awaits before its start.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Dependency {
    pub(super) condition: &'static str,
}

/// Limits of the kernel.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Limits {
    /// Open files.
    pub(super) nofile: u32,
}

/// How compose finds out whether a server answers: `docker compose up --wait` waits for it.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct HealthCheck {
    pub(super) test: Vec<String>,
    pub(super) interval: String,
    pub(super) timeout: String,
    pub(super) retries: u32,
    pub(super) start_period: String,
}

/// A service's place in a network.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Attachment {
    ipv4_address: String,
}

/// A network.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Network {
    pub(super) name: String,
    pub(super) driver: &'static str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) driver_opts: BTreeMap<&'static str, String>,
    pub(super) ipam: AddressManagement,
}

/// The addresses of a network.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct AddressManagement {
    pub(super) config: [Pool; 1],
}

/// A subnet and its gateway.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Pool {
    pub(super) subnet: String,
    pub(super) gateway: String,
}

/// A volume with exactly this name. Compose adds the project's name to other names.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Named {
    pub(super) name: String,
}

impl Service {
    /// A service of the deployment's image without rights.
    pub(super) fn new(topology: &Topology, name: String, user: String) -> Self {
        Self {
            image: literal(&topology.image),
            container_name: name,
            hostname: None,
            user,
            entrypoint: None,
            command: Vec::new(),
            depends_on: BTreeMap::new(),
            network_mode: None,
            networks: BTreeMap::new(),
            ports: Vec::new(),
            volumes: Vec::new(),
            tmpfs: Vec::new(),
            mem_limit: None,
            memswap_limit: None,
            cpus: None,
            ulimits: None,
            sysctls: BTreeMap::new(),
            platform: topology.platform.as_ref().map(ToString::to_string),
            labels: literals(&topology.labels),
            cap_drop: ["ALL"],
            cap_add: Vec::new(),
            security_opt: ["no-new-privileges:true"],
            read_only: true,
            restart: "no",
            healthcheck: None,
        }
    }

    /// A server with the image, the user and the limits of a container of `up`.
    pub(super) fn of_container(topology: &Topology, container: &ContainerSettings) -> Self {
        let resources = container.resources;
        Self {
            image: literal(&container.image),
            mem_limit: resources.memory,
            memswap_limit: resources.memory,
            cpus: cpus(resources),
            ulimits: resources.files.map(|nofile| Limits { nofile }),
            sysctls: literals(&container.sysctls),
            restart: "unless-stopped",
            ..Self::new(topology, container.name.to_string(), container.user.clone())
        }
    }
}

impl Attachment {
    /// A static IP.
    pub(super) fn at(ip: Ipv4Addr) -> Self {
        Self { ipv4_address: ip.to_string() }
    }
}

impl HealthCheck {
    /// A health check with these words.
    pub(super) fn of(words: &[String]) -> Self {
        let seconds = |seconds: u64| format!("{seconds}s");
        Self {
            test: std::iter::once("CMD".to_owned()).chain(words.iter().map(|word| literal(word))).collect(),
            interval: seconds(HEALTH_INTERVAL),
            timeout: seconds(health_check::TIMEOUT),
            retries: health_check::RETRIES,
            start_period: seconds(health_check::START_PERIOD),
        }
    }
}

/// The limit of CPUs.
fn cpus(resources: Resources) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "thousandths of at most 1024 CPUs")]
    resources.millicpus.map(|millicpus| millicpus as f64 / 1000.0)
}

/// Text without compose variables: `$` is escaped.
pub(super) fn literal(text: &str) -> String {
    text.replace('$', "$$")
}

/// Texts without compose variables.
fn literals(map: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    map.iter().map(|(name, value)| (name.clone(), literal(value))).collect()
}
