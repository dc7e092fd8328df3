//! Specs that are built in code.

use super::error::Sources;
use super::places::Places;
use super::{Document, Spec, SpecKind};

impl Spec {
    /// A spec with only a kind. All other fields have their defaults.
    #[must_use]
    pub fn new(kind: SpecKind) -> Self {
        Self {
            name: None,
            kind,
            image: None,
            shards: None,
            replicas: None,
            sentinels: None,
            network: None,
            ports: None,
            access: None,
            auth: None,
            tls: None,
            config: None,
            modules: None,
            data: None,
            resources: None,
            labels: None,
            nodes: None,
        }
    }
}

impl Document {
    /// The document of a spec from code. Its problems name fields instead of lines.
    #[must_use]
    pub fn from_code(spec: Spec) -> Self {
        Self { spec, sources: Sources::new("spec".to_owned(), "", &[], &[]), places: Places::default() }
    }
}
