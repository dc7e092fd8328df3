//! Pulls an image from a registry, with the common progress of all layers.

use std::collections::HashMap;

use bollard::Docker;
use bollard::errors::Error as EngineError;
use bollard::models::CreateImageInfo;
use bollard::query_parameters::CreateImageOptionsBuilder;
use futures_util::TryStreamExt as _;

use super::credentials::{self, Login, login_command};
use super::response::{asks_for_login, status};
use crate::topology::Platform;

/// The progress of a pull.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PullProgress {
    /// The bytes that have arrived.
    pub done_bytes: u64,
    /// The bytes of all layers that the engine has named so far.
    pub total_bytes: u64,
    /// The engine's message.
    pub text: String,
}

/// Why an image was not pulled.
#[derive(Debug, thiserror::Error)]
pub enum PullError {
    /// The registry does not have the image, or hides it from this user.
    #[error("the registry has no image `{reference}`, or refuses to give it")]
    Refused {
        /// The image.
        reference: String,
        /// Why credentials in Docker's configuration could not be read, if so.
        unreadable: Option<String>,
        /// The engine's answer.
        source: Box<EngineError>,
    },
    /// The registry requires a login, or refuses the user's login.
    #[error("the registry does not give the image `{reference}` to this user")]
    NotLoggedIn {
        /// The image.
        reference: String,
        /// Why credentials in Docker's configuration could not be read, if so.
        unreadable: Option<String>,
        /// The engine's answer.
        source: Box<EngineError>,
    },
    /// The engine could not pull the image, most often because it reaches no registry.
    #[error("the engine cannot pull the image `{reference}`")]
    Failed {
        /// The image.
        reference: String,
        /// The engine's answer.
        source: Box<EngineError>,
    },
}

impl PullError {
    /// The image.
    #[must_use]
    pub fn reference(&self) -> &str {
        match self {
            Self::Refused { reference, .. }
            | Self::NotLoggedIn { reference, .. }
            | Self::Failed { reference, .. } => reference,
        }
    }

    /// A hint for the user.
    #[must_use]
    pub fn hint(&self) -> String {
        let because = |unreadable: &Option<String>| {
            let reason = unreadable.as_ref();
            reason.map_or_else(String::new, |reason| {
                format!(". Docker's configuration on this machine was of no use: {reason}")
            })
        };
        match self {
            Self::Refused { reference, unreadable, .. } => format!(
                "check the name, or log in with `{}`, or name another image with `--image`{}",
                login_command(reference),
                because(unreadable)
            ),
            Self::NotLoggedIn { reference, unreadable, .. } => format!(
                "log in with `{}` as a user who may pull the image; redisctl uses the credentials that Docker keeps{}",
                login_command(reference),
                because(unreadable)
            ),
            Self::Failed { .. } => {
                "if the engine reaches no registry: load the image with `docker load`, name an image that the engine \
                 has with `--image`, use this machine's own server with `--image host`, or give the engine a proxy or a \
                 registry mirror"
                    .to_owned()
            }
        }
    }
}

/// Pulls the image `reference` with the user's credentials, and passes each message of the engine to `progress`.
///
/// # Errors
/// The registry does not have the image, or the engine cannot get it.
pub async fn pull(
    docker: &Docker,
    reference: &str,
    platform: Option<&Platform>,
    mut progress: impl FnMut(PullProgress),
) -> Result<(), PullError> {
    let reference = with_tag(reference);
    let (login, unreadable) = match credentials::of_image(&reference).await {
        Login::Found(login) => (Some(login), None),
        Login::None => (None, None),
        Login::Unreadable(reason) => (None, Some(reason)),
    };
    let mut options = CreateImageOptionsBuilder::default().from_image(&reference);
    if let Some(platform) = platform {
        options = options.platform(&platform.to_string());
    }
    let options = options.build();
    let mut layers = Layers::default();
    let ended = credentials::readable(docker)
        .create_image(Some(options), None, login)
        .try_for_each(|event| {
            progress(layers.note(event));
            std::future::ready(Ok(()))
        })
        .await;
    match ended {
        // The stream may end with an error although the engine has the image, so the image is checked.
        Ok(()) | Err(EngineError::IOError { .. }) => match docker.inspect_image(&reference).await {
            Ok(_) => Ok(()),
            Err(missing) => {
                Err(PullError::Failed { reference, source: Box::new(ended.err().unwrap_or(missing)) })
            }
        },
        Err(source) => {
            let (asks, status, source) = (asks_for_login(&source), status(&source), Box::new(source));
            Err(match status {
                _ if asks => PullError::NotLoggedIn { reference, unreadable, source },
                Some(404) => PullError::Refused { reference, unreadable, source },
                _ => PullError::Failed { reference, source },
            })
        }
    }
}

/// The reference with its tag. Without a tag, the engine would pull all tags of the repository.
fn with_tag(reference: &str) -> String {
    let name = reference.rsplit('/').next().unwrap_or(reference);
    if name.contains([':', '@']) { reference.to_owned() } else { format!("{reference}:latest") }
}

/// For each layer, the bytes that have arrived and all its bytes.
#[derive(Default)]
struct Layers(HashMap<String, (u64, u64)>);

impl Layers {
    /// Adds a message of the engine. Only the download of a layer is counted, not its unpacking, which begins at zero
    /// again.
    fn note(&mut self, event: CreateImageInfo) -> PullProgress {
        let detail = event.progress_detail.unwrap_or_default();
        let bytes = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok());
        if let (Some(id), Some(total)) = (&event.id, bytes(detail.total).filter(|total| *total > 0)) {
            let layer = self.0.entry(id.clone()).or_default();
            layer.0 = layer.0.max(bytes(detail.current).unwrap_or_default());
            layer.1 = layer.1.max(total);
        }
        PullProgress {
            done_bytes: self.0.values().map(|(done, total)| *done.min(total)).sum(),
            total_bytes: self.0.values().map(|(_, total)| total).sum(),
            text: event.status.unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use bollard::models::ProgressDetail;

    use super::*;

    fn event(id: &str, status: &str, current: Option<i64>, total: Option<i64>) -> CreateImageInfo {
        CreateImageInfo {
            id: Some(id.into()),
            status: Some(status.into()),
            progress_detail: Some(ProgressDetail { current, total }),
            ..Default::default()
        }
    }

    #[test]
    fn layers_are_summed_and_never_go_back() {
        let mut layers = Layers::default();
        let mut bytes = |event| {
            let progress = layers.note(event);
            (progress.done_bytes, progress.total_bytes)
        };
        assert_eq!(bytes(event("a", "Pulling fs layer", None, None)), (0, 0));
        assert_eq!(bytes(event("a", "Downloading", Some(10), Some(100))), (10, 100));
        assert_eq!(bytes(event("b", "Downloading", Some(5), Some(50))), (15, 150));
        assert_eq!(bytes(event("a", "Downloading", Some(100), Some(100))), (105, 150));
        assert_eq!(bytes(event("a", "Extracting", Some(3), Some(100))), (105, 150));
        assert_eq!(bytes(event("b", "Download complete", None, None)), (105, 150));
        assert_eq!(bytes(event("c", "Extracting", Some(1), Some(-1))), (105, 150));
    }

    #[test]
    fn a_reference_without_a_tag_means_latest() {
        for (reference, expected) in [
            ("redis", "redis:latest"),
            ("redis:8", "redis:8"),
            ("localhost:5000/redis", "localhost:5000/redis:latest"),
            ("localhost:5000/redis:8", "localhost:5000/redis:8"),
            ("redis@sha256:00", "redis@sha256:00"),
        ] {
            assert_eq!(with_tag(reference), expected);
        }
    }
}
