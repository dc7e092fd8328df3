//! Properties of the parsers for engine addresses, files of Docker's client, and archives.

use std::path::{Path, PathBuf};

use super::location::{EngineAddress, EngineLocation, EngineTlsFiles, MachineFacts, Platform};
use super::{archive, elf, host_image};
use crate::fuzzing::{Property, Target};
use crate::spec::SecretText;
use crate::topology::files::File;

pub(crate) const TARGETS: &[Target] = &[
    ("archive", Property::Bytes(archive)),
    ("elf", Property::Bytes(elf)),
    ("engine_address", Property::Text(engine_address)),
    ("engine_context", Property::Text(engine_context)),
    ("loader_conf", Property::Text(host_image::fuzzing::loader_conf)),
];

/// An address that is printed and parsed again is the same. `ssh` never takes the host for an option.
fn engine_address(text: &str) {
    for tls in [None, Some(EngineTlsFiles::in_folder(Path::new("/certs")))] {
        let Ok(address) = EngineAddress::parse(text, tls) else { continue };
        let tls = match &address {
            EngineAddress::Tls { files, .. } => Some(files.clone()),
            _ => None,
        };
        let shown = address.to_string();
        assert_eq!(EngineAddress::parse(&shown, tls).as_ref(), Ok(&address), "{shown}");
        if let EngineAddress::Ssh(destination) = address {
            let arguments = destination.arguments();
            assert_eq!(arguments[arguments.len() - 2..], ["--".to_owned(), destination.host]);
        }
    }
}

/// A machine on which every file has the same text.
struct OneText<'a>(&'a str);

impl MachineFacts for OneText<'_> {
    fn platform(&self) -> Platform {
        Platform::Unix
    }

    fn variable(&self, _: &str) -> Option<String> {
        None
    }

    fn home(&self) -> Option<PathBuf> {
        Some("/home/me".into())
    }

    fn read(&self, _: &Path) -> Option<String> {
        Some(self.0.to_owned())
    }

    fn exists(&self, _: &Path) -> bool {
        true
    }
}

/// The files of Docker's client lead to an engine, or to an error with a hint.
fn engine_context(text: &str) {
    match EngineLocation::find(None, &OneText(text)) {
        Ok(location) => assert!(!location.endpoint_host().is_empty(), "{location:?}"),
        Err(error) => assert!(!error.hint().is_empty(), "{error}"),
    }
}

/// Reading an archive gives a text or an error. A file in an archive is read back unchanged.
fn archive(bytes: &[u8]) {
    if let Ok(text) = archive::read_first(bytes) {
        assert!(text.len() <= bytes.len(), "{} bytes out of {}", text.len(), bytes.len());
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let files = [
            File::Folder { path: "shop-1".to_owned() },
            File::Content { path: "shop-1/file".to_owned(), text: SecretText::new(text) },
        ];
        let archive = archive::write(&files).expect("an archive in memory");
        assert_eq!(archive::read_first(&archive).expect("a file"), text);
    }
}

/// A file gives an object or an error. All names of the object are part of the file.
fn elf(bytes: &[u8]) {
    let Ok(object) = elf::read(bytes) else { return };
    for name in object.needed.iter().chain(object.interpreter.as_ref()) {
        // A byte that is not text becomes a character of three bytes.
        assert!(name.len() <= 3 * bytes.len(), "{name}");
    }
}
