//! `redisctl snapshot`: writes the keys of a deployment to a file.

use std::path::{Path, PathBuf};

use super::{CommandError, ExitStatus, warn_if_out_of_reach};
use crate::cli::SnapshotArguments;
use crate::deployment::{ConnectedEngine, Error, Snapshot};
use crate::ui::Ui;

pub(super) async fn run(
    arguments: &SnapshotArguments,
    host: Option<&str>,
    ui: &Ui,
) -> Result<ExitStatus, CommandError> {
    let (name, path) = name_and_file(&arguments.words)?;
    let engine = ConnectedEngine::connect(host).await?;
    let deployment = engine.deployment(name.as_deref()).await?;
    warn_if_out_of_reach(&deployment, ui);
    let renderer = ui.renderer();
    let snapshot = Snapshot::new(&deployment).timeout(arguments.timeout).listener(renderer.as_ref());
    let taken = Box::pin(snapshot.run(path)).await;
    renderer.finish();
    ui.moved(&taken?)?;
    Ok(ExitStatus::Done)
}

/// The deployment's name, if given, and the file: the last word.
pub(super) fn name_and_file(words: &[PathBuf]) -> Result<(Option<String>, &Path), Error> {
    match words {
        [path] => Ok((None, path)),
        [name, path] => Ok((Some(name.to_string_lossy().into_owned()), path)),
        _ => Err(Error::Invalid {
            message: "a name and a file are expected".to_owned(),
            hint: "`redisctl snapshot NAME FILE`".to_owned(),
        }),
    }
}
