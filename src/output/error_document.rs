//! The document of an error, on stderr.

use schemars::JsonSchema;
use serde::Serialize;

use crate::spec::Located;

/// An error.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum ErrorDocument<'a> {
    /// The failure of a command. All fields are present, also empty fields.
    Failure {
        /// The failed operation and its subject.
        error: &'a str,
        /// The causes, the nearest first.
        causes: &'a [String],
        /// Details, like log lines.
        details: Option<&'a str>,
        /// Advice.
        hint: Option<&'a str>,
    },
    /// A spec with problems.
    Spec {
        /// The spec, and the number of its problems.
        error: String,
        /// All problems, in the order of the file.
        problems: Vec<Located>,
    },
}
