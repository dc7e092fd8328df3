//! Writes the folder of `export compose`: the compose file, the files of the servers, and the settings of clients.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::certificates::certificates;
use super::loaded_spec::LoadedSpec;
use super::passwords::passwords;
use super::{Error, private_files, tls_files};
use crate::connection::{ConnectionSettings, Format, TlsFiles};
use crate::export::compose::Compose;
use crate::export::compose::folder::{Folder, folder};
use crate::export::distinct::distinct;
use crate::topology::files::File;
use crate::topology::{Credentials, DeploymentName};

/// The compose file, by the name that Compose looks for.
const COMPOSE_FILE: &str = "compose.yaml";

/// The file from which Compose reads variables.
const VARIABLES_FILE: &str = ".env";

/// The folder of the clients' files for TLS.
const TLS_FOLDER: &str = "tls";

impl LoadedSpec {
    /// Writes a compose file with all files of the deployment to a new folder, and returns the compose file. Passwords
    /// to generate are generated.
    ///
    /// # Errors
    /// The folder has files, the spec cannot be described, or a file cannot be read or written.
    pub fn export_compose(&self, target: &Path) -> Result<Compose, Error> {
        refuse_files_in(target)?;
        let topology = &self.topology;
        let mut credentials = passwords(&self.document.spec, topology, &self.password_files, None);
        credentials.certificates = certificates(self, topology, None)?;
        let whole = folder(topology, &credentials, self.modules(), self.module_files.files());
        let whole = whole.ok_or_else(|| Error::Invalid {
            message: "`image: host` cannot be exported: the image of this machine's server has no shell"
                .to_owned(),
            hint: "name an image, for example `--image redis:8`".to_owned(),
        })?;
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| Error::File { operation: "write", path, source }
        };
        // A new folder appears complete, or not at all.
        let parent =
            target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let exists = target.is_dir();
        let place = if exists { target } else { parent };
        fs::create_dir_all(place).map_err(failed(place))?;
        let unfinished = tempfile::Builder::new().prefix(".redisctl-").tempdir_in(place);
        let unfinished = unfinished.map_err(failed(target))?;
        write_files(unfinished.path(), &whole).map_err(failed(target))?;
        let tls_files = credentials.certificates.as_ref().map(|certificates| {
            tls_files::write(topology, certificates, Some(&unfinished.path().join(TLS_FOLDER)))
        });
        let tls_files = tls_files.transpose()?.map(|files| moved(files, target));
        self.write_connections(unfinished.path(), &credentials, tls_files.as_ref())?;
        if exists {
            move_files(unfinished.path(), target).map_err(failed(target))?;
        } else {
            fs::rename(unfinished.path(), target).map_err(failed(target))?;
            let _moved = unfinished.keep();
        }
        Ok(whole.compose)
    }

    /// The settings of clients, for the default login and for each user.
    fn write_connections(
        &self,
        folder: &Path,
        credentials: &Credentials,
        files: Option<&TlsFiles>,
    ) -> Result<(), Error> {
        let topology = &self.topology;
        let primary = &topology.shards[0].primary;
        let users: Vec<&str> =
            topology.auth.iter().flat_map(|auth| &auth.users).map(|user| user.name.as_str()).collect();
        let files_of_users = connection_files(&users).into_iter();
        let users = users.into_iter().map(Some).zip(files_of_users);
        for (user, file) in std::iter::once((None, "connection.sh".to_owned())).chain(users) {
            let settings = ConnectionSettings::new(topology, credentials, primary, user, files);
            let settings = match (settings, user) {
                // The default user may be off, and no other user takes its place.
                (Err(_), None) => continue,
                (settings, _) => settings?,
            };
            let path = folder.join(file);
            let text = settings.render(Format::Shell)?;
            private_files::write(&path, text.expose()).map_err(|source| Error::File {
                operation: "write",
                path,
                source,
            })?;
        }
        Ok(())
    }
}

/// The files with the settings of users: `connection-read-only.sh`. Names of users may have any character.
fn connection_files(users: &[&str]) -> Vec<String> {
    let plain = |letter: char| if letter.is_alphanumeric() || "-._".contains(letter) { letter } else { '_' };
    let parts = users.iter().map(|user| user.chars().map(plain).collect());
    distinct(parts, &[]).into_iter().map(|part| format!("connection-{part}.sh")).collect()
}

/// The paths after the folder has its name. Programs may run in another folder.
fn moved(files: TlsFiles, target: &Path) -> TlsFiles {
    let folder = std::path::absolute(target).unwrap_or_else(|_| target.to_owned()).join(TLS_FOLDER);
    let moved = |path: PathBuf| path.file_name().map_or(path.clone(), |name| folder.join(name));
    TlsFiles { ca: moved(files.ca), client: files.client.map(|(cert, key)| (moved(cert), moved(key))) }
}

/// A folder with files may have passwords of another export, which running servers need.
pub(super) fn refuse_files_in(target: &Path) -> Result<(), Error> {
    let has_files = match fs::read_dir(target) {
        Ok(mut entries) => entries.next().is_some(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            return Err(Error::Invalid {
                message: format!("`{}` is no folder", target.display()),
                hint: "name a new folder".to_owned(),
            });
        }
        Err(source) => return Err(Error::File { operation: "read", path: target.to_owned(), source }),
    };
    if !has_files {
        return Ok(());
    }
    Err(Error::Invalid {
        message: format!("the folder `{}` has files already", target.display()),
        hint: "name a new folder, or remove this one".to_owned(),
    })
}

/// Moves the files into a folder that exists. It may be the present folder, a link or a mount, which no other folder can
/// replace. The compose file comes last: without it, compose starts nothing.
fn move_files(unfinished: &Path, target: &Path) -> io::Result<()> {
    for entry in fs::read_dir(unfinished)? {
        let name = entry?.file_name();
        if name != COMPOSE_FILE {
            fs::rename(unfinished.join(&name), target.join(&name))?;
        }
    }
    fs::rename(unfinished.join(COMPOSE_FILE), target.join(COMPOSE_FILE))
}

fn write_files(target: &Path, whole: &Folder) -> io::Result<()> {
    fs::write(target.join(COMPOSE_FILE), whole.text().map_err(io::Error::other)?)?;
    // Otherwise the name of the folder would be the project's. Two projects of the same name, with the service `files` in
    // each, would remove each other's containers.
    let project = format!("COMPOSE_PROJECT_NAME={}\n", project(&whole.deployment));
    write_file(target, VARIABLES_FILE, project.as_bytes())?;
    for file in &whole.files {
        match file {
            File::Folder { path } => private_files::create_folder(&target.join(path))?,
            File::Content { path, text } => write_file(target, path, text.expose().as_bytes())?,
            File::Data { path, content } => write_file(target, path, content)?,
            File::Program { path, content } => write_program(target, path, content)?,
        }
    }
    Ok(())
}

/// The name of the project. Compose knows fewer letters than Docker.
fn project(deployment: &DeploymentName) -> String {
    deployment.as_str().to_lowercase().replace('.', "_")
}

fn write_file(target: &Path, path: &str, content: &[u8]) -> io::Result<()> {
    let path = target.join(path);
    path.parent().map_or(Ok(()), private_files::create_folder)?;
    io::Write::write_all(&mut private_files::create_private(&path)?, content)
}

/// A copy keeps the right to execute, which some servers require of a module.
fn write_program(target: &Path, path: &str, content: &Arc<[u8]>) -> io::Result<()> {
    write_file(target, path, content)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(target.join(path), fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}
