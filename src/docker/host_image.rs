//! `--image host`: an image made from this machine's own server and the libraries that it loads.
//!
//! It is for machines that reach no registry. The tag is a hash of the content. redisctl makes the image again only
//! if the server or a library has changed.

use std::io;
use std::path::PathBuf;

use bollard::Docker;
use bollard::query_parameters::CreateImageOptionsBuilder;
use bytes::Bytes;
use futures_util::{Stream, TryStreamExt as _, stream};

#[cfg(any(test, feature = "fuzzing"))]
pub(super) mod fuzzing;
mod layout;
mod libraries;
mod loader_conf;
mod recipe;
mod search;
mod server;

pub use libraries::LibraryError;

use recipe::{Digest, Recipe};

use super::elf::ElfTarget;
use crate::topology::health_check::IMAGES_WITHOUT_SHELL;

/// The repository of these images.
const REPOSITORY: &str = IMAGES_WITHOUT_SHELL;

/// The number of bytes of the archive that the connection gets at once. Larger pieces are not faster.
const PIECE_LENGTH: usize = 256 * 1024;

/// An image of this machine's server, present on the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostImage {
    /// Its reference: `redisctl-host:<hash>`.
    pub reference: String,
    /// Whether the engine had it already.
    pub reused: bool,
    /// The server's binary, at `/usr/local/bin` and on the image's `PATH`.
    pub program: String,
    /// The server's version.
    pub version: String,
}

/// Why redisctl cannot make an image of this machine's server.
#[derive(Debug, thiserror::Error)]
pub enum HostImageError {
    /// Containers run Linux programs only.
    #[error("the image `host` needs a server that is a Linux program, and this machine runs {system}")]
    NotLinux {
        /// The machine's system.
        system: &'static str,
    },
    /// No server is installed.
    #[error("this machine has no `redis-server` or `valkey-server` for the image `host`")]
    NoServer,
    /// The server cannot be asked for its version.
    #[error("cannot ask `{}` for its version", path.display())]
    Version {
        /// The server's binary.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The server is a program for another processor.
    #[error("`{}` is a program for {found}, and this machine runs programs for {needed}", path.display())]
    OtherProcessor {
        /// The server's binary.
        path: PathBuf,
        /// Its processor, in the engine's terms.
        found: String,
        /// This machine's processor.
        needed: &'static str,
        /// Why it did not start.
        source: io::Error,
    },
    /// The server's binary or a library cannot be used.
    #[error("cannot take the server from this machine")]
    Libraries(#[from] LibraryError),
    /// The image cannot be packed.
    #[error("cannot pack the image `host`")]
    Pack(#[source] io::Error),
    /// The engine runs programs for another processor, or no Linux containers.
    #[error("the server of this machine is for linux/{binary}, and the engine runs {engine}")]
    WrongPlatform {
        /// The binary's processor, in the engine's terms.
        binary: &'static str,
        /// The engine's system and processor.
        engine: String,
    },
    /// The engine refused a call.
    #[error("cannot {operation} `{reference}`")]
    Engine {
        /// The operation.
        operation: &'static str,
        /// The image.
        reference: String,
        /// Its answer.
        source: bollard::errors::Error,
    },
}

impl HostImageError {
    /// A hint for the user.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NotLinux { .. } => {
                Some("name an image with `--image`, or load an image into the engine with `docker load`")
            }
            Self::NoServer => Some(
                "install one (Debian, Ubuntu: `apt-get install redis-server`; Fedora: `dnf install valkey`; \
                 Alpine: `apk add redis`), or name an image with `--image`",
            ),
            Self::Libraries(LibraryError::NotElf { .. }) => Some(
                "it may be a script that starts the server: put the directory of the server itself first in \
                 `PATH`",
            ),
            Self::Libraries(LibraryError::Missing { .. }) => {
                Some("install the library, or name its directory in `LD_LIBRARY_PATH`")
            }
            Self::OtherProcessor { .. } => Some(
                "put the directory of a server of this machine first in `PATH`, or name an image with `--image`",
            ),
            Self::WrongPlatform { .. } => Some("name an image with `--image` that is made for the engine"),
            Self::Version { .. } | Self::Libraries(_) | Self::Pack(_) | Self::Engine { .. } => None,
        }
    }
}

/// Ensures that the engine has an image of this machine's present server.
///
/// # Errors
/// This machine has no server, the server cannot be read, or the engine refuses the image.
pub async fn ensure(docker: &Docker) -> Result<HostImage, HostImageError> {
    let (recipe, Digest { tag, size }) = read_machine().await?;
    let reference = format!("{REPOSITORY}:{tag}");
    let image = |reused| HostImage {
        reference: reference.clone(),
        reused,
        program: recipe.program.to_owned(),
        version: recipe.version.clone(),
    };

    let engine_error = |operation| {
        let reference = reference.clone();
        move |source| HostImageError::Engine { operation, reference, source }
    };
    match docker.inspect_image(&reference).await {
        Ok(_) => return Ok(image(true)),
        Err(bollard::errors::Error::DockerResponseServerError { status_code: 404, .. }) => {}
        Err(source) => return Err(engine_error("look for the image")(source)),
    }

    let engine =
        docker.version().await.map_err(engine_error("ask the engine for its platform, for the image"))?;
    check_platform(recipe.target, engine.os.as_deref(), engine.arch.as_deref())?;
    let options = CreateImageOptionsBuilder::default()
        .from_src("-")
        // The tag is part of this name, because Podman ignores a separate tag.
        .repo(&reference)
        .message("made from this machine's server by redisctl")
        .changes(recipe.changes.clone())
        .build();
    let layout = recipe.layout;
    let archive =
        blocking(move || layout.write_tar(Vec::with_capacity(size)).map_err(HostImageError::Pack)).await?;
    // The stream may end with an error although the engine has the image, so the image is checked.
    let imported: Result<Vec<_>, _> = docker
        .create_image(Some(options), Some(bollard::body_stream(in_pieces(archive.into()))), None)
        .try_collect()
        .await;
    match docker.inspect_image(&reference).await {
        Ok(_) => Ok(image(false)),
        Err(missing) => Err(engine_error("import the image")(imported.err().unwrap_or(missing))),
    }
}

/// The reference of the image of this machine's server. The image need not exist.
///
/// # Errors
/// This machine has no server, or the server cannot be read.
pub async fn reference() -> Result<String, HostImageError> {
    let (_, Digest { tag, .. }) = read_machine().await?;
    Ok(format!("{REPOSITORY}:{tag}"))
}

/// The contents of an image of this machine's server, and their digest.
async fn read_machine() -> Result<(Recipe, Digest), HostImageError> {
    if !cfg!(target_os = "linux") {
        return Err(HostImageError::NotLinux { system: std::env::consts::OS });
    }
    blocking(|| {
        let recipe = Recipe::of_this_machine()?;
        let digest = recipe.digest().map_err(HostImageError::Pack)?;
        Ok((recipe, digest))
    })
    .await
}

/// `archive` in pieces. As a whole, it would be copied once more.
fn in_pieces(archive: Bytes) -> impl Stream<Item = Bytes> + Send + 'static {
    let starts = (0..archive.len()).step_by(PIECE_LENGTH);
    stream::iter(starts.map(move |start| archive.slice(start..archive.len().min(start + PIECE_LENGTH))))
}

/// Runs `work`, which reads files, on a thread for blocking work.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, HostImageError> + Send + 'static,
) -> Result<T, HostImageError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(failure) => match failure.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(failure) => Err(HostImageError::Pack(io::Error::other(failure))),
        },
    }
}

/// Refuses an engine that cannot run programs for `target`.
fn check_platform(
    target: ElfTarget,
    engine_system: Option<&str>,
    engine_architecture: Option<&str>,
) -> Result<(), HostImageError> {
    // The image is tried if the engine does not tell its platform, or redisctl does not know the processor.
    let (Some(system), Some(architecture)) = (engine_system, engine_architecture) else { return Ok(()) };
    let Some(binary) = target.engine_architecture() else { return Ok(()) };
    if system == "linux" && architecture == binary {
        return Ok(());
    }
    Err(HostImageError::WrongPlatform { binary, engine: format!("{system}/{architecture}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    const X86_64: ElfTarget = ElfTarget { machine: 62, is_64: true };

    #[test]
    fn another_platform_is_refused_with_both_names() {
        assert!(check_platform(X86_64, Some("linux"), Some("amd64")).is_ok());
        assert!(check_platform(X86_64, None, None).is_ok());
        let error = check_platform(X86_64, Some("linux"), Some("arm64")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the server of this machine is for linux/amd64, and the engine runs linux/arm64"
        );
        assert!(check_platform(X86_64, Some("windows"), Some("amd64")).is_err());
    }
}
