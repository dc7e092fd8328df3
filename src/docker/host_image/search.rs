//! Where the loader searches for the libraries of a file, in its order (`man ld.so`).

use std::path::{Path, PathBuf};

use super::elf::{ElfObject, Target};

/// Where the image has the libraries that `LD_LIBRARY_PATH` led to: nothing names their directory here, which
/// may be somebody's home, or below one that a container mounts something on.
const ENVIRONMENT_LIBRARIES: &str = "/usr/local/lib";

/// Where the loader searches besides what a program itself says.
#[derive(Debug, Clone, Default)]
pub(super) struct SearchPath {
    /// `LD_LIBRARY_PATH`, searched before a file's `RUNPATH`.
    pub environment: Vec<String>,
    /// The directories of `ld.so.conf`, searched before the loader's own.
    pub configured: Vec<String>,
}

/// One directory in which a library may be, here and in the image.
#[derive(Debug, Clone)]
pub(super) struct Directory {
    pub host: PathBuf,
    pub image: String,
    /// The loader finds it by what the file itself says.
    pub named_by_file: bool,
}

/// A program or library that is loaded: what it needs is searched from where it is.
pub(super) struct LoadedFile {
    pub object: ElfObject,
    pub host: PathBuf,
    pub image: String,
    /// The `RPATH` directories of the files that led to this one.
    pub inherited: Vec<Directory>,
}

/// The directories that are searched for every file alike.
pub(super) struct CommonDirectories {
    environment: Vec<Directory>,
    system: Vec<Directory>,
}

impl CommonDirectories {
    /// The directories of `search`, and those that loaders have built in.
    pub(super) fn new(search: &SearchPath, target: Target) -> Self {
        let built_in = built_in_directories(target);
        let directory = |host: &String, image: &str| Directory {
            host: host.into(),
            image: normalized(image),
            named_by_file: false,
        };
        let environment = search.environment.iter().filter(|path| path.starts_with('/'));
        Self {
            environment: environment.map(|path| directory(path, ENVIRONMENT_LIBRARIES)).collect(),
            system: search.configured.iter().chain(&built_in).map(|path| directory(path, path)).collect(),
        }
    }

    /// All of them, for a library that no file names.
    pub(super) fn all(&self) -> Vec<Directory> {
        self.environment.iter().chain(&self.system).cloned().collect()
    }

    /// The directories to search for what `file` needs, and those of them that the libraries found for it
    /// inherit.
    pub(super) fn with_own_of(&self, file: &LoadedFile) -> (Vec<Directory>, Vec<Directory>) {
        let own = |entries: &[String]| -> Vec<Directory> {
            entries.iter().filter_map(|entry| own_directory(entry, &file.host, &file.image)).collect()
        };
        let runpath = own(&file.object.runpath);
        // A RUNPATH switches the RPATHs off, but for its own file only.
        let mut rpath = if runpath.is_empty() { own(&file.object.rpath) } else { Vec::new() };
        rpath.extend(file.inherited.iter().cloned());

        let mut directories = if runpath.is_empty() { rpath.clone() } else { Vec::new() };
        directories.extend(self.environment.iter().cloned());
        directories.extend(runpath);
        directories.extend(self.system.iter().cloned());
        (directories, rpath)
    }
}

/// The directories that loaders of this target have built in, on the distributions there are.
fn built_in_directories(target: Target) -> Vec<String> {
    let mut directories = Vec::new();
    if let Some(multiarch) = target.multiarch_directory() {
        directories.extend([format!("/lib/{multiarch}"), format!("/usr/lib/{multiarch}")]);
    }
    if target.is_64 {
        directories.extend(["/lib64".to_owned(), "/usr/lib64".to_owned()]);
    }
    directories.extend(["/lib".to_owned(), "/usr/lib".to_owned(), "/usr/local/lib".to_owned()]);
    directories
}

/// The directory that an `RPATH` or `RUNPATH` entry means for a file at `host` here and `image` there.
/// `None` for what depends on the working directory, or on variables other than `$ORIGIN`.
fn own_directory(entry: &str, host: &Path, image: &str) -> Option<Directory> {
    let expanded = |origin: &str| entry.replace("${ORIGIN}", origin).replace("$ORIGIN", origin);
    let host = expanded(host.parent()?.to_str()?);
    let image = expanded(image.rsplit_once('/')?.0);
    let usable = host.starts_with('/') && !host.contains('$');
    usable.then(|| Directory { host: host.into(), image: normalized(&image), named_by_file: true })
}

/// The absolute `path` without `.`, `..` and doubled slashes. The image has no symbolic links, so that
/// the text alone says what is meant.
fn normalized(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(rpath: &[&str], runpath: &[&str]) -> ElfObject {
        let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        ElfObject {
            target: Target { machine: 62, is_64: true },
            interpreter: None,
            needed: Vec::new(),
            rpath: texts(rpath),
            runpath: texts(runpath),
        }
    }

    fn searched(object: ElfObject, inherited: &[&str]) -> (Vec<String>, Vec<String>) {
        let search = SearchPath { environment: vec!["/env".into()], configured: vec!["/conf".into()] };
        let mut common = CommonDirectories::new(&search, object.target);
        common.system.truncate(1);
        let file = LoadedFile {
            object,
            host: "/opt/redis/bin/redis-server".into(),
            image: "/usr/local/bin/redis-server".into(),
            inherited: inherited
                .iter()
                .map(|path| Directory { host: path.into(), image: (*path).into(), named_by_file: true })
                .collect(),
        };
        let (directories, inherited) = common.with_own_of(&file);
        let images = |list: Vec<Directory>| list.into_iter().map(|directory| directory.image).collect();
        (images(directories), images(inherited))
    }

    #[test]
    fn rpath_comes_before_the_environment_and_is_inherited() {
        let (directories, inherited) = searched(object(&["/rpath"], &[]), &["/parent"]);
        assert_eq!(directories, ["/rpath", "/parent", ENVIRONMENT_LIBRARIES, "/conf"]);
        assert_eq!(inherited, ["/rpath", "/parent"]);
    }

    #[test]
    fn runpath_comes_after_the_environment_and_switches_rpath_off() {
        let (directories, inherited) = searched(object(&["/rpath"], &["/runpath"]), &["/parent"]);
        assert_eq!(directories, [ENVIRONMENT_LIBRARIES, "/runpath", "/conf"]);
        assert_eq!(inherited, ["/parent"]);
    }

    #[test]
    fn origin_is_the_files_own_directory_on_each_side() {
        for entry in ["$ORIGIN/../lib", "${ORIGIN}/../lib"] {
            let directory =
                own_directory(entry, Path::new("/opt/redis/bin/redis-server"), "/usr/local/bin/redis-server")
                    .unwrap();
            assert_eq!(directory.host, Path::new("/opt/redis/bin/../lib"));
            assert_eq!(directory.image, "/usr/local/lib");
        }
        for entry in ["lib", "/usr/$LIB", "$PLATFORM"] {
            assert!(own_directory(entry, Path::new("/opt/bin/x"), "/usr/local/bin/x").is_none(), "{entry}");
        }
    }

    #[test]
    fn paths_are_normalized_by_their_text() {
        assert_eq!(normalized("/a/./b//../c/"), "/a/c");
        assert_eq!(normalized("/../.."), "/");
    }
}
