//! A parsed spec.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::Error;
use super::module_files::ModuleFiles;
use super::password_files::PasswordFiles;
use super::seed_file::SeedFile;
use crate::connection;
use crate::spec::{Document, ModulesSpec, PortBase, Problem, Remarks, SpecError};
use crate::topology::defaults::image_reference;
use crate::topology::warnings::warnings;
use crate::topology::{Credentials, Replacement, Topology};

/// The spec's word for an image that is made from this machine's own server.
const HOST_IMAGE: &str = "host";

/// A parsed spec: its fields with their positions, and the folder of its relative paths.
pub struct LoadedSpec {
    /// The spec with its positions.
    pub(crate) document: Document,
    /// Its topology, as far as the engine does not decide it.
    pub(crate) topology: Topology,
    /// The name of the deployment if the spec has none.
    pub(crate) default_name: String,
    /// The folder of relative paths in the spec.
    pub(crate) folder: PathBuf,
    /// The problems of a spec that names nodes beyond their count. Only an existing deployment may have these nodes.
    pub(super) unknown_nodes: Option<SpecError>,
    /// The modules that are files of this machine.
    pub(super) module_files: ModuleFiles,
    /// The passwords that are in files.
    pub(super) password_files: PasswordFiles,
    /// The files of `seed`.
    pub(super) seed_files: Vec<SeedFile>,
    /// Whether the present division of slots becomes that of the deployment.
    pub(super) adopts_slots: bool,
    /// The lost engine whose nodes move to another engine.
    pub(super) replacement: Option<Replacement>,
}

/// The image that a spec asks for.
pub(super) enum ImageChoice {
    /// A reference.
    Reference(String),
    /// An image made from this machine's own server.
    Host,
}

impl ImageChoice {
    /// The image that a word of the spec names.
    pub(super) fn of(word: String) -> Self {
        if word == HOST_IMAGE { Self::Host } else { Self::Reference(word) }
    }
}

impl LoadedSpec {
    /// The topology, as far as it is decided without an engine. The engine decides subnet, ports, hosts and the
    /// server's version.
    #[must_use]
    pub fn topology(&self) -> &Topology {
        &self.topology
    }

    /// The image as the spec names it: a reference, or `host`.
    #[must_use]
    pub fn image(&self) -> String {
        image_reference(&self.document.spec)
    }

    /// The modules that the spec asks for.
    #[must_use]
    pub fn modules(&self) -> Option<&ModulesSpec> {
        self.document.spec.modules.as_ref()
    }

    /// Refuses a user that the deployment will not have; `None`: the default user.
    pub(crate) fn check_user(&self, user: Option<&str>) -> Result<(), Error> {
        let first = self.topology.servers().into_iter().next().expect("a deployment has a server");
        connection::login(&self.topology, &Credentials::default(), first, user)?;
        Ok(())
    }

    /// The source of the spec: a path, or `shipped:cluster`.
    #[must_use]
    pub fn source_name(&self) -> &str {
        self.document.source_name()
    }

    /// Warnings about the spec and its topology, each at its line.
    pub(crate) fn remarks(&self, topology: &Topology) -> Remarks {
        self.remarks_and(topology, Vec::new())
    }

    /// The same warnings, and warnings that depend on the engine's machine.
    pub(super) fn remarks_and(&self, topology: &Topology, more: Vec<Problem>) -> Remarks {
        self.document.remark(more.into_iter().chain(warnings(&self.document.spec, topology)).collect())
    }

    /// The image that the spec asks for.
    pub(super) fn image_choice(&self) -> ImageChoice {
        ImageChoice::of(image_reference(&self.document.spec))
    }

    /// The images of single nodes, as the spec names them.
    pub(super) fn node_images(&self) -> BTreeSet<String> {
        let nodes = self.document.spec.nodes.iter().flatten();
        nodes.filter_map(|(_, node)| node.image.clone()).collect()
    }

    /// Whether redisctl chooses the subnet.
    pub(super) fn leaves_subnet_open(&self) -> bool {
        self.document.spec.network.as_ref().is_none_or(|network| network.subnet.is_none())
    }

    /// Whether redisctl chooses the ports.
    pub(super) fn leaves_ports_open(&self) -> bool {
        let base = self.document.spec.ports.as_ref().and_then(|ports| ports.base);
        matches!(base, Some(PortBase::Word(_)))
    }
}
