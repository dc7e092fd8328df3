//! `redisctl man`: man pages, from the same types as the help.

use std::fs;
use std::path::Path;

use clap::{Command, CommandFactory as _};
use clap_mangen::Man;

use super::completions::visible;
use super::{CommandError, ExitStatus};
use crate::cli::{Cli, ManArguments};
use crate::deployment::Error;
use crate::ui::Ui;

pub(super) fn run(arguments: &ManArguments, ui: &Ui) -> Result<ExitStatus, CommandError> {
    let mut program = visible(&Cli::command());
    program.build();
    if let Some(folder) = &arguments.output_dir {
        let count = write_all(&program, folder)?;
        ui.note(&format!("wrote {count} pages; `man {}/redisctl.1` shows the first", folder.display()));
        return Ok(ExitStatus::Done);
    }
    let mut command = &program;
    for name in &arguments.command {
        command = command.find_subcommand(name).ok_or_else(|| no_such_command(command, name))?;
    }
    ui.print(&String::from_utf8_lossy(&page(command)?))?;
    Ok(ExitStatus::Done)
}

/// Writes the page of a command and the pages of its subcommands. Returns their number.
fn write_all(command: &Command, folder: &Path) -> Result<usize, CommandError> {
    let path = folder.join(format!("{}.1", name(command)));
    let failed = |source| Error::File { operation: "write", path: path.clone(), source };
    fs::create_dir_all(folder).map_err(failed)?;
    fs::write(&path, page(command)?).map_err(failed)?;
    let pages = command.get_subcommands().map(|command| write_all(command, folder));
    Ok(1 + pages.sum::<Result<usize, _>>()?)
}

fn page(command: &Command) -> Result<Vec<u8>, CommandError> {
    let mut page = Vec::new();
    Man::new(command.clone()).title(name(command)).render(&mut page)?;
    Ok(page)
}

/// `redisctl-export-compose`.
fn name(command: &Command) -> String {
    command.get_display_name().unwrap_or(command.get_name()).to_owned()
}

fn no_such_command(command: &Command, name: &str) -> CommandError {
    let known: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
    CommandError::Deployment(Error::Invalid {
        message: format!("`{}` has no command `{name}`", command.get_name()),
        hint: match known.as_slice() {
            [] => "name the command alone".to_owned(),
            known => format!("its commands are {}", known.join(", ")),
        },
    })
}
