//! The user's command of `redisctl run`: found before anything is made, then started with the streams of redisctl.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use super::CommandError;
use crate::deployment::Error;

/// A command that exists on this machine.
#[derive(Debug)]
pub(super) struct Program {
    name: OsString,
    path: PathBuf,
    arguments: Vec<OsString>,
}

impl Program {
    /// Finds the program of a command line as shells do.
    ///
    /// # Errors
    /// There is no command, or no such program.
    pub(super) fn find(command: &[OsString]) -> Result<Self, CommandError> {
        let Some((name, arguments)) = command.split_first() else {
            return Err(invalid(
                "`redisctl run` needs a command".to_owned(),
                "write it after `--`: `redisctl run cluster -- pytest`",
            ));
        };
        let path = which::which(name).map_err(|_| {
            invalid(
                format!("there is no program `{}`", name.display()),
                "write a program of this machine after `--`; for shell syntax: `-- sh -c 'COMMANDS'`",
            )
        })?;
        Ok(Self { name: name.clone(), path, arguments: arguments.to_vec() })
    }

    /// The command, to be started with the streams and the environment of this process.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.args(&self.arguments);
        #[cfg(unix)]
        std::os::unix::process::CommandExt::arg0(&mut command, &self.name);
        command
    }

    /// The program as the user wrote it.
    pub(super) fn name(&self) -> String {
        self.name.to_string_lossy().into_owned()
    }
}

fn invalid(message: String, hint: &str) -> CommandError {
    Error::Invalid { message, hint: hint.to_owned() }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_must_exist() {
        for (command, message) in [
            (&[][..], "`redisctl run` needs a command"),
            (&["no-such-program-x"], "there is no program `no-such-program-x`"),
            (&["./no-such-program-x"], "there is no program `./no-such-program-x`"),
        ] {
            let command: Vec<OsString> = command.iter().map(OsString::from).collect();
            let error = Program::find(&command).expect_err("no program");
            assert_eq!((error.to_string().as_str(), error.exit_code()), (message, 2));
        }
    }
}
