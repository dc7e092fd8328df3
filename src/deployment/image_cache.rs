//! What images hold, kept in the user's cache. The id of an image is a digest of it, so that what is kept under an id
//! never gets old.

use std::fs;
use std::path::PathBuf;

use etcetera::BaseStrategy as _;
use serde::{Deserialize, Serialize};

use super::private_files;
use crate::docker::image::Image;
use crate::docker::image_contents::ImageContents;

/// The version of the files. A release that finds out more, or in another way, takes the next number.
const VERSION: u32 = 2;

/// A file of the cache.
#[derive(Serialize, Deserialize)]
struct Kept {
    version: u32,
    contents: ImageContents,
}

/// What is kept about an image.
pub(super) fn load(image: &Image) -> Option<ImageContents> {
    let kept: Kept = serde_json::from_str(&fs::read_to_string(path(image)?).ok()?).ok()?;
    (kept.version == VERSION).then_some(kept.contents)
}

/// Keeps what an image holds. Where the cache cannot be written, the next run finds it out again.
pub(super) fn store(image: &Image, contents: &ImageContents) {
    let Some(path) = path(image) else { return };
    let Ok(text) = serde_json::to_string(&Kept { version: VERSION, contents: contents.clone() }) else {
        return;
    };
    let written = path.parent().map_or(Ok(()), private_files::create_folder);
    if let Err(error) = written.and_then(|()| private_files::write(&path, &text)) {
        tracing::debug!(path = %path.display(), %error, "the cache of images cannot be written");
    }
}

/// The file of an image. One id may stand for images of several processors, of which each engine has its own.
fn path(image: &Image) -> Option<PathBuf> {
    let folder = etcetera::choose_base_strategy().ok()?.cache_dir().join("redisctl").join("images");
    let digest = image.id.rsplit(':').next().filter(|digest| !digest.is_empty())?;
    let is_plain = |text: &str| text.chars().all(|character| character.is_ascii_alphanumeric());
    let architecture = image.architecture.as_deref().unwrap_or("any");
    (is_plain(digest) && is_plain(architecture)).then(|| folder.join(format!("{digest}-{architecture}.json")))
}
