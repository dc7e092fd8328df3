//! `redisctl seed`: loads data into a deployment.

use std::path::{Path, PathBuf};

use super::{CommandError, ExitStatus, warn_if_out_of_reach};
use crate::cli::SeedArguments;
use crate::deployment::{ConnectedEngine, Error, Seed, SeedFile};
use crate::ui::Ui;

pub(super) async fn run(
    arguments: &SeedArguments,
    host: Option<&str>,
    ui: &Ui,
) -> Result<ExitStatus, CommandError> {
    let (first, rest) = arguments.words.split_first().ok_or_else(no_file)?;
    // The other words are files in any case. Their problems are found without an engine.
    let mut files = read_all(rest)?;
    let engine = ConnectedEngine::connect(host).await?;
    let names = engine.deployment_names().await?;
    let is_name = names.iter().any(|name| Path::new(name.as_str()) == first);
    let name = match (is_name, rest.is_empty()) {
        (true, true) if !first.is_file() => return Err(no_file().into()),
        // A single word is a file, even if a deployment has its name.
        (true, false) => Some(first.to_string_lossy()),
        // The first of several words, if it is no file, was meant as a name.
        (false, false) if !first.exists() && first != Path::new("-") => Some(first.to_string_lossy()),
        _ => {
            files.splice(0..0, [SeedFile::read(first)?]);
            None
        }
    };
    let deployment = engine.deployment(name.as_deref()).await?;
    warn_if_out_of_reach(&deployment, ui);
    let renderer = ui.renderer();
    let seed = Seed::new(&deployment, &files).timeout(arguments.timeout).listener(renderer.as_ref());
    let seeded = Box::pin(seed.run()).await;
    renderer.finish();
    ui.moved(&seeded?)?;
    Ok(ExitStatus::Done)
}

fn read_all(paths: &[PathBuf]) -> Result<Vec<SeedFile>, Error> {
    paths.iter().map(|path| SeedFile::read(path)).collect()
}

fn no_file() -> Error {
    Error::Invalid {
        message: "no file is given".to_owned(),
        hint: "`redisctl seed NAME FILE`; `-` is stdin".to_owned(),
    }
}
