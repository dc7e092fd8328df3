//! A process, as other processes of the same machine find it in `/proc`. Only Linux has this folder. On other
//! systems, the lease of a killed run expires.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// A process. Its number alone is not unique: another process may get it later, or have it in a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Process {
    /// The running kernel, and the namespace in which the number counts.
    pub(super) machine: String,
    /// The number.
    pub(super) id: u32,
    /// When it started, in ticks since the start of the kernel.
    pub(super) started: u64,
}

/// Whether a process exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProcessState {
    /// It exists.
    Exists,
    /// It existed on this machine, and has ended.
    Ended,
    /// It is on another machine, or not visible from here.
    Unknown,
}

impl Process {
    /// This process.
    pub(super) fn own() -> Option<Self> {
        let statistics = fs::read_to_string("/proc/self/stat").ok()?;
        let id = statistics.split_once(' ')?.0.parse().ok()?;
        let Statistics { started, .. } = Statistics::read(&statistics)?;
        Some(Self { machine: machine()?, id, started })
    }

    /// Whether the process exists, as far as this machine can tell.
    pub(super) fn state(&self) -> ProcessState {
        if machine().as_ref() != Some(&self.machine) {
            return ProcessState::Unknown;
        }
        match fs::read_to_string(format!("/proc/{}/stat", self.id)) {
            Ok(text) => match Statistics::read(&text) {
                Some(found) if found.started == self.started && !found.has_ended => ProcessState::Exists,
                Some(_) => ProcessState::Ended,
                None => ProcessState::Unknown,
            },
            // Some machines hide the processes of other users, even the first process.
            Err(error) if error.kind() == ErrorKind::NotFound && Path::new("/proc/1").exists() => {
                ProcessState::Ended
            }
            Err(_) => ProcessState::Unknown,
        }
    }
}

/// The identity of this machine's running kernel and process namespace.
fn machine() -> Option<String> {
    let kernel = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let namespace = fs::read_link("/proc/self/ns/pid").ok()?;
    Some(format!("{} {}", kernel.trim(), namespace.display()))
}

/// The needed fields of `/proc/PROCESS/stat`.
#[derive(Debug, PartialEq, Eq)]
struct Statistics {
    /// Whether it is a zombie: it has ended, but its parent has not noticed.
    has_ended: bool,
    /// When it started.
    started: u64,
}

impl Statistics {
    /// Parses `NUMBER (NAME) STATE …`. The name may have spaces and parentheses in it.
    fn read(text: &str) -> Option<Self> {
        let (_, fields) = text.rsplit_once(')')?;
        let mut fields = fields.split_whitespace();
        let has_ended = matches!(fields.next()?, "Z" | "X" | "x");
        // The 22nd field; the state is the third.
        Some(Self { has_ended, started: fields.nth(18)?.parse().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REST: &str = "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20 21";

    #[test]
    fn a_process_is_read_whatever_its_name_is() {
        for (text, has_ended) in
            [("7 (redisctl) S", false), ("7 (a) Z (b) R", false), ("7 (redisctl) Z", true)]
        {
            let read = Statistics::read(&format!("{text} {REST}"));
            assert_eq!(read, Some(Statistics { has_ended, started: 4711 }), "{text}");
        }
        for text in ["", "7", "7 (redisctl)", "7 (redisctl) S 1 2 3"] {
            assert_eq!(Statistics::read(text), None, "{text}");
        }
    }
}
