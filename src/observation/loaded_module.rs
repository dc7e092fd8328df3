//! A module that a server has loaded.

use crate::topology::Module;

/// A module that a server has loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadedModule {
    /// The name that it gives itself.
    pub name: String,
    /// Its version, in a form of its own.
    pub version: i64,
    /// Its file, and what it was loaded with; `None` before Redis 7.0, which does not say it.
    pub file: Option<Module>,
}

impl LoadedModule {
    /// Whether it is a part of the server, without a file of its own. Redis 8 gives no path for it, and Valkey 9.1 its
    /// name.
    #[must_use]
    pub fn is_built_in(&self) -> bool {
        self.file.as_ref().is_some_and(|file| !file.path.starts_with('/'))
    }
}
