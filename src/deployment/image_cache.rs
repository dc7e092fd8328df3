//! A cache of images' contents in the user's cache folder. An id is a digest of its image, so an entry never becomes
//! outdated.

use std::fs;
use std::path::PathBuf;

use etcetera::BaseStrategy as _;
use serde::{Deserialize, Serialize};

use super::private_files;
use crate::docker::image::Image;
use crate::docker::image_contents::ImageContents;

/// The version of the files. A release that stores other facts uses the next number.
const VERSION: u32 = 2;

/// A file of the cache.
#[derive(Serialize, Deserialize)]
struct Kept {
    version: u32,
    contents: ImageContents,
}

/// The cached contents of an image.
pub(super) fn load(image: &Image) -> Option<ImageContents> {
    let kept: Kept = serde_json::from_str(&fs::read_to_string(path(image)?).ok()?).ok()?;
    (kept.version == VERSION).then_some(kept.contents)
}

/// Stores an image's contents. If the cache cannot be written, the next run examines the image again.
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

/// The file of an image. An id can belong to images for several processors, so the processor is part of the name.
fn path(image: &Image) -> Option<PathBuf> {
    let folder = etcetera::choose_base_strategy().ok()?.cache_dir().join("redisctl").join("images");
    let digest = image.id.rsplit(':').next().filter(|digest| !digest.is_empty())?;
    let is_plain = |text: &str| text.chars().all(|character| character.is_ascii_alphanumeric());
    let architecture = image.architecture.as_deref().unwrap_or("any");
    (is_plain(digest) && is_plain(architecture)).then(|| folder.join(format!("{digest}-{architecture}.json")))
}
