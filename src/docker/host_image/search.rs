//! The directories in which the loader searches the libraries of a file, in order (`man ld.so`).

use std::path::{Path, PathBuf};

use crate::docker::elf::{ElfObject, ElfTarget};

/// The directories in which the loader searches, except those in the file.
#[derive(Debug, Clone, Default)]
pub(super) struct SearchPath {
    /// `LD_LIBRARY_PATH`, searched before a file's `RUNPATH`.
    pub environment: Vec<PathBuf>,
    /// The directories of `ld.so.conf`, searched before the loader's own.
    pub configured: Vec<PathBuf>,
}

/// A program or library, and the directories where the loader searches for its libraries.
pub(super) struct LoadedFile {
    pub object: ElfObject,
    pub path: PathBuf,
    /// The `RPATH` directories of the files that need this file.
    pub inherited: Vec<PathBuf>,
}

impl SearchPath {
    /// The directories for the libraries that `file` needs, and the directories that these libraries inherit.
    pub(super) fn for_libraries_of(&self, file: &LoadedFile) -> (Vec<PathBuf>, Vec<PathBuf>) {
        let named = |entries: &[String]| -> Vec<PathBuf> {
            entries.iter().filter_map(|entry| named_directory(entry, &file.path)).collect()
        };
        let runpath = named(&file.object.runpath);
        // A RUNPATH disables the RPATHs, but for its own file only.
        let mut rpath = if runpath.is_empty() { named(&file.object.rpath) } else { Vec::new() };
        rpath.extend(file.inherited.iter().cloned());

        let mut directories = if runpath.is_empty() { rpath.clone() } else { Vec::new() };
        directories.extend(self.environment.iter().cloned());
        directories.extend(runpath);
        directories.extend(self.for_any_file(file.object.target));
        (directories, rpath)
    }

    /// The directories for every file, after those in the file and in `LD_LIBRARY_PATH`.
    pub(super) fn for_any_file(&self, target: ElfTarget) -> impl Iterator<Item = PathBuf> {
        self.configured.iter().cloned().chain(built_in_directories(target))
    }
}

/// The built-in directories of the loaders of this target, on all common distributions.
fn built_in_directories(target: ElfTarget) -> Vec<PathBuf> {
    let mut directories = Vec::new();
    if let Some(multiarch) = target.multiarch_directory() {
        directories.extend([format!("/lib/{multiarch}"), format!("/usr/lib/{multiarch}")]);
    }
    if target.is_64 {
        directories.extend(["/lib64".to_owned(), "/usr/lib64".to_owned()]);
    }
    directories.extend(["/lib".to_owned(), "/usr/lib".to_owned(), "/usr/local/lib".to_owned()]);
    directories.into_iter().map(PathBuf::from).collect()
}

/// The directory of an `RPATH` or `RUNPATH` entry of the file at `path`. `None` if the entry depends on the working
/// directory, or on variables other than `$ORIGIN`.
fn named_directory(entry: &str, path: &Path) -> Option<PathBuf> {
    let origin = path.parent()?.to_str()?;
    let directory = entry.replace("${ORIGIN}", origin).replace("$ORIGIN", origin);
    let usable = directory.starts_with('/') && !directory.contains('$');
    usable.then(|| directory.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(rpath: &[&str], runpath: &[&str]) -> ElfObject {
        let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        ElfObject {
            target: ElfTarget { machine: 62, is_64: true },
            interpreter: None,
            needed: Vec::new(),
            rpath: texts(rpath),
            runpath: texts(runpath),
        }
    }

    fn searched(object: ElfObject) -> (Vec<PathBuf>, Vec<PathBuf>) {
        let search = SearchPath { environment: vec!["/env".into()], configured: vec!["/conf".into()] };
        let file = LoadedFile {
            object,
            path: "/opt/redis/bin/redis-server".into(),
            inherited: vec!["/parent".into()],
        };
        let (mut directories, inherited) = search.for_libraries_of(&file);
        let configured = directories.iter().position(|directory| directory == Path::new("/conf")).unwrap();
        assert!(directories.len() > configured + 1, "the loader has directories of its own");
        directories.truncate(configured + 1);
        (directories, inherited)
    }

    fn paths(paths: &[&str]) -> Vec<PathBuf> {
        paths.iter().map(PathBuf::from).collect()
    }

    #[test]
    fn rpath_comes_before_the_environment_and_is_inherited() {
        let (directories, inherited) = searched(object(&["/rpath"], &[]));
        assert_eq!(directories, paths(&["/rpath", "/parent", "/env", "/conf"]));
        assert_eq!(inherited, paths(&["/rpath", "/parent"]));
    }

    #[test]
    fn runpath_comes_after_the_environment_and_switches_rpath_off() {
        let (directories, inherited) = searched(object(&["/rpath"], &["/runpath"]));
        assert_eq!(directories, paths(&["/env", "/runpath", "/conf"]));
        assert_eq!(inherited, paths(&["/parent"]));
    }

    #[test]
    fn origin_is_the_files_own_directory() {
        let named = |entry| named_directory(entry, Path::new("/opt/redis/bin/redis-server"));
        for entry in ["$ORIGIN/../lib", "${ORIGIN}/../lib"] {
            assert_eq!(named(entry), Some("/opt/redis/bin/../lib".into()));
        }
        for entry in ["lib", "/usr/$LIB", "$PLATFORM"] {
            assert_eq!(named(entry), None, "{entry}");
        }
    }
}
