//! Compose files on the real engine.

use std::path::Path;
use std::process::{Command, Output};
use std::thread;

use crate::support::succeed;

/// What compose runs by a file; gone at the end of the test.
pub(crate) struct Composed {
    file: String,
}

impl Composed {
    pub(crate) fn new(file: &Path) -> Self {
        Self { file: file.to_str().expect("a path").to_owned() }
    }

    /// `docker compose`, or its predecessor.
    pub(crate) fn run(&self, more: &[&str]) -> Output {
        let has_plugin = Command::new("docker").args(["compose", "version"]).output();
        let plugin = has_plugin.is_ok_and(|output| output.status.success());
        let mut compose = Command::new(if plugin { "docker" } else { "docker-compose" });
        compose.args(plugin.then_some("compose")).args(["--file", &self.file]).args(more);
        compose.env("REDIS_PASSWORD", "secret").output().expect("compose starts")
    }
}

impl Drop for Composed {
    fn drop(&mut self) {
        let down = self.run(&["down", "--volumes"]);
        if !thread::panicking() {
            succeed(&down);
        }
    }
}
