//! The JSON Schemas of all documents, made from their types.

use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde_json::Value;

use super::{
    AuthorityDocument, DiagnosisDocument, DiagramDocument, ErrorDocument, LogLine, RemovedDocument,
    SpecDocument, SvgDocument, TopologyLine, UpDocument, ValidDocument,
};
use crate::event::JsonLine;
use crate::export::compose::Compose;
use crate::failover::FailedOver;
use crate::moved_data::{Restored, Seeded, SnapshotTaken};
use crate::node_change::NodesChanged;
use crate::plan::PlanDocument;
use crate::report::ReportDocument;
use crate::reset_result::ResetResult;
use crate::run_report::RunDocument;
use crate::spec::json_schema;
use crate::status::{DeploymentLine, StatusLine, StatusView};
use crate::versioned::{VERSION, Versioned};

/// The schema of a document.
#[derive(Debug, Clone, Copy)]
pub struct NamedSchema {
    /// The command that prints the document, or the document's own name.
    pub name: &'static str,
    /// The contents in one sentence.
    about: &'static str,
    make: fn(Self) -> Value,
}

impl NamedSchema {
    /// The schema (draft 2020-12).
    #[must_use]
    pub fn schema(self) -> Value {
        (self.make)(self)
    }

    /// The schema of `T` as it is written, with the document's name and version as its identity.
    fn of<T: JsonSchema>(self) -> Value {
        let settings = SchemaSettings::draft2020_12().for_serialize();
        let settings = settings.with_transform(RecursiveTransform(describe_in_one_line));
        let mut schema = settings.into_generator().into_root_schema_for::<T>();
        let identity = format!("urn:redisctl:output:{}:{VERSION}", self.name);
        for (field, text) in [("$id", identity.as_str()), ("title", self.name), ("description", self.about)] {
            schema.insert(field.to_owned(), text.into());
        }
        schema.to_value()
    }
}

/// A server's reply has any form.
const REPLY: &str = "A line for each reply of a server. An error is `{\"error\": \"…\"}`, with `line` if its command \
                     came from a file. Bytes that are not UTF-8 are `{\"base64\": \"…\"}`. A map with such a name is \
                     a list of pairs. An infinite number is a string.";

/// The schemas of the spec and of every document.
pub const SCHEMAS: &[NamedSchema] = &[
    NamedSchema { name: "spec", about: "A spec file.", make: |_| json_schema() },
    versioned::<AuthorityDocument<'_>>("ca", "The certificate of a deployment's CA."),
    bare::<Value>("cli", REPLY),
    versioned::<DiagnosisDocument<'_>>("doctor", "The findings about this machine and its engine."),
    bare::<RemovedDocument<'_>>("down", "The removed parts of each deployment, by its name."),
    bare::<BTreeMap<String, String>>("env", "The variables with the settings of clients, and their values."),
    versioned::<ErrorDocument<'_>>("error", "An error, as a line on stderr."),
    versioned::<JsonLine<'_>>("event", "An event of a run, as a line on stderr."),
    bare::<Compose>("export-compose", "A compose file, as Compose defines it."),
    versioned::<DiagramDocument<'_>>("export-diagram", "A diagram of a deployment."),
    versioned::<SpecDocument<'_>>("export-spec", "A running deployment as a spec."),
    versioned::<SvgDocument<'_>>("export-svg", "A drawing of a deployment."),
    versioned::<FailedOver>("failover", "The primaries that replicas have replaced, and what clients saw."),
    bare::<RemovedDocument<'_>>("gc", "The removed parts of each deployment, by its name."),
    versioned::<LogLine<'_>>("logs", "A line of a node's log."),
    bare::<Vec<DeploymentLine>>("ls", "The deployments on the engine."),
    versioned::<NodesChanged>("nodes", "The nodes that `stop`, `kill` and similar commands changed."),
    versioned::<PlanDocument>("plan", "The steps of `up` with their causes."),
    versioned::<ResetResult>("reset", "The data that was removed, and the steps back to the spec."),
    versioned::<Restored>("restore", "The restored keys of a snapshot."),
    versioned::<RunDocument<'_>>("run", "The results of a command with each image."),
    versioned::<Seeded>("seed", "The executed commands of files."),
    versioned::<SnapshotTaken>("snapshot", "The keys of a new snapshot."),
    versioned::<StatusView>("status", "A deployment and each of its nodes."),
    versioned::<StatusLine<'_>>("status-watch", "A sample of a watched deployment."),
    bare::<Vec<TopologyLine<'_>>>("topologies", "The topologies that come with redisctl."),
    versioned::<UpDocument<'_>>("up", "The result of `up`."),
    versioned::<ValidDocument<'_>>("validate", "A spec without problems."),
    versioned::<ReportDocument>("verify", "The results of all checks of a deployment."),
];

/// A document that has its version as a field.
const fn versioned<T: JsonSchema>(name: &'static str, about: &'static str) -> NamedSchema {
    bare::<Versioned<T>>(name, about)
}

/// A document that has its version only in the identity of its schema.
const fn bare<T: JsonSchema>(name: &'static str, about: &'static str) -> NamedSchema {
    NamedSchema { name, about, make: NamedSchema::of::<T> }
}

/// Makes one line of a comment in the source, in the words of JSON.
fn describe_in_one_line(schema: &mut Schema) {
    if let Some(Value::String(text)) = schema.get_mut("description") {
        *text = text.replace('\n', " ").replace("[`", "`").replace("`]", "`").replace("`None`", "`null`");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_has_an_identity_and_the_names_are_sorted() {
        let up = SCHEMAS.iter().find(|named| named.name == "up").unwrap().schema();
        assert_eq!(up["$id"], "urn:redisctl:output:up:1");
        assert_eq!(up["properties"]["version"]["const"], 1);
        assert!(SCHEMAS[1..].is_sorted_by_key(|named| named.name));
    }
}
