//! The kind, shards and server of the data in a deployment's volumes. Volume labels store them. So the next `up` can
//! check them before a container mounts the volumes.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{DeploymentName, Kind, Server, SpecField, Topology};
use crate::spec::DataSpec;

/// The contents of a volume's label. The label of a volume of redisctl 0.1 has no fields.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptData {
    /// The kind of the deployment.
    #[serde(default)]
    pub kind: Option<Kind>,
    /// The number of shards.
    #[serde(default)]
    pub shards: Option<usize>,
    /// The server that wrote the data last, or an older server that wrote it earlier.
    #[serde(default)]
    pub server: Option<Server>,
}

/// Why a deployment cannot use the kept data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misfit {
    /// Only one of data and spec is a cluster.
    Kind {
        /// The kind of the data.
        kept: Kind,
        /// The kind in the spec.
        wanted: Kind,
    },
    /// Data and spec are clusters with different numbers of shards.
    Shards {
        /// The number of shards of the data.
        kept: usize,
        /// The number of shards in the spec.
        wanted: usize,
    },
    /// The server cannot read the data.
    Server {
        /// The server that wrote the data.
        kept: Server,
        /// The server of the spec.
        wanted: Server,
    },
    /// The spec keeps no data.
    Ephemeral,
}

impl KeptData {
    /// The label of a deployment's data volumes.
    #[must_use]
    pub fn of_topology(topology: &Topology) -> Self {
        let (kind, shards, server) = (topology.kind, topology.shards.len(), topology.server);
        Self { kind: Some(kind), shards: Some(shards), server: Some(server) }
    }

    /// Parses a label. An unreadable label counts as a label without fields.
    #[must_use]
    pub fn from_label(label: Option<&str>) -> Self {
        label.and_then(|label| serde_json::from_str(label).ok()).unwrap_or_default()
    }

    /// The label's text.
    #[must_use]
    pub fn to_label(&self) -> String {
        // Plain data with text keys: it always has a JSON form.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Why a deployment cannot use the data; `None` if no reason is known.
    #[must_use]
    pub fn misfit(&self, topology: &Topology) -> Option<Misfit> {
        let is_cluster = |kind: Kind| kind == Kind::Cluster;
        let wanted = topology.kind;
        if topology.data != DataSpec::Volume {
            return Some(Misfit::Ephemeral);
        }
        if let Some(kept) = self.kind.filter(|kept| is_cluster(*kept) != is_cluster(wanted)) {
            return Some(Misfit::Kind { kept, wanted });
        }
        if let Some(kept) = self.shards.filter(|kept| *kept != topology.shards.len()) {
            return Some(Misfit::Shards { kept, wanted: topology.shards.len() });
        }
        let kept = self.server.filter(|kept| !topology.server.reads_data_of(*kept))?;
        Some(Misfit::Server { kept, wanted: topology.server })
    }
}

impl Misfit {
    /// The field of the spec that does not fit.
    #[must_use]
    pub fn field(&self) -> SpecField {
        match self {
            Self::Kind { .. } => SpecField::Kind,
            Self::Shards { .. } => SpecField::Shards,
            Self::Server { .. } => SpecField::OlderImage,
            Self::Ephemeral => SpecField::Data,
        }
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind { kept, wanted } => {
                let (kept, wanted) = (kept.as_str(), wanted.as_str());
                write!(formatter, "its kept volumes hold data of kind {kept}, and the spec has kind {wanted}")
            }
            Self::Shards { kept, wanted } => {
                write!(formatter, "its kept volumes hold data of {kept} shards, and the spec has {wanted}")
            }
            Self::Server { kept, wanted } => {
                write!(formatter, "its kept volumes hold data of {kept}, which {wanted} cannot read")
            }
            Self::Ephemeral => formatter.write_str(
                "its kept volumes hold data, and the spec without `data: volume` would not use it",
            ),
        }
    }
}

/// The volume whose labels describe the data that `down` keeps. Docker cannot change the labels of a volume: those of
/// the data volumes describe the deployment at its start.
#[must_use]
pub fn record_volume(deployment: &DeploymentName) -> String {
    format!("{deployment}-data")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_says_what_the_data_is_of_and_a_foreign_label_nothing() {
        let server = Server::assumed("redis:8.0");
        let kept = KeptData { kind: Some(Kind::Cluster), shards: Some(3), server: Some(server) };
        assert_eq!(KeptData::from_label(Some(&kept.to_label())), kept);
        for other in [None, Some(""), Some("{}"), Some("yes"), Some(r#"{"kind":"ring"}"#)] {
            assert_eq!(KeptData::from_label(other), KeptData::default(), "{other:?}");
        }
    }
}
