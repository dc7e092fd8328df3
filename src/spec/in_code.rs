//! Specs that are built in code.

use std::path::Path;

use super::config_file::ConfigFiles;
use super::error::Sources;
use super::places::Places;
use super::{Document, Spec, SpecError, SpecKind};

impl Spec {
    /// A spec with only a kind. All other fields have their defaults.
    #[must_use]
    pub fn new(kind: SpecKind) -> Self {
        Self {
            name: None,
            kind,
            image: None,
            shards: None,
            formed: None,
            replicas: None,
            sentinels: None,
            network: None,
            ports: None,
            access: None,
            auth: None,
            tls: None,
            config: None,
            config_file: None,
            modules: None,
            data: None,
            seed: None,
            resources: None,
            sysctls: None,
            platform: None,
            labels: None,
            engines: None,
            spread: None,
            nodes: None,
        }
    }
}

impl Document {
    /// The document of a spec from code. Its problems name fields instead of lines.
    ///
    /// # Errors
    /// Every problem of its configuration files.
    pub fn from_code(spec: Spec, folder: &Path, files: &dyn ConfigFiles) -> Result<Self, SpecError> {
        let sources = Sources::new("spec".to_owned(), "", &[], &[]);
        Self { spec, sources, places: Places::default() }.with_config_files(Vec::new(), folder, files)
    }
}
