//! Specs that are built in code, without a text.

use super::error::Sources;
use super::places::Places;
use super::{Document, Spec, SpecKind};

impl Spec {
    /// A spec that says nothing but its kind: every other field has its default.
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
    /// The document of a spec that has no text. Its problems name their fields instead of lines.
    #[must_use]
    pub fn from_code(spec: Spec) -> Self {
        Self { spec, sources: Sources::new("spec".to_owned(), "", &[], &[]), places: Places::default() }
    }
}
