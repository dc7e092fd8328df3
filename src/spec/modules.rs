//! Modules in a spec: the image's own modules, none, or a list.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::Scalar;

/// The modules that servers load.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ModulesSpec {
    /// `image` or `none`.
    Word(ModulesWord),
    /// These modules, in this order.
    List(Vec<ModuleSpec>),
}

/// The words for modules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ModulesWord {
    /// The modules that the image would load.
    Image,
    /// No modules.
    None,
}

/// One module.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ModuleSpec {
    /// Its path in the image.
    Path(String),
    /// A module with arguments, or a file of this machine.
    Options(ModuleOptions),
}

/// A module with arguments, or a file of this machine: `path` or `file`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModuleOptions {
    /// Its path in the image.
    pub path: Option<String>,
    /// A file of this machine; a relative path starts at the spec file's folder.
    pub file: Option<PathBuf>,
    /// The module's arguments.
    pub args: Option<Vec<Scalar>>,
}

impl ModulesSpec {
    /// The list, if it is a list.
    #[must_use]
    pub fn list(&self) -> Option<&[ModuleSpec]> {
        match self {
            Self::Word(_) => None,
            Self::List(list) => Some(list),
        }
    }
}

impl ModuleSpec {
    /// The file of this machine, if it is a file.
    #[must_use]
    pub fn file(&self) -> Option<&PathBuf> {
        match self {
            Self::Path(_) => None,
            Self::Options(options) => options.file.as_ref(),
        }
    }

    /// The path in the image, if it is a path.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::Path(path) => Some(path),
            Self::Options(options) => options.path.as_deref(),
        }
    }

    /// Its arguments.
    #[must_use]
    pub fn arguments(&self) -> Vec<String> {
        match self {
            Self::Path(_) => Vec::new(),
            Self::Options(options) => options.args.iter().flatten().map(Scalar::text).collect(),
        }
    }

    /// The field of the spec that names it.
    #[must_use]
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::Path(_) => None,
            Self::Options(ModuleOptions { file: Some(_), .. }) => Some("file"),
            Self::Options(_) => Some("path"),
        }
    }
}
