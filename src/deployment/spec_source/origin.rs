//! The origin of a spec, and its text.

use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use super::{STDIN, UNNAMED};
use crate::deployment::Error;
use crate::deployment::shipped_topologies::ShippedTopology;
use crate::deployment::spec_not_found::{is_folder, no_such_file, no_such_topology};
use crate::spec::{Source, Spec, decode, is_file_name};

#[derive(Clone)]
pub(super) enum SpecOrigin {
    /// An argument of the command line: a path, or the name of a topology.
    Named(String),
    Stdin,
    File(PathBuf),
    Shipped(String),
    /// A text that is read already, with the folder of its relative paths.
    Read(Source, String, PathBuf),
    Text {
        name: String,
        text: String,
    },
    Code(Box<Spec>),
}

impl SpecOrigin {
    /// The text of the spec; `None`: it is built in code.
    pub(super) fn text(&self) -> Result<Option<Text>, Error> {
        Ok(Some(match self {
            Self::Code(_) => return Ok(None),
            Self::Named(word) => named(word)?,
            Self::Stdin => stdin()?,
            Self::File(path) => file(path)?,
            Self::Shipped(name) => shipped(name)?,
            Self::Read(source, name, folder) => (source.clone(), name.clone(), folder.clone()),
            Self::Text { name, text } => {
                (Source { name: name.clone(), text: text.clone() }, name.clone(), PathBuf::new())
            }
        }))
    }
}

/// The text of a spec, the default name of its deployment, and the folder of its relative paths.
pub(super) type Text = (Source, String, PathBuf);

/// The text at a path, or for a name: `./topologies/NAME.yaml`, otherwise a shipped topology.
fn named(word: &str) -> Result<Text, Error> {
    if word.contains(['/', '\\']) || is_file_name(word) {
        return file(Path::new(word));
    }
    let path = Path::new("topologies").join(format!("{word}.yaml"));
    if path.exists() { file(&path) } else { shipped(word) }
}

fn shipped(name: &str) -> Result<Text, Error> {
    let shipped = ShippedTopology::find(name).ok_or_else(|| no_such_topology(name))?;
    let source = Source { name: format!("shipped:{name}"), text: shipped.text.to_owned() };
    Ok((source, name.to_owned(), PathBuf::new()))
}

fn stdin() -> Result<Text, Error> {
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().read_to_end(&mut bytes);
    read.map_err(|source| Error::File { operation: "read", path: PathBuf::from(STDIN), source })?;
    let name = "<stdin>".to_owned();
    let text = decode(&name, bytes)?;
    Ok((Source { name, text }, UNNAMED.to_owned(), PathBuf::new()))
}

fn file(path: &Path) -> Result<Text, Error> {
    let bytes = std::fs::read(path).map_err(|source| unreadable(path, source))?;
    let text = decode(&path.display().to_string(), bytes)?;
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    Ok((Source { name: path.display().to_string(), text }, stem, folder))
}

/// Why a spec at a path cannot be read.
fn unreadable(path: &Path, source: std::io::Error) -> Error {
    match source.kind() {
        ErrorKind::NotFound => no_such_file(path),
        // The kind of the error does not tell: Windows denies access when a folder is read as a file.
        _ if path.is_dir() => is_folder(path),
        _ => Error::File { operation: "read", path: path.to_owned(), source },
    }
}
