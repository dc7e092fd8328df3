//! The expiry of a deployment: the time after which any run may remove it.
//!
//! Docker cannot change labels, and the expiry must be visible in a list of containers. So it is the label of a marker:
//! a container that is never started. A run that changes the expiry creates the new marker before it removes the old marker. The latest marker counts. A run that is killed in between leaves both.

use std::collections::BTreeMap;
use std::time::Duration;

use bollard::Docker;
use bollard::models::ContainerSummary;
use bollard::query_parameters::CreateContainerOptionsBuilder;

use super::{EngineError, container, dialect, labels, request_body};
use crate::topology::DeploymentName;

/// The expiry of a deployment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expiry {
    /// When it is over, by the engine's clock, since 1970. In whole seconds.
    pub at: Duration,
    /// The ids of its markers by name. A killed run leaves several.
    markers: BTreeMap<String, String>,
}

impl Expiry {
    /// Whether the time is over, by the engine's clock.
    #[must_use]
    pub fn is_over(&self, now: Duration) -> bool {
        self.at <= now
    }
}

/// The expiries in a list of containers, by deployment.
pub(super) fn in_list(containers: &[ContainerSummary]) -> BTreeMap<DeploymentName, Expiry> {
    let mut expiries: BTreeMap<DeploymentName, Expiry> = BTreeMap::new();
    for container in containers {
        let Some((deployment, at)) = container.labels.as_ref().and_then(labels::expiry) else { continue };
        let expiry = expiries.entry(deployment).or_default();
        expiry.at = expiry.at.max(at);
        let id = container.id.clone().unwrap_or_default();
        let name = container.names.iter().flatten().next();
        let name = name.map_or(id.as_str(), |name| name.trim_start_matches('/')).to_owned();
        expiry.markers.insert(name, id);
    }
    expiries
}

/// The expiries of all deployments of the engine.
///
/// # Errors
/// The engine does not answer.
pub async fn all(docker: &Docker) -> Result<BTreeMap<DeploymentName, Expiry>, EngineError> {
    let containers = dialect::list_containers(docker).await.map_err(EngineError::call("list containers"))?;
    Ok(in_list(&containers))
}

/// Sets the expiry of a deployment: `at` by the engine's clock, since 1970. The marker needs an image, and any image
/// will do. The caller holds the deployment's lease.
///
/// # Errors
/// The engine cannot create the marker, or cannot remove the former one.
pub async fn set(
    docker: &Docker,
    deployment: &DeploymentName,
    at: Duration,
    image: &str,
) -> Result<(), EngineError> {
    let mut former = all(docker).await?.remove(deployment).unwrap_or_default();
    let name = format!("{deployment}-expiry-{}", at.as_secs());
    // Two runs within a second have the same marker.
    if former.markers.remove(&name).is_none() {
        let body = request_body::mark(image, labels::of_expiry(deployment, at));
        let options = CreateContainerOptionsBuilder::default().name(&name).build();
        let created = docker.create_container(Some(options), body).await;
        created.map_err(EngineError::call(format!("create the container `{name}`")))?;
    }
    remove(docker, &former).await
}

/// Removes the expiry of a deployment: nothing limits its time then.
///
/// # Errors
/// The engine cannot remove a marker.
pub async fn remove(docker: &Docker, expiry: &Expiry) -> Result<(), EngineError> {
    for (name, id) in &expiry.markers {
        container::remove(docker, id, name).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_marker_counts() {
        let shop = DeploymentName::new("shop").unwrap();
        let marker = |seconds| ContainerSummary {
            id: Some(format!("id-{seconds}")),
            names: Some(vec![format!("/shop-expiry-{seconds}")]),
            labels: Some(labels::of_expiry(&shop, Duration::from_secs(seconds))),
            ..Default::default()
        };
        let others = ContainerSummary { labels: Some(labels::of_lease(&shop, "")), ..Default::default() };
        let found = in_list(&[marker(20), others, marker(30), marker(10)]);
        let expiry = &found[&shop];
        assert_eq!(found.len(), 1);
        assert_eq!(expiry.at, Duration::from_secs(30));
        assert_eq!(expiry.markers.len(), 3);
        assert!(expiry.is_over(Duration::from_secs(30)));
        assert!(!expiry.is_over(Duration::from_secs(29)));
    }
}
