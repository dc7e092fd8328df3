//! `seed`: the files with the first data of a deployment.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

/// A file, or several files in their order.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum SeedSpec {
    /// One file.
    One(PathBuf),
    /// Several files.
    Several(Vec<PathBuf>),
}

impl SeedSpec {
    /// The files in their order, each with the rest of its path in the spec.
    #[must_use]
    pub fn files(&self) -> Vec<(Option<usize>, &PathBuf)> {
        match self {
            Self::One(file) => vec![(None, file)],
            Self::Several(files) => files.iter().enumerate().map(|(at, file)| (Some(at), file)).collect(),
        }
    }
}
