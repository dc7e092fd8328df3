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

/// The cached contents of an image. A file that cannot be read counts as none.
pub(super) fn load(image: &Image) -> Option<ImageContents> {
    read(&fs::read_to_string(path(image)?).ok()?)
}

fn read(text: &str) -> Option<ImageContents> {
    let kept: Kept = serde_json::from_str(text).ok()?;
    (kept.version == VERSION).then_some(kept.contents)
}

/// Stores an image's contents. If the cache cannot be written, the next run examines the image again.
pub(super) fn store(image: &Image, contents: &ImageContents) {
    let Some(path) = path(image) else { return };
    let Some(text) = text(contents) else { return };
    let written = path.parent().map_or(Ok(()), private_files::create_folder);
    if let Err(error) = written.and_then(|()| private_files::write(&path, &text)) {
        tracing::debug!(path = %path.display(), %error, "the cache of images cannot be written");
    }
}

/// Stores whether an image's server was seen with TLS.
pub(super) fn store_tls(image: &Image, contents: ImageContents, is_seen: bool) {
    if is_seen && !contents.has_tls {
        store(image, &ImageContents { has_tls: true, ..contents });
    }
}

fn text(contents: &ImageContents) -> Option<String> {
    serde_json::to_string(&Kept { version: VERSION, contents: contents.clone() }).ok()
}

/// The file of an image. An id can belong to images for several processors, so the processor is part of the name.
fn path(image: &Image) -> Option<PathBuf> {
    let folder = etcetera::choose_base_strategy().ok()?.cache_dir().join("redisctl").join("images");
    let digest = image.id.rsplit(':').next().filter(|digest| !digest.is_empty())?;
    let is_plain = |text: &str| text.chars().all(|character| character.is_ascii_alphanumeric());
    let architecture = image.architecture.as_deref().unwrap_or("any");
    (is_plain(digest) && is_plain(architecture)).then(|| folder.join(format!("{digest}-{architecture}.json")))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::docker::image_contents::ImageFile;
    use crate::topology::{Module, Server};

    /// A file as this version writes it. Another content needs another number of the version.
    const GOLDEN: &str = r#"{"version":2,"contents":{"server":{"flavor":"redis","version":{"major":7,"minor":4,"patch":1}},"modules":{"Ok":[{"path":"/a.so","args":["x"]}]},"environment":{"LD_LIBRARY_PATH":"/opt"},"has_tls":true,"files":{"/a.so":{"for":"amd64"},"/etc/passwd":"noelf"}}}"#;

    #[test]
    fn a_file_of_the_cache_is_written_and_read_as_before() {
        let contents = ImageContents {
            server: Server::assumed("redis:7.4.1"),
            modules: Ok(vec![Module { path: "/a.so".to_owned(), args: vec!["x".to_owned()] }]),
            environment: BTreeMap::from([("LD_LIBRARY_PATH".to_owned(), "/opt".to_owned())]),
            has_tls: true,
            files: BTreeMap::from([
                ("/a.so".to_owned(), ImageFile::For("amd64".to_owned())),
                ("/etc/passwd".to_owned(), ImageFile::NoElf),
            ]),
        };
        assert_eq!(text(&contents).as_deref(), Some(GOLDEN));
        assert_eq!(read(GOLDEN), Some(contents));
    }

    #[test]
    fn a_broken_file_and_a_file_of_another_version_are_ignored() {
        for text in
            ["", "{}", "[1", &GOLDEN[..GOLDEN.len() / 2], &GOLDEN.replace("\"version\":2", "\"version\":1")]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
