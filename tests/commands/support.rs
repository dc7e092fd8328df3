//! Runs the program in its own folder, in the same environment on every machine.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// An engine that does not exist.
#[cfg(unix)]
pub(super) const NO_ENGINE: &str = "unix:///nonexistent/docker.sock";
/// An engine that does not exist.
#[cfg(windows)]
pub(super) const NO_ENGINE: &str = "npipe:////./pipe/redisctl_nonexistent";

/// The variable with the home directory, which contains Docker's contexts.
const HOME: &str = if cfg!(windows) { "USERPROFILE" } else { "HOME" };

/// A folder to run commands in.
pub(super) struct Folder(TempDir);

/// The result of a command.
pub(super) struct Ended {
    /// The exit code.
    pub(super) code: i32,
    /// Its stdout.
    pub(super) stdout: String,
    /// Its stderr.
    pub(super) stderr: String,
}

impl Folder {
    /// An empty folder.
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder for the test"))
    }

    /// A folder with one file in it.
    pub(super) fn with(name: &str, text: &str) -> Self {
        let folder = Self::new();
        folder.write(name, text);
        folder
    }

    /// Writes a file and its folders.
    pub(super) fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a folder to write to");
        fs::write(path, text).expect("a file that can be written");
    }

    /// The path of the folder.
    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Runs `redisctl` here.
    pub(super) fn run(&self, arguments: &[&str]) -> Ended {
        self.run_with(&[], arguments)
    }

    /// Runs `redisctl` here, with variables in its environment.
    pub(super) fn run_with(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Ended {
        self.run_fed(Stdio::null(), variables, arguments)
    }

    /// Runs `redisctl` here with a file of this folder as its input.
    pub(super) fn run_on(&self, input: &str, arguments: &[&str]) -> Ended {
        let input = std::fs::File::open(self.path().join(input)).expect("a file");
        self.run_fed(input.into(), &[], arguments)
    }

    fn run_fed(&self, input: Stdio, variables: &[(&str, &str)], arguments: &[&str]) -> Ended {
        let output = Command::new(env!("CARGO_BIN_EXE_redisctl"))
            .args(arguments)
            .stdin(input)
            .current_dir(self.path())
            .env_clear()
            // Without it, Windows does not find the libraries for sockets.
            .envs(std::env::var_os("SystemRoot").map(|folder| ("SystemRoot", folder)))
            .env(HOME, self.path())
            // The width of help.
            .env("COLUMNS", "100")
            .envs(variables.iter().copied())
            .output()
            .expect("the program starts");
        let text = |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).expect("the program writes UTF-8");
            let text = text.replace(&*self.path().to_string_lossy(), "[FOLDER]");
            // Paths are written as in the snapshots. Backslashes in JSON are not separators.
            let is_json = text.starts_with('{');
            let text = if cfg!(windows) && !is_json { text.replace('\\', "/") } else { text };
            text.replace("redisctl.exe", "redisctl")
        };
        Ended {
            code: output.status.code().expect("the program ends by itself"),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

impl Ended {
    /// The whole result, for a snapshot.
    pub(super) fn text(&self) -> String {
        let mut text = format!("exit {}\n", self.code);
        for (name, output) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !output.is_empty() {
                write!(text, "----- {name}\n{output}").expect("text can be added to text");
            }
        }
        text
    }
}
