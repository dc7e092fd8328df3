//! A file that is written under another name, and gets its real name when it is complete.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::private_files::create_private;

/// A file that is being written. Without [`UnfinishedFile::finish`], it is removed.
pub(super) struct UnfinishedFile {
    to: BufWriter<File>,
    names: Option<Names>,
}

/// The names of a file; without them, the target is a device or a pipe, and is written directly.
struct Names {
    unfinished: PathBuf,
    real: PathBuf,
}

impl UnfinishedFile {
    /// Creates the file. Nobody else can read it. A link stays, and its target is replaced.
    ///
    /// # Errors
    /// As of the operating system. A folder is no file.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        let kind = fs::metadata(path).map(|found| found.file_type()).ok();
        if kind.is_some_and(|kind| !kind.is_file() && !kind.is_dir()) {
            let file = fs::OpenOptions::new().write(true).open(path)?;
            return Ok(Self { to: BufWriter::new(file), names: None });
        }
        let name = path.file_name().filter(|_| !kind.is_some_and(|kind| kind.is_dir()));
        let name = name.ok_or(io::ErrorKind::IsADirectory)?.to_string_lossy();
        let beside = format!("{name}.{}.part", std::process::id());
        let real = if kind.is_some() { fs::canonicalize(path)? } else { path.to_owned() };
        let names = Names { unfinished: real.with_file_name(beside), real };
        let file = create_private(&names.unfinished)?;
        Ok(Self { to: BufWriter::new(file), names: Some(names) })
    }

    /// Gives the file its real name, and returns its size.
    ///
    /// # Errors
    /// As of the operating system.
    pub(super) fn finish(mut self) -> io::Result<u64> {
        self.to.flush()?;
        let file = self.to.get_ref();
        let Some(names) = &self.names else { return Ok(file.metadata()?.len()) };
        file.sync_all()?;
        let bytes = file.metadata()?.len();
        fs::rename(&names.unfinished, &names.real)?;
        self.names = None;
        Ok(bytes)
    }
}

impl Write for UnfinishedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.to.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

impl Drop for UnfinishedFile {
    fn drop(&mut self) {
        if let Some(names) = &self.names {
            // The run failed already. Another error would hide its cause.
            let _ = fs::remove_file(&names.unfinished);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, text: &str) -> io::Result<u64> {
        let mut file = UnfinishedFile::create(path)?;
        file.write_all(text.as_bytes())?;
        file.finish()
    }

    fn names(folder: &Path) -> Vec<String> {
        let name =
            |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name().to_string_lossy().into_owned();
        let mut names: Vec<String> = fs::read_dir(folder).unwrap().map(name).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_has_its_name_when_it_is_complete() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "old").unwrap();
        let mut file = UnfinishedFile::create(&path).unwrap();
        file.write_all(b"new").unwrap();
        file.flush().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        drop(file);
        assert_eq!((fs::read(&path).unwrap(), names(folder.path())), (b"old".to_vec(), vec!["a".to_owned()]));
        assert_eq!(write(&path, "new").unwrap(), 3);
        assert_eq!((fs::read(&path).unwrap(), names(folder.path())), (b"new".to_vec(), vec!["a".to_owned()]));
        assert_eq!(write(&folder.path().join("b"), "").unwrap(), 0);
        for folder in [folder.path(), Path::new("/"), Path::new("..")] {
            assert_eq!(write(folder, "").unwrap_err().kind(), io::ErrorKind::IsADirectory);
        }
        assert_eq!(names(folder.path()), ["a", "b"]);
    }

    #[cfg(unix)]
    #[test]
    fn links_and_devices_stay() {
        use std::os::unix::fs::FileTypeExt as _;
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("a"), folder.path().join("link"));
        fs::write(&path, "old").unwrap();
        std::os::unix::fs::symlink("a", &link).unwrap();
        write(&link, "new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(
            (fs::read(&path).unwrap(), names(folder.path())),
            (b"new".to_vec(), vec!["a".into(), "link".into()])
        );
        // A link to the device: if this fails, the device of the machine remains.
        let null = folder.path().join("null");
        std::os::unix::fs::symlink("/dev/null", &null).unwrap();
        write(&null, "new").unwrap();
        assert!(fs::metadata(&null).unwrap().file_type().is_char_device());
    }
}
