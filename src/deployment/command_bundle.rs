//! The failure bundle of `up`, continued after a command has used the deployment.

use std::path::Path;

use serde_json::json;

use super::Error;
use super::failure_bundle::FailureBundle;
use super::handle::Deployment;
use crate::event::Listener;

impl Deployment {
    /// Writes the present state of the deployment (logs, states, replies, with masked passwords) into the bundle of its
    /// `up`, after a command failed. `exit_code` is that of the command. The listener hears where the bundle is.
    pub async fn add_to_bundle(&self, folder: &Path, exit_code: u8, listener: &dyn Listener) {
        let outcome = json!({"outcome": "command failed", "command": {"exit_code": exit_code}});
        let bundle = FailureBundle::resume(folder);
        let deployment = (self.topology(), self.credentials());
        listener.hear(bundle.amend(self.engine(), deployment, &outcome).await);
    }
}

/// Removes the bundle in a folder: nothing failed. Other files in the folder stay.
///
/// # Errors
/// A file cannot be removed.
pub fn remove_bundle(folder: &Path) -> Result<(), Error> {
    FailureBundle::remove(folder).map_err(|source| Error::File {
        operation: "remove the bundle in",
        path: folder.to_owned(),
        source,
    })
}
