//! Which libraries a program loads, found where the loader finds them (`man ld.so`), without running it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use object::ReadCache;

use super::elf::{self, ElfObject, Target};
use super::search::{CommonDirectories, Directory, LoadedFile, SearchPath};

/// The C library loads this one by itself when a thread is cancelled, which servers do when they report a
/// crash; nothing names it as needed.
const THREAD_CANCELLATION_LIBRARY: &str = "libgcc_s.so.1";

/// Why a program's libraries are not known.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// A file cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is not what the loader can load.
    #[error("`{}` is not a Linux program", path.display())]
    NotElf {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: object::read::Error,
    },
    /// A library is in none of the directories that the loader searches.
    #[error("`{}` needs the library `{library}`, which is not found", needed_by.display())]
    Missing {
        /// The library's name.
        library: String,
        /// The program or library that needs it.
        needed_by: PathBuf,
    },
}

/// A program with everything that it loads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LoadedProgram {
    /// What it runs on.
    pub target: Target,
    /// The loader and the libraries: this machine's file by the path at which the image must have it.
    pub files: BTreeMap<String, PathBuf>,
    /// The image's directories that the loader searches only when it is told to (`LD_LIBRARY_PATH`): an
    /// image has no `ld.so.cache`, and which directories a loader has built in cannot be known.
    pub library_path: Vec<String>,
}

/// Everything that `program` loads, given that the image has it at `image_path`.
///
/// # Errors
/// The program or one of its libraries cannot be read or found.
pub(super) fn load(
    program: &Path,
    image_path: &str,
    search: &SearchPath,
) -> Result<LoadedProgram, LibraryError> {
    let object = read(program)?;
    let target = object.target;
    let mut loaded = LoadedProgram { target, files: BTreeMap::new(), library_path: Vec::new() };
    let mut names = BTreeSet::new();
    if let Some(interpreter) = &object.interpreter {
        loaded.files.insert(interpreter.clone(), PathBuf::from(interpreter));
        names.extend(interpreter.rsplit('/').next().map(str::to_owned));
    }
    let common = CommonDirectories::new(search, target);

    let first =
        LoadedFile { object, host: program.to_owned(), image: image_path.to_owned(), inherited: Vec::new() };
    let mut queue = VecDeque::from([first]);
    while let Some(file) = queue.pop_front() {
        let (directories, inherited) = common.with_own_of(&file);
        for library in &file.object.needed {
            if !names.insert(library.clone()) {
                continue; // The loader, too, takes the first one of a name.
            }
            let Some((object, found)) = find(library, &directories, target) else {
                return Err(LibraryError::Missing { library: library.clone(), needed_by: file.host });
            };
            queue.push_back(loaded.add(library, object, &found, inherited.clone()));
        }
    }
    if names.contains("libc.so.6")
        && !names.contains(THREAD_CANCELLATION_LIBRARY)
        && let Some((object, found)) = find(THREAD_CANCELLATION_LIBRARY, &common.all(), target)
    {
        // It needs the C library only, which is there.
        loaded.add(THREAD_CANCELLATION_LIBRARY, object, &found, Vec::new());
    }
    Ok(loaded)
}

impl LoadedProgram {
    /// Notes the library `name`, found in `directory`.
    fn add(
        &mut self,
        name: &str,
        object: ElfObject,
        directory: &Directory,
        inherited: Vec<Directory>,
    ) -> LoadedFile {
        let host = directory.host.join(name);
        // A name with a slash is a path of its own.
        let image =
            if name.starts_with('/') { name.to_owned() } else { format!("{}/{name}", directory.image) };
        self.files.insert(image.clone(), host.clone());
        if !directory.named_by_file && !self.library_path.contains(&directory.image) {
            self.library_path.push(directory.image.clone());
        }
        LoadedFile { object, host, image, inherited }
    }
}

/// The first library of that name which is made for `target`.
fn find(name: &str, directories: &[Directory], target: Target) -> Option<(ElfObject, Directory)> {
    if name.starts_with('/') {
        let object = read(Path::new(name)).ok()?;
        let directory = Directory { host: "/".into(), image: String::new(), named_by_file: true };
        return Some((object, directory));
    }
    directories.iter().find_map(|directory| {
        let object = read(&directory.host.join(name)).ok()?;
        (object.target == target).then(|| (object, directory.clone()))
    })
}

/// Reads what the loader reads of the file at `path`, and no more of it.
fn read(path: &Path) -> Result<ElfObject, LibraryError> {
    let file = File::open(path).map_err(|source| LibraryError::Read { path: path.to_owned(), source })?;
    let cache = ReadCache::new(file);
    elf::read(&cache).map_err(|source| LibraryError::NotElf { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn finds_everything_that_this_very_test_program_has_loaded() {
        let program = std::env::current_exe().unwrap();
        let configured = super::super::loader_conf::directories(Path::new("/etc/ld.so.conf"));
        let search = SearchPath { environment: Vec::new(), configured };
        let loaded = load(&program, "/usr/local/bin/test", &search).unwrap();

        let found: Vec<PathBuf> =
            loaded.files.values().map(|path| std::fs::canonicalize(path).unwrap()).collect();
        let mapped = std::fs::read_to_string("/proc/self/maps").unwrap();
        assert!(mapped.contains("/libc.so"), "{mapped}");
        for line in mapped.lines().filter(|line| line.contains(".so")) {
            let path = Path::new(&line[line.find('/').unwrap()..]);
            assert!(found.iter().any(|found| found == path), "{} is loaded but not found", path.display());
        }
        assert!(loaded.files.keys().all(|path| path.starts_with('/')));
    }

    #[test]
    fn a_script_is_told_from_a_program() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("redis-server");
        std::fs::write(&path, "#!/bin/sh\n").unwrap();

        let error = load(&path, "/usr/local/bin/redis-server", &SearchPath::default()).unwrap_err();
        assert!(matches!(error, LibraryError::NotElf { .. }), "{error}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_missing_library_is_named_with_what_needs_it() {
        // A shell that needs `libx.so.6` instead of the C library `libc.so.6`.
        let mut shell = std::fs::read("/bin/sh").unwrap();
        let needed = b"\0libc.";
        let places: Vec<usize> = shell
            .windows(needed.len())
            .enumerate()
            .filter(|(_, bytes)| bytes == needed)
            .map(|(at, _)| at)
            .collect();
        assert!(!places.is_empty(), "the shell needs no C library");
        for place in places {
            shell[place + needed.len() - 2] = b'x';
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("redis-server");
        std::fs::write(&path, shell).unwrap();

        let error = load(&path, "/usr/local/bin/redis-server", &SearchPath::default()).unwrap_err();
        let LibraryError::Missing { library, needed_by } = &error else { panic!("{error}") };
        assert!(library.starts_with("libx."), "{library}");
        assert_eq!(*needed_by, path);
        assert_eq!(
            error.to_string(),
            format!("`{}` needs the library `{library}`, which is not found", path.display())
        );
    }
}
