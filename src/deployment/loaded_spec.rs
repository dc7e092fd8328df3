//! A spec that was read.

use std::path::PathBuf;

use crate::spec::{Document, PortBase, Problem, Remarks, SpecError};
use crate::topology::Topology;
use crate::topology::defaults::image_reference;
use crate::topology::warnings::warnings;

/// The word for an image that is made from this machine's own server.
const HOST_IMAGE: &str = "host";

/// A spec that was read: its fields with their positions, and where its relative paths start.
pub struct LoadedSpec {
    /// The spec with its positions.
    pub(crate) document: Document,
    /// The topology that it describes where an engine has no say.
    pub(crate) topology: Topology,
    /// The name of the deployment where the spec has none.
    pub(crate) default_name: String,
    /// The folder of relative paths in the spec.
    pub(crate) folder: PathBuf,
    /// The problems of a spec that names nodes beyond their count: only an existing deployment may have them.
    pub(super) unknown_nodes: Option<SpecError>,
}

/// The image that a spec asks for.
pub(super) enum ImageChoice {
    /// A reference.
    Reference(String),
    /// An image made from this machine's own server.
    Host,
}

impl LoadedSpec {
    /// The topology as far as it is decided without an engine. The engine has a say in subnet, ports,
    /// hosts and the version of the server.
    #[must_use]
    pub fn topology(&self) -> &Topology {
        &self.topology
    }

    /// What the spec was read from: a path, or `shipped:cluster`.
    #[must_use]
    pub fn source_name(&self) -> &str {
        self.document.source_name()
    }

    /// Warnings about the spec for the topology that it became, each at its line.
    pub(crate) fn remarks(&self, topology: &Topology) -> Remarks {
        self.remarks_and(topology, Vec::new())
    }

    /// The same with more of them, which only the engine's machine shows.
    pub(super) fn remarks_and(&self, topology: &Topology, more: Vec<Problem>) -> Remarks {
        self.document.remark(more.into_iter().chain(warnings(&self.document.spec, topology)).collect())
    }

    /// The image that the spec asks for.
    pub(super) fn image_choice(&self) -> ImageChoice {
        match image_reference(&self.document.spec) {
            word if word == HOST_IMAGE => ImageChoice::Host,
            reference => ImageChoice::Reference(reference),
        }
    }

    /// Whether the spec leaves the choice of a subnet to redisctl.
    pub(super) fn leaves_subnet_open(&self) -> bool {
        self.document.spec.network.as_ref().is_none_or(|network| network.subnet.is_none())
    }

    /// Whether the spec leaves the choice of ports to redisctl.
    pub(super) fn leaves_ports_open(&self) -> bool {
        let base = self.document.spec.ports.as_ref().and_then(|ports| ports.base);
        matches!(base, Some(PortBase::Word(_)))
    }
}
