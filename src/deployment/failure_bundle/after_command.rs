//! Continues or removes a complete bundle, after a command has used the deployment.

use std::io;
use std::path::Path;
use std::sync::Mutex;
use std::time::SystemTime;

use serde_json::{Value, json};

use super::{FailureBundle, collect, remove_earlier, time};
use crate::bundle::{self, Piece};
use crate::deployment::engine::ConnectedEngine;
use crate::event::Event;
use crate::topology::{Credentials, Topology};

impl FailureBundle {
    /// Continues a complete bundle in a folder.
    pub(in crate::deployment) fn resume(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), started: SystemTime::now(), state: Mutex::default() }
    }

    /// Collects the answers of a deployment again, and writes them and another outcome.
    pub(in crate::deployment) async fn amend(
        &self,
        engine: &ConnectedEngine,
        deployment: (&Topology, &Credentials),
        outcome: &Value,
    ) -> Event {
        self.mask(Some(deployment.1));
        for piece in Box::pin(collect::pieces(engine, Some(deployment))).await {
            self.write(&piece);
        }
        let written = std::fs::read_to_string(self.folder.join(bundle::SUMMARY)).unwrap_or_default();
        let mut summary = serde_json::from_str(&written).unwrap_or_else(|_| self.summary("", &json!({})));
        if let (Some(summary), Some(outcome)) = (summary.as_object_mut(), outcome.as_object()) {
            summary.extend(outcome.clone());
            summary.insert("written".to_owned(), json!(time(SystemTime::now())));
        }
        self.write(&Piece::json(bundle::SUMMARY, &summary));
        self.end_event()
    }

    /// Removes the bundle in a folder, and the folder if it is empty then.
    pub(in crate::deployment) fn remove(folder: &Path) -> io::Result<()> {
        remove_earlier(folder)?;
        match std::fs::remove_dir(folder) {
            Err(error) if error.kind() != io::ErrorKind::DirectoryNotEmpty => Err(error),
            _ => Ok(()),
        }
    }
}
