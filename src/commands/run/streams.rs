//! The streams of the user's command.

use std::fs::File;
use std::io::{self, Seek as _, SeekFrom};
use std::process::{Command, Stdio};

/// Where the output of a command goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Streams {
    /// The command has the streams of redisctl, and so its terminal.
    Inherited,
    /// The same, but stdout goes to stderr: stdout has the results of redisctl.
    OutputToStderr,
    /// The command has no stdin. Its output is kept, and printed when it ends, so that commands side by side do not mix
    /// their lines. `to_stderr`: stdout goes to stderr.
    Kept {
        /// Whether stdout goes to stderr.
        to_stderr: bool,
    },
}

/// The output of a command that has ended, in files without names. A process that the command leaves behind may hold
/// a pipe open for ever, but not a file.
pub(super) struct KeptOutput {
    stdout: File,
    stderr: File,
    to_stderr: bool,
}

impl Streams {
    /// Connects the command.
    ///
    /// # Errors
    /// A file cannot be made.
    pub(super) fn connect(self, command: &mut Command) -> io::Result<Option<KeptOutput>> {
        match self {
            Self::Inherited => Ok(None),
            Self::OutputToStderr => {
                command.stdout(io::stderr());
                Ok(None)
            }
            Self::Kept { to_stderr } => {
                let kept =
                    KeptOutput { stdout: tempfile::tempfile()?, stderr: tempfile::tempfile()?, to_stderr };
                command.stdin(Stdio::null());
                command.stdout(kept.stdout.try_clone()?).stderr(kept.stderr.try_clone()?);
                Ok(Some(kept))
            }
        }
    }
}

impl KeptOutput {
    /// Prints the output: stderr first, because tables of results are usually on stdout.
    ///
    /// # Errors
    /// Stdout or stderr cannot be written.
    pub(super) fn print(mut self) -> io::Result<()> {
        let mut stderr = io::stderr().lock();
        copy(&mut self.stderr, &mut stderr)?;
        if self.to_stderr {
            copy(&mut self.stdout, &mut stderr)
        } else {
            copy(&mut self.stdout, &mut io::stdout().lock())
        }
    }
}

fn copy(from: &mut File, to: &mut impl io::Write) -> io::Result<()> {
    from.seek(SeekFrom::Start(0))?;
    io::copy(from, to)?;
    to.flush()
}
