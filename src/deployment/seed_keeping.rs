//! The files of a spec's `seed`: kept in the deployment's volume, applied once to a new deployment, and again by a
//! reset.

use std::sync::Arc;
use std::time::Duration;

use super::Error;
use super::handle::Deployment;
use super::loaded_spec::LoadedSpec;
use super::seed::Seed;
use super::seed_file::{SeedFile, field};
use crate::event::{Event, Listener, Note, Warning};
use crate::moved_data::Seeded;
use crate::spec::{Problem, SeedSpec};
use crate::status::Role;
use crate::topology::files::File;
use crate::topology::kept_seed::{KeptSeed, SEED_FILE, SeedState, kept_files, kept_path};
use crate::topology::server::DataFormat;
use crate::topology::{NodeName, Server};

/// The record of these files.
fn record(state: SeedState, files: &[SeedFile]) -> KeptSeed {
    KeptSeed::new(state, files.iter().map(|file| (file.name.as_str(), file.bytes.as_ref())))
}

fn files_to_keep(state: SeedState, files: &[SeedFile]) -> Vec<File> {
    let contents: Vec<Arc<[u8]>> = files.iter().map(|file| Arc::clone(&file.bytes)).collect();
    kept_files(&record(state, files), &contents)
}

/// The files that a new deployment keeps.
pub(super) fn first_files(files: &[SeedFile]) -> Vec<File> {
    if files.is_empty() { Vec::new() } else { files_to_keep(SeedState::Pending, files) }
}

/// Applies the files of a spec to a new deployment. Keeps changed files of an existing deployment for the next reset.
///
/// # Errors
/// A command is refused, or an earlier run was interrupted while it applied the files.
pub(super) async fn seed_new(
    deployment: &Deployment,
    files: &[SeedFile],
    timeout: Duration,
    listener: &dyn Listener,
) -> Result<(), Error> {
    let Some(through) = deployment.any_container().await? else { return Ok(()) };
    let kept = deployment.kept_seed(&through).await?;
    let wanted = record(SeedState::Done, files);
    let state = kept.as_ref().map_or(SeedState::Done, |kept| kept.state);
    let is_changed = kept.as_ref().map_or(!files.is_empty(), |kept| !kept.has_files_of(&wanted));
    let api = &deployment.engine().api;
    if is_changed {
        api.keep_files(&through, &files_to_keep(state, files)).await?;
    }
    let name = deployment.name().clone();
    if state == SeedState::Done || files.is_empty() {
        if is_changed {
            listener.hear(Event::Note(Note::SeedChanged { deployment: name, is_empty: files.is_empty() }));
            api.keep_files(&through, &[wanted.file()]).await?;
        }
        return Ok(());
    }
    if deployment.keys().await? > 0 {
        if state == SeedState::Begun {
            return Err(Error::HalfSeeded(name.to_string()));
        }
        // The volumes of an earlier deployment have the keys.
        listener.hear(Event::Warning(Warning::NotSeeded { deployment: name }));
        return Ok(api.keep_files(&through, &[wanted.file()]).await?);
    }
    let seeded = deployment.apply_kept(&through, &wanted, files, timeout, listener).await?;
    listener.hear(Event::Note(Note::Seeded(seeded)));
    Ok(())
}

/// Checks that the server reads the data files of a spec's `seed`.
///
/// # Errors
/// The problems, at their places in the spec.
pub(super) fn check_formats(spec: &LoadedSpec, server: Server) -> Result<(), Error> {
    let fields = spec.document.spec.seed.iter().flat_map(SeedSpec::files).map(|(at, _)| field(at));
    let problem = |(field, file): (Vec<String>, &SeedFile)| {
        let format = DataFormat::of_file(&file.bytes).filter(|format| !server.reads_format(*format))?;
        let message = format!("{server} does not read `{}`: its data format is {}", file.name, format.0);
        Some(
            Problem::new(&field, message)
                .hint("a server reads the files of its own version and of older ones"),
        )
    };
    let problems: Vec<Problem> = fields.zip(&spec.seed_files).filter_map(problem).collect();
    if problems.is_empty() { Ok(()) } else { Err(spec.document.locate(problems).into()) }
}

impl Deployment {
    /// Applies the files of the spec's `seed` again, as kept in the deployment's volume. `None`: its spec has no `seed`.
    /// The caller has emptied the deployment. `timeout` is the limit of the wait for each reply.
    ///
    /// # Errors
    /// The files cannot be read, or a command is refused.
    pub async fn seed_again(
        &self,
        timeout: Duration,
        listener: &dyn Listener,
    ) -> Result<Option<Seeded>, Error> {
        let Some(through) = self.any_container().await? else { return Ok(None) };
        let kept = self.kept_seed(&through).await?.filter(|kept| !kept.files.is_empty());
        let Some(kept) = kept else { return Ok(None) };
        let mut files = Vec::new();
        for (at, file) in kept.files.iter().enumerate() {
            let content = self.engine().api.kept_file(&through, &kept_path(at)).await?;
            files.push(SeedFile::of_bytes(file.name.clone(), content.unwrap_or_default())?);
        }
        if !record(kept.state, &files).has_files_of(&kept) {
            return Err(Error::Invalid {
                message: format!("the files of `seed` that `{}` keeps are damaged", self.name()),
                hint: "`redisctl up` with the spec keeps them again".to_owned(),
            });
        }
        Ok(Some(self.apply_kept(&through, &kept, &files, timeout, listener).await?))
    }

    /// Applies files, and records it. If this run is interrupted, the record says that it began.
    async fn apply_kept(
        &self,
        through: &NodeName,
        kept: &KeptSeed,
        files: &[SeedFile],
        timeout: Duration,
        listener: &dyn Listener,
    ) -> Result<Seeded, Error> {
        let api = &self.engine().api;
        api.keep_files(through, &[kept.in_state(SeedState::Begun).file()]).await?;
        let seeded = Seed::new(self, files).timeout(timeout).listener(listener).apply().await?;
        api.keep_files(through, &[kept.in_state(SeedState::Done).file()]).await?;
        Ok(seeded)
    }

    /// The record of the kept files. `None`: the deployment has none, or the record cannot be read.
    async fn kept_seed(&self, through: &NodeName) -> Result<Option<KeptSeed>, Error> {
        let record = self.engine().api.kept_file(through, SEED_FILE).await?;
        Ok(record.and_then(|record| KeptSeed::read(&String::from_utf8_lossy(&record))))
    }

    /// A container of the deployment.
    pub(super) async fn any_container(&self) -> Result<Option<NodeName>, Error> {
        let inventory = self.engine().api.inventory().await?.deployment(self.name());
        Ok(inventory.containers.into_keys().next())
    }

    /// The number of keys of all primaries, in all databases.
    pub(super) async fn keys(&self) -> Result<u64, Error> {
        let status = self.status().await?;
        let primaries = status.nodes.iter().filter(|node| node.role == Role::Primary);
        Ok(primaries.filter_map(|node| node.keys).sum())
    }
}
