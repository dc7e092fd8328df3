//! The engine's data about itself, a deployment's network and its containers, for a failure bundle. Proxies and the
//! variables of images may hold passwords, so they are left out.

use bollard::Docker;
use bollard::query_parameters::InspectNetworkOptions;
use serde_json::{Value, json};

use super::{EngineError, dialect};
use crate::topology::{DeploymentName, NodeName};

/// The engine's versions and machine.
///
/// # Errors
/// The engine does not answer.
pub async fn engine(docker: &Docker) -> Result<Value, EngineError> {
    let version = docker.version().await.map_err(EngineError::call("tell its version"))?;
    let info = docker.info().await.map_err(EngineError::call("tell about itself"))?;
    Ok(json!({
        "version": version.version,
        "api_version": version.api_version,
        "components": version.components,
        "operating_system": info.operating_system,
        "kernel": info.kernel_version,
        "architecture": info.architecture,
        "cpus": info.ncpu,
        "memory": info.mem_total,
        "cgroup_driver": info.cgroup_driver,
        "cgroup_version": info.cgroup_version,
        "storage_driver": info.driver,
        "security_options": info.security_options,
        "containers_running": info.containers_running,
        "containers_stopped": info.containers_stopped,
        "system_time": info.system_time,
        "warnings": info.warnings,
    }))
}

/// The deployment's network, and the containers that are attached to it.
///
/// # Errors
/// The network or container does not exist, or the engine does not answer.
pub async fn network(docker: &Docker, deployment: &DeploymentName) -> Result<Value, EngineError> {
    let network = docker.inspect_network(deployment.as_str(), None::<InspectNetworkOptions>).await;
    let network = network.map_err(EngineError::call(format!("inspect the network `{deployment}`")))?;
    Ok(json!(network))
}

/// A node's container.
///
/// # Errors
/// The network or container does not exist, or the engine does not answer.
pub async fn container(docker: &Docker, node: &NodeName) -> Result<Value, EngineError> {
    let container = dialect::inspect_container(docker, node.as_str()).await;
    let container = container.map_err(EngineError::call(format!("inspect the container `{node}`")))?;
    let config = container.config.unwrap_or_default();
    let host = container.host_config.unwrap_or_default();
    let networks = container.network_settings.unwrap_or_default();
    Ok(json!({
        "id": container.id,
        "name": container.name,
        "created": container.created,
        "state": container.state,
        "restarts": container.restart_count,
        "image": config.image,
        "image_id": container.image,
        "entrypoint": config.entrypoint,
        "command": config.cmd,
        "user": config.user,
        "labels": config.labels,
        "memory_limit": host.memory,
        "nano_cpus": host.nano_cpus,
        "processes_limit": host.pids_limit,
        "capabilities_dropped": host.cap_drop,
        "security_options": host.security_opt,
        "read_only": host.readonly_rootfs,
        "restart_policy": host.restart_policy,
        "mounts": container.mounts,
        "ports": networks.ports,
        "networks": networks.networks,
    }))
}
