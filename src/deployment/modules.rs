//! The modules of a deployment: the modules that an image loads, and whether a spec's modules can be loaded.

use super::Error;
use super::engine::ConnectedEngine;
use super::image_cache;
use super::loaded_spec::LoadedSpec;
use super::module_files::list;
use crate::docker::image::Image;
use crate::docker::image_contents::{self, ImageContents, ImageFile};
use crate::event::Warning;
use crate::spec::{ModuleSpec, ModulesSpec, ModulesWord, Problem, Spec};
use crate::topology::DeploymentName;

/// The contents of an image: from the cache, otherwise examined and cached.
async fn image_contents(
    engine: &ConnectedEngine,
    reference: &str,
    image: &Image,
    deployment: &DeploymentName,
) -> Result<ImageContents, Error> {
    if let Some(contents) = image_cache::load(image) {
        return Ok(contents);
    }
    let contents = image_contents::find_out(engine.api.client(), reference, image, deployment).await?;
    image_cache::store(image, &contents);
    Ok(contents)
}

/// The contents of an image whose server can load the modules of a spec.
///
/// # Errors
/// The problems of the modules, at their places in the spec.
pub(super) async fn checked_contents(
    spec: &LoadedSpec,
    engine: &ConnectedEngine,
    reference: &str,
    image: &Image,
    deployment: &DeploymentName,
) -> Result<ImageContents, Error> {
    let mut contents = image_contents(engine, reference, image, deployment).await?;
    check(spec, engine, reference, image, deployment, &mut contents).await?;
    Ok(contents)
}

/// Checks that the modules of a spec exist, and that the server of the image can load them.
///
/// # Errors
/// The problems, at their places in the spec.
async fn check(
    spec: &LoadedSpec,
    engine: &ConnectedEngine,
    reference: &str,
    image: &Image,
    deployment: &DeploymentName,
    contents: &mut ImageContents,
) -> Result<(), Error> {
    let list = list(&spec.document.spec);
    if list.is_empty() {
        return Ok(());
    }
    let paths: Vec<&str> = list.iter().filter_map(ModuleSpec::path).collect();
    let docker = engine.api.client();
    if image_contents::look(docker, reference, image, deployment, contents, &paths).await? {
        image_cache::store(image, contents);
    }
    let server = contents.files.get(contents.server.program());
    let mut problems = Vec::new();
    for (position, module) in list.iter().enumerate() {
        let found = match (module.file(), module.path()) {
            (Some(file), _) => spec.module_files.content(file).map(ImageFile::of_content),
            (None, Some(path)) => contents.files.get(path).cloned(),
            (None, None) => None,
        };
        let name = module.file().map(|file| file.display().to_string());
        let name = name.or_else(|| module.path().map(str::to_owned)).unwrap_or_default();
        let Some(message) = found.and_then(|found| fault(&name, reference, &found, server)) else { continue };
        let place = position.to_string();
        let path: Vec<&str> = ["modules", &place].into_iter().chain(module.field()).collect();
        problems.push(Problem::new(&path, message));
    }
    if problems.is_empty() { Ok(()) } else { Err(spec.document.locate(problems).into()) }
}

/// The problem of a module for the server with this program.
fn fault(name: &str, image: &str, found: &ImageFile, server: Option<&ImageFile>) -> Option<String> {
    match (found, server) {
        (ImageFile::Missing, _) => Some(format!("the image `{image}` has no file `{name}`")),
        (ImageFile::NoElf, _) => Some(format!("`{name}` is no module: it is not an ELF file")),
        (ImageFile::For(processor), Some(ImageFile::For(needed))) if processor != needed => {
            Some(format!("`{name}` is for {processor}, and the server of the image is for {needed}"))
        }
        (ImageFile::For(_), _) => None,
    }
}

/// The warning that the image's modules are not known, if the spec asks for them.
pub(super) fn unknown(spec: &Spec, reference: &str, contents: &ImageContents) -> Option<Warning> {
    let asks = matches!(spec.modules, None | Some(ModulesSpec::Word(ModulesWord::Image)));
    let cause = contents.modules.as_ref().err().filter(|_| asks)?.clone();
    Some(Warning::ModulesUnknown { image: reference.to_owned(), cause })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_must_be_for_the_processor_of_the_server() {
        let x86 = ImageFile::For("amd64".to_owned());
        let arm = ImageFile::For("arm64".to_owned());
        let fault = |found: &ImageFile| fault("/a.so", "redis:8", found, Some(&x86));
        assert_eq!(fault(&x86), None);
        assert_eq!(
            fault(&arm).as_deref(),
            Some("`/a.so` is for arm64, and the server of the image is for amd64")
        );
        assert_eq!(fault(&ImageFile::Missing).as_deref(), Some("the image `redis:8` has no file `/a.so`"));
        assert!(fault(&ImageFile::NoElf).is_some());
    }
}
