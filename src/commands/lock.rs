//! One redisctl at a time changes a deployment: a lock of the operating system's, which ends with its
//! process however that ends, and a note beside it that says who holds it.
//!
//! Commands of other users and other machines cannot be seen this way. Among them, whoever makes the
//! shared volume goes first (`up::rivals`); later, they see each other on the servers (`redis::presence`).

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use etcetera::BaseStrategy as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::CommandError;
use crate::docker::location::EngineLocation;
use crate::topology::DeploymentName;

/// How often a lock is tried that somebody else holds: a person does not notice a tenth of a second.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// How long to wait for a holder's note before the holder is spoken of without it.
const NOTE_PATIENCE: Duration = Duration::from_millis(500);

/// How much of the hash of an engine's address is in a file's name: enough to tell a user's engines apart.
const HASH_BYTES: usize = 6;

/// The right to change one deployment on one engine, until it is ended, dropped or its process ends.
#[derive(Debug)]
pub(super) struct Lock {
    /// `None` where there is no place for locks on this machine.
    held: Option<Held>,
    /// Whether somebody else had to be waited for: what was seen before may be no more.
    pub(super) waited: bool,
    /// Whether who held it before was killed or interrupted: the engine goes on with what it was asked for.
    pub(super) follows_cut_off: bool,
}

#[derive(Debug)]
struct Held {
    _file: File,
    note: PathBuf,
}

impl Lock {
    /// Gives it back once everything that was asked of the engine has its answer. Whoever is cut off before
    /// leaves the note, which tells the next one.
    pub(super) fn end(self) {
        if let Some(held) = &self.held {
            // A note that stays only makes the next one careful.
            let _ = fs::remove_file(&held.note);
        }
    }
}

/// Who wants a lock, and for how long.
pub(super) struct Request<'a> {
    /// The deployment.
    pub(super) deployment: &'a DeploymentName,
    /// Its engine.
    pub(super) location: &'a EngineLocation,
    /// The verb.
    pub(super) command: &'a str,
    /// The longest that others are waited for.
    pub(super) timeout: Duration,
}

/// Who holds a lock, as they wrote it down.
#[derive(Debug, Serialize, Deserialize)]
struct Holder {
    /// The verb.
    command: String,
    /// The process.
    process: u32,
    /// Since when, in seconds since 1970.
    since: u64,
}

impl Request<'_> {
    /// Takes the lock, after whoever holds it now; `tell` hears whom it waits for.
    ///
    /// # Errors
    /// Somebody else still holds it when the time is over.
    pub(super) async fn take(&self, tell: impl Fn(String)) -> Result<Lock, CommandError> {
        match folder() {
            Ok(folder) => self.take_in(&folder, tell).await,
            Err(error) => Ok(self.do_without(&error, tell)),
        }
    }

    /// Takes the lock by a file in `folder`.
    async fn take_in(&self, folder: &Path, tell: impl Fn(String)) -> Result<Lock, CommandError> {
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
                    let follows_cut_off = note.exists();
                    // Whoever waits without a note says so without it.
                    let _ = fs::write(&note, self.note());
                    return Ok(Lock {
                        held: Some(Held { _file: file, note }),
                        waited: told,
                        follows_cut_off,
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
                return Err(CommandError::InUse {
                    deployment,
                    holder: describe(holder.as_ref()),
                    process,
                    waited,
                });
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

    /// Goes on without a lock: that others cannot be seen is no reason not to work.
    fn do_without(&self, error: &io::Error, tell: impl Fn(String)) -> Lock {
        tell(format!("cannot see whether another redisctl is at work on `{}`: {error}", self.deployment));
        Lock { held: None, waited: false, follows_cut_off: false }
    }

    /// One name for each deployment of each engine.
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

/// A folder of this user's: the one for what is gone with the session where there is one, else the
/// one for what may be gone at any time.
fn folder() -> io::Result<PathBuf> {
    let base =
        etcetera::choose_base_strategy().map_err(|error| io::Error::new(io::ErrorKind::NotFound, error))?;
    let create = |base: PathBuf| {
        let folder = base.join("redisctl");
        fs::create_dir_all(&folder).map(|()| folder)
    };
    match base.runtime_dir().map(create) {
        Some(Ok(folder)) => Ok(folder),
        // The session of the variable may be another user's, or over.
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
    ) -> (Result<Lock, CommandError>, Vec<String>) {
        let deployment = DeploymentName::new("shop").unwrap();
        let timeout = Duration::from_millis(100);
        let said = RefCell::new(Vec::new());
        let request = Request { deployment: &deployment, location, command, timeout };
        let lock = request.take_in(folder, |message| said.borrow_mut().push(message)).await;
        (lock, said.into_inner())
    }

    #[tokio::test]
    async fn the_second_waits_and_says_for_whom() {
        let folder = tempfile::tempdir().unwrap();
        let engine = location("tcp://one:2375");
        let (first, said) = take(folder.path(), &engine, "up").await;
        assert_eq!(said, Vec::<String>::new());
        let holder = format!("`redisctl up` (process {}, begun", std::process::id());
        let (second, said) = take(folder.path(), &engine, "down").await;
        let error = second.unwrap_err().to_string();
        assert!(error.contains(&holder), "{error}");
        assert!(said.len() == 1 && said[0].contains(&holder), "{said:?}");
        // Another engine's deployment of that name is another one.
        assert!(!take(folder.path(), &location("tcp://two:2375"), "up").await.0.unwrap().waited);

        first.unwrap().end();
        let (third, said) = take(folder.path(), &engine, "down").await;
        assert!(!third.unwrap().follows_cut_off && said.is_empty(), "{said:?}");
    }

    #[tokio::test]
    async fn whoever_is_cut_off_is_in_nobodys_way_but_leaves_a_note() {
        let folder = tempfile::tempdir().unwrap();
        let engine = location("tcp://one:2375");
        let (killed, _) = take(folder.path(), &engine, "up").await;
        // The lock ends with its process; the files stay.
        drop(killed);
        let (lock, said) = take(folder.path(), &engine, "up").await;
        let lock = lock.unwrap();
        assert!(!lock.waited && lock.follows_cut_off && said.is_empty(), "{said:?}");
    }

    #[tokio::test]
    async fn where_there_is_no_place_for_locks_one_goes_on_without() {
        let (lock, said) = take(Path::new("/nonexistent"), &location("tcp://one:2375"), "up").await;
        assert!(lock.unwrap().held.is_none());
        assert!(said[0].starts_with("cannot see whether another redisctl is at work on `shop`"), "{said:?}");
    }
}
