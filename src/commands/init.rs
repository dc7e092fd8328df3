//! `redisctl init`: writes a spec for the user.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;

use super::{CommandError, ExitStatus};
use crate::cli::InitArguments;
use crate::deployment::{Error, ShippedTopology, no_such_topology};
use crate::ui::Ui;

pub(super) fn run(arguments: &InitArguments, ui: &Ui) -> Result<ExitStatus, CommandError> {
    let name = &arguments.topology;
    let shipped = ShippedTopology::find(name).ok_or_else(|| no_such_topology(name))?;
    let path = arguments.file.clone().unwrap_or_else(|| PathBuf::from(format!("{name}.yaml")));
    let error = |source: std::io::Error| {
        if source.kind() == ErrorKind::AlreadyExists {
            CommandError::Deployment(Error::Invalid {
                message: format!("`{}` exists already", path.display()),
                hint: format!("name another file: `redisctl init {name} FILE`"),
            })
        } else {
            CommandError::Deployment(Error::File { operation: "write", path: path.clone(), source })
        }
    };
    let mut file = OpenOptions::new().write(true).create_new(true).open(&path).map_err(error)?;
    file.write_all(shipped.text.as_bytes()).map_err(error)?;
    ui.note(&format!("wrote `{}`; edit it, then `redisctl up {}`", path.display(), path.display()));
    Ok(ExitStatus::Done)
}
