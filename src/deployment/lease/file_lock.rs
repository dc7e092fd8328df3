//! A lock file for each deployment of each engine, and a note beside it about its holder. The operating
//! system ends the lock with the process of its holder.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use etcetera::BaseStrategy as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::super::Error;
use super::LeaseRequest;
use crate::docker::location::EngineLocation;
use crate::event::Event;
use crate::topology::DeploymentName;

/// How often to try a lock that another run holds: a person does not notice a tenth of a second.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// How long to wait for the note about a holder before this run speaks of the holder without it.
const NOTE_PATIENCE: Duration = Duration::from_millis(500);

/// How many bytes of the hash of an engine's address are in a file's name: enough to tell the engines of
/// a user apart.
const HASH_BYTES: usize = 6;

/// A lock on one deployment of one engine, until it is released or dropped, or its process ends.
#[derive(Debug)]
pub(super) struct FileLock {
    /// `None` where this machine has no folder for locks.
    held: Option<Held>,
    /// Whether this run waited for another.
    pub(super) waited: bool,
    /// Whether the last holder was killed or interrupted: the engine may still work on what it asked for.
    pub(super) follows_killed_run: bool,
}

#[derive(Debug)]
struct Held {
    _file: File,
    note: PathBuf,
}

impl FileLock {
    /// Takes the lock, after its holder; tells a listener what it waits for.
    ///
    /// # Errors
    /// Another run still holds it when the time is over.
    pub(super) async fn take(request: &LeaseRequest<'_>) -> Result<Self, Error> {
        let LeaseRequest { engine, deployment, command, timeout, listener } = request;
        let wanted = Wanted { deployment, location: &engine.location, command, timeout: *timeout };
        wanted.take(|message| listener.hear(Event::Note { message })).await
    }

    /// Gives the lock back. A run that is cut off leaves its note, which tells the next run.
    pub(super) fn release(self) {
        if let Some(held) = &self.held {
            // A note that stays only makes the next run careful.
            let _ = fs::remove_file(&held.note);
        }
    }
}

/// The lock that a run wants.
struct Wanted<'a> {
    deployment: &'a DeploymentName,
    location: &'a EngineLocation,
    /// The verb.
    command: &'a str,
    /// The longest that this run waits for another.
    timeout: Duration,
}

/// The note about the holder of a lock.
#[derive(Debug, Serialize, Deserialize)]
struct Holder {
    /// The verb.
    command: String,
    /// The process.
    process: u32,
    /// Since when, in seconds since 1970.
    since: u64,
}

impl Wanted<'_> {
    async fn take(&self, tell: impl Fn(String)) -> Result<FileLock, Error> {
        match folder() {
            Ok(folder) => self.take_in(&folder, tell).await,
            Err(error) => Ok(self.do_without(&error, tell)),
        }
    }

    /// Takes the lock by a file in `folder`.
    async fn take_in(&self, folder: &Path, tell: impl Fn(String)) -> Result<FileLock, Error> {
        let name = self.file_name();
        let note = folder.join(format!("{name}.holder"));
        let file = match File::create(folder.join(format!("{name}.lock"))) {
            Ok(file) => file,
            Err(error) => return Ok(self.do_without(&error, tell)),
        };
        let started = Instant::now();
        let mut told = false;
        loop {
            match file.try_lock() {
                Ok(()) => {
                    let follows_killed_run = note.exists();
                    // Without a note, the next run speaks of its holder without it.
                    let _ = fs::write(&note, self.note());
                    return Ok(FileLock {
                        held: Some(Held { _file: file, note }),
                        waited: told,
                        follows_killed_run,
                    });
                }
                Err(TryLockError::Error(error)) => return Ok(self.do_without(&error, tell)),
                Err(TryLockError::WouldBlock) => {}
            }
            let holder = Holder::read(&note);
            let waited = started.elapsed();
            if waited >= self.timeout {
                let deployment = self.deployment.to_string();
                let process = holder.as_ref().map(|holder| holder.process);
                return Err(Error::InUse { deployment, holder: describe(holder.as_ref()), process, waited });
            }
            if !told && (holder.is_some() || waited >= NOTE_PATIENCE) {
                told = true;
                tell(format!(
                    "{} is at work on `{}`: waiting for it to end, for {} s at most",
                    describe(holder.as_ref()),
                    self.deployment,
                    self.timeout.as_secs()
                ));
            }
            tokio::time::sleep(POLL_INTERVAL.min(self.timeout.saturating_sub(waited))).await;
        }
    }

    /// Goes on without a lock: a run must work on a machine without a folder for locks too.
    fn do_without(&self, error: &io::Error, tell: impl Fn(String)) -> FileLock {
        tell(format!("cannot see whether another redisctl is at work on `{}`: {error}", self.deployment));
        FileLock { held: None, waited: false, follows_killed_run: false }
    }

    /// A name for each deployment of each engine.
    fn file_name(&self) -> String {
        let engine = Sha256::digest(self.location.address.to_string());
        let hash = engine.iter().take(HASH_BYTES).fold(0_u64, |hash, byte| (hash << 8) | u64::from(*byte));
        format!("{}-{hash:x}", self.deployment)
    }

    fn note(&self) -> String {
        let holder =
            Holder { command: self.command.to_owned(), process: std::process::id(), since: seconds_now() };
        // Plain data with text keys: it always has a JSON form.
        serde_json::to_string(&holder).unwrap_or_default()
    }
}

impl Holder {
    fn read(note: &Path) -> Option<Self> {
        serde_json::from_str(&fs::read_to_string(note).ok()?).ok()
    }
}

fn describe(holder: Option<&Holder>) -> String {
    let Some(Holder { command, process, since }) = holder else { return "another redisctl".to_owned() };
    let age = seconds_now().saturating_sub(*since);
    format!("`redisctl {command}` (process {process}, begun {age} s ago)")
}

fn seconds_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The user's runtime folder, which ends with the session, else the user's cache folder.
fn folder() -> io::Result<PathBuf> {
    let base =
        etcetera::choose_base_strategy().map_err(|error| io::Error::new(io::ErrorKind::NotFound, error))?;
    let create = |base: PathBuf| {
        let folder = base.join("redisctl");
        fs::create_dir_all(&folder).map(|()| folder)
    };
    match base.runtime_dir().map(create) {
        Some(Ok(folder)) => Ok(folder),
        // The variable may name the session of another user, or one that has ended.
        Some(Err(_)) | None => create(base.cache_dir()),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::docker::location::{EngineAddress, Origin};

    fn location(text: &str) -> EngineLocation {
        EngineLocation { address: EngineAddress::parse(text, None).unwrap(), origin: Origin::Flag }
    }

    async fn take(
        folder: &Path,
        location: &EngineLocation,
        command: &str,
    ) -> (Result<FileLock, Error>, Vec<String>) {
        let deployment = DeploymentName::new("shop").unwrap();
        let timeout = Duration::from_millis(100);
        let said = RefCell::new(Vec::new());
        let wanted = Wanted { deployment: &deployment, location, command, timeout };
        let lock = wanted.take_in(folder, |message| said.borrow_mut().push(message)).await;
        (lock, said.into_inner())
    }

    #[tokio::test]
    async fn the_second_run_waits_and_names_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let engine = location("tcp://one:2375");
        let (first, said) = take(folder.path(), &engine, "up").await;
        assert_eq!(said, Vec::<String>::new());
        let holder = format!("`redisctl up` (process {}, begun", std::process::id());
        let (second, said) = take(folder.path(), &engine, "down").await;
        let error = second.unwrap_err().to_string();
        assert!(error.contains(&holder), "{error}");
        assert!(said.len() == 1 && said[0].contains(&holder), "{said:?}");
        // A deployment of that name on another engine has its own lock.
        assert!(!take(folder.path(), &location("tcp://two:2375"), "up").await.0.unwrap().waited);

        first.unwrap().release();
        let (third, said) = take(folder.path(), &engine, "down").await;
        assert!(!third.unwrap().follows_killed_run && said.is_empty(), "{said:?}");
    }

    #[tokio::test]
    async fn a_killed_run_leaves_a_note_and_no_lock() {
        let folder = tempfile::tempdir().unwrap();
        let engine = location("tcp://one:2375");
        let (killed, _) = take(folder.path(), &engine, "up").await;
        // The lock ends with its process; the files stay.
        drop(killed);
        let (lock, said) = take(folder.path(), &engine, "up").await;
        let lock = lock.unwrap();
        assert!(!lock.waited && lock.follows_killed_run && said.is_empty(), "{said:?}");
    }

    #[tokio::test]
    async fn without_a_folder_for_locks_the_run_goes_on() {
        let (lock, said) = take(Path::new("/nonexistent"), &location("tcp://one:2375"), "up").await;
        assert!(lock.unwrap().held.is_none());
        assert!(said[0].starts_with("cannot see whether another redisctl is at work on `shop`"), "{said:?}");
    }
}
