//! `redisctl snapshot`: writes the keys of a deployment to a file.

use std::path::{Path, PathBuf};

use super::{CommandError, ExitStatus, warn_if_out_of_reach};
use crate::cli::SnapshotArguments;
use crate::deployment::{ConnectedEngine, Error, Snapshot};
use crate::topology::DeploymentName;
use crate::ui::Ui;

pub(super) async fn run(
    arguments: &SnapshotArguments,
    host: Option<&str>,
    ui: &Ui,
) -> Result<ExitStatus, CommandError> {
    let (name, path) = name_and_file(&arguments.words)?;
    let engine = ConnectedEngine::connect(host).await?;
    if name.is_none() && !path.exists() {
        refuse_name_as_file(path, &engine.deployment_names().await?)?;
    }
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
    let invalid =
        |message: &str, hint: &str| Error::Invalid { message: message.to_owned(), hint: hint.to_owned() };
    let (name, path) = match words {
        [path] => (None, path),
        [name, path] => (Some(name.to_string_lossy().into_owned()), path),
        _ => return Err(invalid("a name and a file are expected", "`redisctl snapshot NAME FILE`")),
    };
    if path == Path::new("-") {
        return Err(invalid("a snapshot is a file, not `-`", "`./-` is a file of this name"));
    }
    Ok((name, path))
}

/// A single word is the file. The name of a deployment was meant as the name, and the file is missing.
fn refuse_name_as_file(path: &Path, names: &[DeploymentName]) -> Result<(), Error> {
    if names.iter().all(|name| Path::new(name.as_str()) != path) {
        return Ok(());
    }
    Err(Error::Invalid {
        message: "no file is given".to_owned(),
        hint: format!("`redisctl snapshot {0} FILE`; for a file with this name: `./{0}`", path.display()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_of_deployment_is_no_file() {
        let names = [DeploymentName::new("shop").unwrap()];
        assert!(refuse_name_as_file(Path::new("shop"), &names).is_err());
        for file in ["./shop", "shop.snap", "/tmp/shop"] {
            assert!(refuse_name_as_file(Path::new(file), &names).is_ok(), "{file}");
        }
    }
}
