//! The libraries that a program loads. They are searched like the loader does it (`man ld.so`), without running the
//! program.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use object::ReadCache;

use super::search::{LoadedFile, SearchPath};
use crate::docker::elf::{self, ElfObject, ElfTarget};

/// The C library loads this library when a thread is cancelled. Servers cancel threads when they report a crash. No
/// file names the library as needed.
const THREAD_CANCELLATION_LIBRARY: &str = "libgcc_s.so.1";

/// The directory of the libraries in the image.
pub(super) const LIBRARY_DIRECTORY: &str = "/usr/local/lib";

/// Why a program's libraries are not known.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// A file cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A file is not an ELF file.
    #[error("`{}` is not a Linux program", path.display())]
    NotElf {
        /// The file.
        path: PathBuf,
        /// The problem.
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
    /// The processor that it runs on.
    pub target: ElfTarget,
    /// The loader and the libraries: this machine's file by its path in the image.
    pub files: BTreeMap<String, PathBuf>,
}

/// The loader and libraries of `program`.
///
/// # Errors
/// The program or a library cannot be read or found.
pub(super) fn load(program: &Path, search: &SearchPath) -> Result<LoadedProgram, LibraryError> {
    let object = read(program)?;
    let target = object.target;
    let mut loaded = LoadedProgram { target, files: BTreeMap::new() };
    let mut names = BTreeSet::new();
    if let Some(interpreter) = &object.interpreter {
        loaded.files.insert(interpreter.clone(), PathBuf::from(interpreter));
        names.extend(interpreter.rsplit('/').next().map(str::to_owned));
    }

    let first = LoadedFile { object, path: program.to_owned(), inherited: Vec::new() };
    let mut queue = VecDeque::from([first]);
    while let Some(file) = queue.pop_front() {
        let (directories, inherited) = search.for_libraries_of(&file);
        for library in &file.object.needed {
            if !names.insert(library.clone()) {
                continue; // The loader, too, takes the first library of a name.
            }
            let Some((object, path)) = find(library, directories.iter(), target) else {
                return Err(LibraryError::Missing { library: library.clone(), needed_by: file.path });
            };
            loaded.files.insert(image_path(library), path.clone());
            queue.push_back(LoadedFile { object, path, inherited: inherited.clone() });
        }
    }
    if names.contains("libc.so.6") && !names.contains(THREAD_CANCELLATION_LIBRARY) {
        let directories: Vec<PathBuf> =
            search.environment.iter().cloned().chain(search.for_any_file(target)).collect();
        // It needs only the C library, which is already found.
        if let Some((_, path)) = find(THREAD_CANCELLATION_LIBRARY, directories.iter(), target) {
            loaded.files.insert(image_path(THREAD_CANCELLATION_LIBRARY), path);
        }
    }
    Ok(loaded)
}

/// The path of a library in the image. In the image, `LD_LIBRARY_PATH` names the only directory with libraries.
/// Containers may have mounts on this machine's directories.
fn image_path(library: &str) -> String {
    if library.starts_with('/') { library.to_owned() } else { format!("{LIBRARY_DIRECTORY}/{library}") }
}

/// The first library of that name for `target`. A name that begins with a slash is a path.
fn find<'a>(
    name: &str,
    directories: impl Iterator<Item = &'a PathBuf>,
    target: ElfTarget,
) -> Option<(ElfObject, PathBuf)> {
    let paths: Vec<PathBuf> = if name.starts_with('/') {
        vec![name.into()]
    } else {
        directories.map(|directory| directory.join(name)).collect()
    };
    paths.into_iter().find_map(|path| {
        let object = read(&path).ok()?;
        (object.target == target).then_some((object, path))
    })
}

/// Reads the parts of the file at `path` that the loader reads.
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
        let loaded = load(&program, &SearchPath { environment: Vec::new(), configured }).unwrap();

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

        let error = load(&path, &SearchPath::default()).unwrap_err();
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

        let error = load(&path, &SearchPath::default()).unwrap_err();
        let LibraryError::Missing { library, needed_by } = &error else { panic!("{error}") };
        assert!(library.starts_with("libx."), "{library}");
        assert_eq!(*needed_by, path);
        assert_eq!(
            error.to_string(),
            format!("`{}` needs the library `{library}`, which is not found", path.display())
        );
    }
}
