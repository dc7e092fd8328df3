//! The tar archives in which the engine accepts files for containers, and returns files from them.

use std::io::{self, Read as _};

use crate::topology::files::{File, SERVER_USER};

/// An archive of files and folders. Only their owner, the servers' user, may read and write them.
pub(super) fn write(files: &[File]) -> io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    for file in files {
        let mut header = tar::Header::new_gnu();
        header.set_uid(SERVER_USER);
        header.set_gid(SERVER_USER);
        header.set_mtime(0);
        match file {
            File::Folder { path } => {
                header.set_entry_type(tar::EntryType::Directory);
                header.set_mode(0o700);
                header.set_size(0);
                archive.append_data(&mut header, format!("{path}/"), io::empty())?;
            }
            File::Content { path, text } => {
                let bytes = text.expose().as_bytes();
                header.set_mode(0o600);
                header.set_size(bytes.len() as u64);
                archive.append_data(&mut header, path, bytes)?;
            }
            File::Data { path, content } => {
                header.set_mode(0o600);
                header.set_size(content.len() as u64);
                archive.append_data(&mut header, path, content.as_ref())?;
            }
            File::Program { path, content } => {
                header.set_mode(0o700);
                header.set_size(content.len() as u64);
                archive.append_data(&mut header, path, content.as_ref())?;
            }
        }
    }
    archive.into_inner()
}

/// An archive of files of root's with these names, modes and contents.
pub(super) fn programs(files: &[(&str, u32, &[u8])]) -> io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, mode, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_mtime(0);
        header.set_mode(*mode);
        header.set_size(content.len() as u64);
        archive.append_data(&mut header, path, *content)?;
    }
    archive.into_inner()
}

/// The text of the first file of an archive.
pub(super) fn read_first(archive: &[u8]) -> io::Result<String> {
    as_text(read_first_bytes(archive)?)
}

/// The content of a file as text.
pub(super) fn as_text(content: Vec<u8>) -> io::Result<String> {
    String::from_utf8(content).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// The content of the first file of an archive.
pub(super) fn read_first_bytes(archive: &[u8]) -> io::Result<Vec<u8>> {
    let mut archive = tar::Archive::new(archive);
    for entry in archive.entries()? {
        let mut entry = entry?;
        if entry.header().entry_type().is_file() {
            let mut content = Vec::new();
            entry.read_to_end(&mut content)?;
            return Ok(content);
        }
    }
    Err(io::Error::new(io::ErrorKind::NotFound, "the archive has no file in it"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::SecretText;

    #[test]
    fn files_are_the_servers_users_alone() {
        let files = [
            File::Folder { path: "shop-1".to_owned() },
            File::Content { path: "shop-1/server.conf".to_owned(), text: SecretText::new("port 7001\n") },
            File::Program { path: "modules/a.so".to_owned(), content: b"\x7fELF".to_vec().into() },
        ];
        let bytes = write(&files).expect("an archive in memory");
        let mut archive = tar::Archive::new(bytes.as_slice());
        let modes: Vec<(u64, u32)> = archive
            .entries()
            .expect("entries")
            .map(|entry| {
                let entry = entry.expect("an entry");
                (entry.header().uid().expect("a user"), entry.header().mode().expect("a mode"))
            })
            .collect();
        assert_eq!(modes, [(999, 0o700), (999, 0o600), (999, 0o700)]);
        assert_eq!(read_first(&bytes).expect("a file"), "port 7001\n");
    }
}
