//! The image of a spec on the engine: found, pulled, or made from the server of this machine.

use futures_util::future::try_join_all;

use super::Error;
use super::engine::ConnectedEngine;
use super::loaded_spec::{ImageChoice, LoadedSpec};
use crate::docker::{EngineError, host_image, image};
use crate::event::Listener;
use crate::executor::causes;
use crate::spec::Problem;
use crate::topology::EngineName;

/// Makes or pulls the images of a spec that the engine does not have. Returns the reference of the common image. The image tells
/// the server's version, on which the rules for a spec depend.
pub(super) async fn provide_image(
    spec: &LoadedSpec,
    engine: &ConnectedEngine,
    listener: &dyn Listener,
) -> Result<String, Error> {
    let provide_all = |engine: ConnectedEngine| async move {
        for written in spec.node_images() {
            provide(spec, &engine, &ImageChoice::of(written), listener).await?;
        }
        provide(spec, &engine, &spec.image_choice(), listener).await
    };
    if engine.members.is_empty() {
        return provide_all(engine.clone()).await;
    }
    let provide_on = |(name, member): (&EngineName, &ConnectedEngine)| {
        let (name, member) = (name.clone(), member.clone());
        async move {
            match provide_all(member).await {
                Ok(reference) => Ok(reference),
                Err(error) => Err(on_engine(spec, engine, name, error).await),
            }
        }
    };
    // The image of the same choice has the same name on each engine.
    let references = try_join_all(engine.members.iter().map(provide_on)).await?;
    Ok(references.into_iter().next().unwrap_or_default())
}

/// The error of an engine that cannot get an image, with a way to copy the image from an engine that has it.
async fn on_engine(spec: &LoadedSpec, all: &ConnectedEngine, engine: EngineName, error: Error) -> Error {
    let wanted = match &error {
        Error::Engine(EngineError::Pull(error)) => error.reference().to_owned(),
        Error::HostImage(_) => String::new(),
        _ => return error,
    };
    let mut copy = None;
    for (name, member) in all.members.iter().filter(|(name, _)| **name != engine && !wanted.is_empty()) {
        if let Ok(Some(_)) = image::find(member.api.client(), &wanted).await {
            let at = |name| spec.topology.engines.get(name).map(|site| site.at.docker());
            if let (Some(from), Some(to)) = (at(name), at(&engine)) {
                copy = Some(format!("{from} save {wanted} | {to} load"));
            }
            break;
        }
    }
    Error::NoImageOnEngine { engine, copy, source: Box::new(error) }
}

async fn provide(
    spec: &LoadedSpec,
    engine: &ConnectedEngine,
    choice: &ImageChoice,
    listener: &dyn Listener,
) -> Result<String, Error> {
    let docker = engine.api.client();
    let reference = match choice {
        ImageChoice::Reference(reference) => reference.clone(),
        ImageChoice::Host => host_image::ensure(docker).await?.reference,
    };
    let wanted = spec.topology.platform.as_ref();
    let found = match image::find(docker, &reference).await? {
        None => {
            engine.api.pull(&reference, wanted, listener).await?;
            return Ok(reference);
        }
        Some(found) if found.fits(wanted) => return Ok(reference),
        Some(found) => found,
    };
    // The engine keeps one image of a name, which may be for another platform.
    let cause = match choice {
        ImageChoice::Host => None,
        ImageChoice::Reference(_) => engine.api.pull(&reference, wanted, listener).await.err(),
    };
    let found = image::find(docker, &reference).await?.unwrap_or(found);
    if found.fits(wanted) {
        return Ok(reference);
    }
    let platform = found.platform.map_or_else(|| "another".to_owned(), |platform| platform.to_string());
    let chain =
        |cause| std::iter::once(format!("{cause}")).chain(causes(&cause)).collect::<Vec<_>>().join(": ");
    let cause = cause.map_or_else(String::new, |cause| format!("; {}", chain(cause)));
    let message = format!("the image `{reference}` on the engine is for the platform {platform}{cause}");
    let problem = Problem::new(&["platform"], message);
    let problem = problem.hint("name an image for this platform, or leave `platform` out");
    Err(spec.document.locate(vec![problem]).into())
}

/// The reference to run. No image is made.
pub(super) async fn image_reference(spec: &LoadedSpec) -> Result<String, Error> {
    chosen(spec.image_choice()).await
}

/// The reference to run for a node's image in the spec. No image is made.
pub(super) async fn reference_of(written: &str) -> Result<String, Error> {
    chosen(ImageChoice::of(written.to_owned())).await
}

async fn chosen(choice: ImageChoice) -> Result<String, Error> {
    match choice {
        ImageChoice::Reference(reference) => Ok(reference),
        ImageChoice::Host => Ok(host_image::reference().await?),
    }
}
