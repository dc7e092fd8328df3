//! Writes keys with their values into a deployment, each to the node of its slot.

use std::time::Duration;

use super::Error;
use super::command_sender::CommandSender;
use super::handle::Deployment;
use super::send_failure::SendFailure;
use crate::redis::ServerError;
use crate::snapshot::{KeyRecord, Record};

/// Writes keys, many at once.
pub(super) struct KeyWriter<'d> {
    sender: CommandSender<'d>,
    deployment: &'d Deployment,
    /// The name of the source, for errors.
    source: String,
    database: u32,
    /// The number of keys, including those that are not sent yet.
    written: usize,
    /// The number of executed commands that write no key.
    others: u64,
}

impl<'d> KeyWriter<'d> {
    /// Connects to every primary, so that nothing is changed if one of them does not answer.
    pub(super) async fn new(
        deployment: &'d Deployment,
        source: String,
        limit: Duration,
    ) -> Result<Self, Error> {
        let mut sender = CommandSender::new(deployment, limit).await?;
        sender.reach_primaries().await?;
        Ok(Self { sender, deployment, source, database: 0, written: 0, others: 0 })
    }

    /// Removes all keys and functions of the deployment.
    pub(super) async fn empty(&mut self) -> Result<(), Error> {
        self.send("FLUSHALL", &[b"FLUSHALL"]).await?;
        if self.deployment.topology().server.has_functions() {
            self.send("FUNCTION FLUSH", &[b"FUNCTION", b"FLUSH"]).await?;
        }
        Ok(())
    }

    /// Writes a record. A key or function that exists is replaced.
    pub(super) async fn write(&mut self, record: Record) -> Result<(), Error> {
        match record {
            Record::Functions(payload) => {
                self.send("FUNCTION RESTORE", &[b"FUNCTION", b"RESTORE", &payload, b"REPLACE"]).await
            }
            Record::Key(record) => self.key(record).await,
        }
    }

    async fn key(&mut self, record: KeyRecord) -> Result<(), Error> {
        if record.database != self.database {
            self.database = record.database;
            let database = record.database.to_string();
            self.send("SELECT", &[b"SELECT", database.as_bytes()]).await?;
        }
        let sent = self.sender.send(self.written, record.into_command()).await;
        self.written += 1;
        sent.map_err(|failure| self.failure("RESTORE", failure))
    }

    /// Writes the keys that wait. Returns the number of keys.
    pub(super) async fn end(&mut self) -> Result<u64, Error> {
        let sent = self.sender.flush().await;
        sent.map_err(|failure| self.failure("RESTORE", failure))?;
        Ok(self.written as u64)
    }

    async fn send(&mut self, command: &'static str, words: &[&[u8]]) -> Result<(), Error> {
        let words = words.iter().map(|word| word.to_vec()).collect();
        let sent = self.sender.send(self.written, words).await;
        sent.map_err(|failure| self.failure(command, failure))?;
        self.others += 1;
        Ok(())
    }

    fn failure(&self, command: &'static str, failure: SendFailure) -> Error {
        let source = match failure {
            SendFailure::Refused { words, .. } => ServerError::Refused { command, words },
            SendFailure::Lost { source, .. } => source,
        };
        Error::Restore {
            source: Box::new(source),
            file: self.source.clone(),
            deployment: self.deployment.name().to_string(),
            written: self.sender.applied() - self.others,
        }
    }
}
