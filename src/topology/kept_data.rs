//! The kind, shards and server of the data in a deployment's volumes. Volume labels store them. So the next `up` can
//! check them before a container mounts the volumes.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::server::DataFormat;
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
    /// What the files in the volume say; `None` if it has a label.
    #[serde(skip)]
    pub files: Option<KeptFiles>,
}

/// What the files in a volume without a label say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptFiles {
    /// The format of the keys; `None` if there is none, or it cannot be read.
    pub format: Option<DataFormat>,
    /// Whether the server was a node of a cluster.
    pub is_of_cluster: bool,
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
    /// The server cannot read the format of the data.
    Format {
        /// The format.
        kept: DataFormat,
        /// The server that the spec has.
        wanted: Server,
    },
    /// Either the data or the spec is of a cluster, as the files say.
    Cluster {
        /// The kind that the spec has.
        wanted: Kind,
    },
    /// The spec keeps no data.
    Ephemeral,
}

impl KeptData {
    /// The label of a deployment's data volumes.
    #[must_use]
    pub fn of_topology(topology: &Topology) -> Self {
        let (kind, shards, server) = (topology.kind, topology.shards.len(), topology.server);
        Self { kind: Some(kind), shards: Some(shards), server: Some(server), files: None }
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
        if let Some(files) = self.files {
            let is_empty = !files.is_of_cluster && files.format.is_none();
            if !is_empty && files.is_of_cluster != is_cluster(wanted) {
                return Some(Misfit::Cluster { wanted });
            }
            let kept = files.format.filter(|format| !topology.server.reads_format(*format))?;
            return Some(Misfit::Format { kept, wanted: topology.server });
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
            Self::Kind { .. } | Self::Cluster { .. } => SpecField::Kind,
            Self::Shards { .. } => SpecField::Shards,
            Self::Server { .. } | Self::Format { .. } => SpecField::OlderImage,
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
            Self::Format { kept, wanted } => write!(
                formatter,
                "its kept volumes hold data of RDB format {}, which {wanted} cannot read",
                kept.0
            ),
            Self::Cluster { wanted } => {
                let kept = if *wanted == Kind::Cluster { "no cluster" } else { "a cluster" };
                let wanted = wanted.as_str();
                write!(formatter, "its kept volumes hold data of {kept}, and the spec has kind {wanted}")
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
    fn files_of_volumes_without_a_label_say_what_they_are_of() {
        use crate::topology::resolve::{Facts, resolve};
        let misfit = |kind: &str, image: &str, format: Option<u16>, is_of_cluster: bool| {
            let spec = format!("{{kind: {kind}, image: '{image}', data: volume}}");
            let spec = serde_yaml::from_str(&spec).unwrap();
            let topology = resolve(&spec, &Facts::offline("shop")).unwrap();
            let files = KeptFiles { format: format.map(DataFormat), is_of_cluster };
            let kept = KeptData { files: Some(files), ..KeptData::default() };
            kept.misfit(&topology).map(|misfit| misfit.to_string())
        };
        assert_eq!(
            misfit("standalone", "redis:7.0", Some(12), false).as_deref(),
            Some("its kept volumes hold data of RDB format 12, which redis 7.0.0 cannot read")
        );
        assert_eq!(
            misfit("cluster", "redis:8.0", Some(12), false).as_deref(),
            Some("its kept volumes hold data of no cluster, and the spec has kind cluster")
        );
        assert_eq!(
            misfit("replication", "redis:8.0", None, true).as_deref(),
            Some("its kept volumes hold data of a cluster, and the spec has kind replication")
        );
        assert_eq!(misfit("cluster", "redis:8.0", Some(9), true), None);
        assert_eq!(misfit("cluster", "redis:8.0", None, false), None, "empty volumes");
    }

    #[test]
    fn a_label_says_what_the_data_is_of_and_a_foreign_label_nothing() {
        let server = Server::assumed("redis:8.0");
        let kept = KeptData { kind: Some(Kind::Cluster), shards: Some(3), server: Some(server), files: None };
        assert_eq!(KeptData::from_label(Some(&kept.to_label())), kept);
        for other in [None, Some(""), Some("{}"), Some("yes"), Some(r#"{"kind":"ring"}"#)] {
            assert_eq!(KeptData::from_label(other), KeptData::default(), "{other:?}");
        }
    }
}
