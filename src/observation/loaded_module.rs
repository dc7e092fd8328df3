//! A module that a server has loaded.

use crate::topology::Module;

/// A module that a server has loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadedModule {
    /// Its own name.
    pub name: String,
    /// Its version, in its own form.
    pub version: i64,
    /// Its file and arguments; `None` before Redis 7.0, which does not report them.
    pub file: Option<Module>,
}

impl LoadedModule {
    /// Whether it is part of the server, without a file. Redis 8 reports no path for it, and Valkey 9.1 reports its
    /// name.
    #[must_use]
    pub fn is_built_in(&self) -> bool {
        self.file.as_ref().is_some_and(|file| !file.path.starts_with('/'))
    }
}
