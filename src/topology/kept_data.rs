//! The kind, shards and server of the data in a deployment's volumes. Labels say it, so that the next `up` knows it before
//! a container mounts them.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{DeploymentName, Kind, Server, SpecField, Topology};
use crate::spec::DataSpec;

/// What the data in a volume is of, as far as the volume's label says; nothing in a volume of redisctl 0.1.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptData {
    /// The kind of the deployment.
    #[serde(default)]
    pub kind: Option<Kind>,
    /// How many shards it had.
    #[serde(default)]
    pub shards: Option<usize>,
    /// The server that wrote the data, or an older one that wrote before it.
    #[serde(default)]
    pub server: Option<Server>,
}

/// Why a deployment cannot use the data that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misfit {
    /// One of the two is a cluster.
    Kind {
        /// The kind that the data is of.
        kept: Kind,
        /// The kind that the spec has.
        wanted: Kind,
    },
    /// Clusters of different numbers of shards.
    Shards {
        /// How many shards the data is of.
        kept: usize,
        /// How many the spec has.
        wanted: usize,
    },
    /// The server cannot read the data.
    Server {
        /// The server that wrote the data.
        kept: Server,
        /// The server that the spec has.
        wanted: Server,
    },
    /// The spec keeps no data.
    Ephemeral,
}

impl KeptData {
    /// What the data volumes of a deployment are of.
    #[must_use]
    pub fn of(topology: &Topology) -> Self {
        let (kind, shards, server) = (topology.kind, topology.shards.len(), topology.server);
        Self { kind: Some(kind), shards: Some(shards), server: Some(server) }
    }

    /// Reads a label. A label that says something else says nothing.
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

    /// Why a deployment cannot use the data; `None` where nothing is known to stand against it.
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

/// The volume in whose labels `down` says what the data that it keeps is of. Labels of a volume cannot be changed: those
/// of the data volumes say what the deployment was when it began.
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
