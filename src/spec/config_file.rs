//! `config_file`: the directives of a file in the syntax of `redis.conf`. They are added to `config`, which takes
//! precedence.
//!
//! So both forms obey the same rules. Problems of a directive are shown at its place in the file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::error::Sources;
use super::places::Places;
use super::redis_conf::names::is_same_directive;
use super::tree::SpecFinding;
use super::{DirectiveValue, Scalar, Spec, SpecPath};

mod reader;

use reader::{Directives, Reader};

/// The maximum size of a file. The servers' own file, mostly comments, is many times smaller.
pub const LARGEST_FILE: u64 = 1024 * 1024;

/// The files of the machine.
pub trait ConfigFiles {
    /// Reads a file.
    ///
    /// # Errors
    /// It cannot be read.
    fn read(&self, path: &Path) -> Result<ConfigFile, UnreadableFile>;

    /// The files in `folder` that match a pattern with `*`, `?` or `[…]`, sorted by name; `None` if it is not a
    /// pattern.
    fn matching(&self, folder: &Path, pattern: &str) -> Option<Vec<PathBuf>>;
}

/// The content of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFile {
    /// The identity of the file, independent of the path that names it.
    pub identity: PathBuf,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// Why a file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnreadableFile {
    /// The file does not exist.
    Missing,
    /// It is a folder.
    Folder,
    /// It has more than [`LARGEST_FILE`] bytes.
    TooLarge,
    /// The message of the operating system.
    Other(String),
}

/// A spec with the facts about its texts.
pub(super) struct Parts<'a> {
    pub(super) spec: &'a mut Spec,
    pub(super) places: &'a mut Places,
    pub(super) sources: &'a mut Sources,
}

/// Adds the directives of every `config_file` to the `config` beside it. Returns the problems of the files.
pub(super) fn add(parts: Parts<'_>, folder: &Path, files: &dyn ConfigFiles) -> Vec<SpecFinding> {
    let Parts { spec, places, sources } = parts;
    let mut findings = Vec::new();
    let common = (SpecPath::default(), &spec.config_file, &mut spec.config);
    let nodes =
        spec.nodes.iter_mut().flatten().map(|(name, node)| {
            (SpecPath::new(&["nodes", name.as_str()]), &node.config_file, &mut node.config)
        });
    for (parent, file, config) in std::iter::once(common).chain(nodes) {
        let Some(file) = file else { continue };
        let field = parent.join("config_file");
        let place = places.of(&field);
        let reader = Reader::new(files, sources, &field);
        let (directives, problems) = reader.read(&folder.join(file), &place);
        findings.extend(problems);
        let config_path = parent.join("config");
        places.insert_new(config_path.clone(), place);
        merge(directives, config.get_or_insert_default(), places, &config_path);
    }
    findings
}

/// Adds the directives that `config` does not have.
fn merge(
    directives: Directives,
    config: &mut BTreeMap<String, DirectiveValue>,
    places: &mut Places,
    path: &SpecPath,
) {
    let own: Vec<String> = config.keys().cloned().collect();
    for (name, mut given) in directives {
        if own.iter().any(|own| is_same_directive(own, &name)) {
            continue;
        }
        let path = path.join(&name);
        if let Some(last) = given.last() {
            places.insert_new(path.clone(), last.place.clone());
        }
        for (index, one) in given.iter().enumerate() {
            places.insert_new(path.join(index.to_string()), one.place.clone());
        }
        let text = |value: String| Scalar::Text(value);
        let value = match given.len() {
            1 => DirectiveValue::One(text(given.remove(0).value)),
            _ => DirectiveValue::Several(given.into_iter().map(|one| text(one.value)).collect()),
        };
        config.insert(name, value);
    }
}

/// Files in memory, by their paths.
#[cfg(any(test, feature = "fuzzing"))]
impl ConfigFiles for BTreeMap<PathBuf, Vec<u8>> {
    fn read(&self, path: &Path) -> Result<ConfigFile, UnreadableFile> {
        let bytes = self.get(path).ok_or(UnreadableFile::Missing)?.clone();
        Ok(ConfigFile { identity: path.to_owned(), bytes })
    }

    fn matching(&self, folder: &Path, pattern: &str) -> Option<Vec<PathBuf>> {
        let pattern = glob::Pattern::new(pattern).ok()?;
        let is_match =
            |path: &&PathBuf| path.strip_prefix(folder).is_ok_and(|path| pattern.matches_path(path));
        Some(self.keys().filter(is_match).cloned().collect())
    }
}

#[cfg(test)]
mod tests;
