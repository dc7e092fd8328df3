//! The labels of the containers, networks and volumes that redisctl creates.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use crate::topology::container::ContainerSettings;
use crate::topology::stored_format::{self, NewerFormat};
use crate::topology::{DeploymentName, NodeName};

/// The deployment that a container, network or volume belongs to. redisctl never changes an object without this
/// label, except leases and expiries.
pub const DEPLOYMENT: &str = "io.redisctl.deployment";

/// The version of the labels' content, see [`stored_format`].
const FORMAT: &str = "io.redisctl.format";

/// The node of a container.
pub const NODE: &str = "io.redisctl.node";

/// The kind of the deployment.
pub const KIND: &str = "io.redisctl.kind";

/// The settings that a container was created from, as JSON.
pub const SETTINGS: &str = "io.redisctl.settings";

/// Whether a volume keeps data after `down`: `yes` or `no`.
pub const KEEPS_DATA: &str = "io.redisctl.keeps-data";

/// The kind, shards and server of the data in a volume, as JSON, see [`crate::topology::kept_data`].
pub(super) const DATA_OF: &str = "io.redisctl.data-of";

/// The deployment of a lease. Leases lack [`DEPLOYMENT`], so that no list shows them as parts of the deployment.
const LEASE: &str = "io.redisctl.lease";

/// The run that holds a lease, as JSON.
const LEASE_HOLDER: &str = "io.redisctl.lease-holder";

/// The deployment of an expiry's marker. Markers lack [`DEPLOYMENT`], as leases do.
const EXPIRY: &str = "io.redisctl.expiry";

/// When the time of the deployment is over: seconds since 1970, by the engine's clock.
const EXPIRES_AT: &str = "io.redisctl.expires-at";

type Labels = HashMap<String, String>;

/// The labels of containers, networks and volumes: the deployment, and the labels of the spec.
pub(super) fn of_deployment(
    deployment: &DeploymentName,
    users: &BTreeMap<String, String>,
    has_several_engines: bool,
) -> Labels {
    let mut labels: Labels = users.clone().into_iter().collect();
    labels.insert(DEPLOYMENT.to_owned(), deployment.to_string());
    labels.insert(FORMAT.to_owned(), stored_format::version(has_several_engines).to_string());
    labels
}

/// The labels of a node's container.
pub(super) fn of_container(settings: &ContainerSettings) -> Labels {
    let mut labels = of_deployment(&settings.deployment, &settings.labels, settings.engine.is_some());
    labels.insert(NODE.to_owned(), settings.name.to_string());
    labels.insert(KIND.to_owned(), settings.kind.clone());
    // Plain data with text keys: it always has a JSON form.
    labels.insert(SETTINGS.to_owned(), serde_json::to_string(settings).unwrap_or_default());
    labels
}

/// Whether a container, network or volume with these labels belongs to the deployment.
pub(super) fn belongs(labels: Option<&Labels>, deployment: &DeploymentName) -> bool {
    labels.and_then(|labels| labels.get(DEPLOYMENT)).is_some_and(|label| label == deployment.as_str())
}

/// Checks the version of the labels' content.
///
/// # Errors
/// A newer redisctl wrote the labels.
pub(super) fn check_format(labels: &Labels) -> Result<(), NewerFormat> {
    stored_format::check_label(labels.get(FORMAT).map(String::as_str))
}

/// The labels of a lease.
pub(super) fn of_lease(deployment: &DeploymentName, holder: &str) -> Labels {
    [(LEASE, deployment.as_str()), (LEASE_HOLDER, holder)]
        .map(|(label, value)| (label.to_owned(), value.to_owned()))
        .into()
}

/// The holder in the labels of the deployment's lease; `None` if these are other labels.
pub(super) fn lease_holder<'a>(labels: &'a Labels, deployment: &DeploymentName) -> Option<&'a str> {
    let is_lease = labels.get(LEASE)? == deployment.as_str();
    is_lease.then(|| labels.get(LEASE_HOLDER).map_or("", String::as_str))
}

/// The deployment of a lease with these labels.
pub(super) fn leased_deployment(labels: &Labels) -> Option<DeploymentName> {
    DeploymentName::new(labels.get(LEASE)?).ok()
}

/// The labels of an expiry's marker.
pub(super) fn of_expiry(deployment: &DeploymentName, at: Duration) -> Labels {
    [(EXPIRY, deployment.to_string()), (EXPIRES_AT, at.as_secs().to_string())]
        .map(|(label, value)| (label.to_owned(), value))
        .into()
}

/// The deployment of an expiry's marker, and the time of the expiry; `None` if these are other labels.
pub(super) fn expiry(labels: &Labels) -> Option<(DeploymentName, Duration)> {
    let deployment = DeploymentName::new(labels.get(EXPIRY)?).ok()?;
    Some((deployment, Duration::from_secs(labels.get(EXPIRES_AT)?.parse().ok()?)))
}

/// The node's name in a container's labels.
pub(super) fn node(labels: &Labels) -> Option<NodeName> {
    labels.get(NODE).map(|label| NodeName::from_label(label))
}

/// The settings of a container; `None` if another version of redisctl wrote them in another form.
pub(super) fn settings(labels: &Labels) -> Option<ContainerSettings> {
    serde_json::from_str(labels.get(SETTINGS)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_a_newer_redisctl_are_told_from_known_ones() {
        let mut labels = of_deployment(&DeploymentName::new("shop").unwrap(), &BTreeMap::new(), false);
        assert_eq!(check_format(&labels), Ok(()));
        labels.insert(FORMAT.to_owned(), "99".to_owned());
        assert_eq!(check_format(&labels), Err(NewerFormat { found: "99".to_owned() }));
        // redisctl 0.1 wrote no version.
        labels.remove(FORMAT);
        assert_eq!(check_format(&labels), Ok(()));
    }
}
