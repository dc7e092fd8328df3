//! Applying files of data to a deployment.

use std::time::{Duration, Instant};

use super::command_sender::CommandSender;
use super::handle::Deployment;
use super::key_writer::KeyWriter;
use super::lease::{Lease, LeaseRequest};
use super::no_listener::NoListener;
use super::rdb_server::{RdbServer, RdbServers};
use super::seed_failure::SeedFailure;
use super::seed_file::{SeedContent, SeedFile};
use super::send_failure::SendFailure;
use super::{DEFAULT_TIMEOUT, Error};
use crate::command_file::commands;
use crate::event::{Event, Listener, Transfer, TransferUnit};
use crate::moved_data::Seeded;
use crate::snapshot::Record;

/// How many commands are sent between two events about the progress.
const REPORT_AFTER: u64 = 10_000;

/// Applies files of data to a deployment: commands, each sent to the node of its keys.
#[must_use = "nothing happens before `run`"]
pub struct Seed<'a> {
    deployment: &'a Deployment,
    files: &'a [SeedFile],
    listener: &'a dyn Listener,
    timeout: Duration,
}

impl<'a> Seed<'a> {
    /// Applies these files, one after another.
    pub fn new(deployment: &'a Deployment, files: &'a [SeedFile]) -> Self {
        Self { deployment, files, listener: &NoListener, timeout: DEFAULT_TIMEOUT }
    }

    /// Passes events to a listener.
    pub fn listener(self, listener: &'a dyn Listener) -> Self {
        Self { listener, ..self }
    }

    /// The limit of a single wait: for another run, and for the replies to commands that are sent at once. Default:
    /// [`DEFAULT_TIMEOUT`].
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Applies the files.
    ///
    /// # Errors
    /// [`Error::Seed`]: a server refused a command. Commands before it were executed.
    pub async fn run(self) -> Result<Seeded, Error> {
        let request = LeaseRequest::on(self.deployment, "seed", self.timeout, self.listener);
        Lease::during(request, self.apply()).await
    }

    /// Applies the files. The caller holds the lease.
    pub(super) async fn apply(&self) -> Result<Seeded, Error> {
        let began = Instant::now();
        let servers = RdbServers::start(self.deployment, self.files, self.timeout).await?;
        let applied = self.apply_with(&servers).await;
        servers.end().await?;
        let (commands, keys) = applied?;
        Ok(Seeded {
            deployment: self.deployment.name().clone(),
            commands,
            keys,
            seconds: began.elapsed().as_secs_f64(),
        })
    }

    /// Applies the files, with the servers that have loaded the data files. Returns the numbers of commands and keys.
    async fn apply_with(&self, servers: &RdbServers) -> Result<(u64, u64), Error> {
        let (mut commands, mut keys) = (0, 0);
        for (position, file) in self.files.iter().enumerate() {
            match (file.content, servers.of_file(position)) {
                (SeedContent::Commands(count), _) => {
                    self.send(file, count, commands).await?;
                    commands += count as u64;
                }
                (SeedContent::Data, Some(server)) => keys += self.copy(file, server).await?,
                (SeedContent::Data, None) => {}
            }
        }
        Ok((commands, keys))
    }

    /// Copies all keys and functions of a server that has loaded a data file.
    async fn copy(&self, file: &SeedFile, server: &RdbServer) -> Result<u64, Error> {
        let mut reader = server.reader().await?;
        let mut writer = KeyWriter::new(self.deployment, file.name.clone(), self.timeout).await?;
        let databases = reader.databases().await?;
        let total: u64 = databases.values().sum();
        if let Some((functions, _)) = reader.functions().await? {
            writer.write(Record::Functions(functions)).await?;
        }
        let mut done = 0;
        for database in databases.into_keys() {
            reader.select(database).await?;
            while let Some(records) = reader.next().await? {
                for record in records {
                    done += 1;
                    writer.write(Record::Key(record)).await?;
                }
                self.tell(file, TransferUnit::Keys, done, total.max(done));
            }
        }
        writer.end().await
    }

    /// Sends the commands of a file. `before` is the number of executed commands of the files before it.
    async fn send(&self, file: &SeedFile, count: usize, before: u64) -> Result<(), Error> {
        // A session for each file: `SELECT` and `AUTH` in a file do not change the next file.
        let mut sender = CommandSender::new(self.deployment, self.timeout).await?;
        let failure = |failure: SendFailure, applied: u64| self.failure(file, failure, before + applied);
        let mut told = 0;
        // The file was checked.
        for command in commands(&file.bytes).flatten() {
            let sent = sender.send(command.line, command.words).await;
            sent.map_err(|error| failure(error, sender.applied()))?;
            let done = sender.applied();
            if done >= told + REPORT_AFTER {
                told = done;
                self.tell(file, TransferUnit::Commands, done, count as u64);
            }
        }
        let sent = sender.flush().await;
        sent.map_err(|error| failure(error, sender.applied()))?;
        self.tell(file, TransferUnit::Commands, count as u64, count as u64);
        Ok(())
    }

    fn tell(&self, file: &SeedFile, unit: TransferUnit, done: u64, total: u64) {
        let subject = file.name.clone();
        self.listener.hear(Event::Transfer(Transfer { subject, unit, done, total }));
    }

    fn failure(&self, file: &SeedFile, failure: SendFailure, applied: u64) -> Error {
        let total = self.files.iter().map(SeedFile::commands);
        let name = self.deployment.name();
        Error::Seed(Box::new(SeedFailure::new(name, &file.name, failure, applied, total.sum())))
    }
}
