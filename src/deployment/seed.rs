//! Applying files of data to a deployment.

use std::time::{Duration, Instant};

use super::command_sender::CommandSender;
use super::handle::Deployment;
use super::lease::{Lease, LeaseRequest};
use super::no_listener::NoListener;
use super::seed_failure::SeedFailure;
use super::seed_file::{SeedContent, SeedFile};
use super::{DEFAULT_TIMEOUT, Error};
use crate::command_file::commands;
use crate::event::{Event, Listener, Transfer, TransferUnit};
use crate::moved_data::Seeded;

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
        let request = LeaseRequest {
            engine: self.deployment.engine().clone(),
            deployment: self.deployment.name().clone(),
            image: Some(self.deployment.topology().image.clone()),
            command: "seed",
            timeout: self.timeout,
            listener: self.listener,
        };
        let lease = Box::pin(Lease::take(request)).await?;
        let seeded = lease.keep(Box::pin(self.apply())).await;
        lease.release().await;
        seeded
    }

    /// Applies the files. The caller holds the lease.
    pub(super) async fn apply(&self) -> Result<Seeded, Error> {
        let began = Instant::now();
        let mut sender = CommandSender::new(self.deployment, self.timeout).await?;
        for file in self.files {
            match file.content {
                SeedContent::Commands(count) => self.send(file, count, &mut sender).await?,
            }
        }
        Ok(Seeded {
            deployment: self.deployment.name().clone(),
            commands: sender.applied(),
            seconds: began.elapsed().as_secs_f64(),
        })
    }

    async fn send(&self, file: &SeedFile, count: usize, sender: &mut CommandSender<'_>) -> Result<(), Error> {
        let before = sender.applied();
        let mut told = 0;
        // The file was checked.
        for command in commands(&file.bytes).flatten() {
            let sent = sender.send(command.line, command.words).await;
            sent.map_err(|failure| self.failure(file, failure, sender))?;
            let done = sender.applied() - before;
            if done >= told + REPORT_AFTER {
                told = done;
                self.tell(file, done, count as u64);
            }
        }
        let sent = sender.flush().await;
        sent.map_err(|failure| self.failure(file, failure, sender))?;
        self.tell(file, count as u64, count as u64);
        Ok(())
    }

    fn tell(&self, file: &SeedFile, done: u64, total: u64) {
        let subject = file.name.clone();
        self.listener.hear(Event::Transfer(Transfer { subject, unit: TransferUnit::Commands, done, total }));
    }

    fn failure(
        &self,
        file: &SeedFile,
        failure: super::command_sender::SendFailure,
        sender: &CommandSender<'_>,
    ) -> Error {
        let total = self.files.iter().map(|file| match file.content {
            SeedContent::Commands(count) => count as u64,
        });
        Error::Seed(Box::new(SeedFailure::new(&file.name, failure, sender.applied(), total.sum())))
    }
}
