//! Parses `ld.so.conf`: the loader's directories from the machine's administrator.

use std::path::{Path, PathBuf};

/// The maximum depth of includes, so that a cycle ends.
const DEPTH_LIMIT: usize = 8;

/// A line of `ld.so.conf` that names directories or files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum LoaderLine {
    /// A directory with libraries.
    Directory(String),
    /// Files to read in place of this line; a pattern with wildcards.
    Include(String),
}

/// The directories in `file` and in the files that it includes, in order. Unreadable files are left out, as by
/// `ldconfig`. A machine with musl has no `ld.so.conf`, and so no directories.
#[must_use]
pub(super) fn directories(file: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    collect(file, DEPTH_LIMIT, &mut found);
    found
}

fn collect(file: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    let Ok(text) = std::fs::read_to_string(file) else { return };
    for line in parse(&text) {
        match line {
            LoaderLine::Directory(directory) => found.push(directory.into()),
            LoaderLine::Include(pattern) if depth > 0 => {
                for included in matching_files(file, &pattern) {
                    collect(&included, depth - 1, found);
                }
            }
            LoaderLine::Include(pattern) => tracing::debug!(%pattern, "includes nest too deep; left out"),
        }
    }
}

/// The directories and includes of `text`. Comments and `hwcap` lines are left out.
pub(super) fn parse(text: &str) -> Vec<LoaderLine> {
    let mut lines = Vec::new();
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        let mut words = line.split_whitespace();
        match words.next() {
            None | Some("hwcap") => {}
            Some("include") => lines.extend(words.map(|pattern| LoaderLine::Include(pattern.to_owned()))),
            Some(_) => {
                // `DIRECTORY=TYPE` is an old form that ldconfig still reads.
                let directory = line.split('=').next().unwrap_or_default().trim_end();
                lines.push(LoaderLine::Directory(directory.trim_end_matches('/').to_owned()));
            }
        }
    }
    lines
}

/// The files that match an include's `pattern`, sorted. The pattern is relative to the including file.
fn matching_files(including: &Path, pattern: &str) -> Vec<PathBuf> {
    let pattern = including.parent().unwrap_or(Path::new("/")).join(pattern);
    let paths = pattern.to_str().and_then(|pattern| glob::glob(pattern).ok());
    paths.into_iter().flatten().filter_map(Result::ok).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_hwcaps_and_old_types_are_understood() {
        let text = "# comment\n\n/usr/local/lib/  # trailing\nhwcap 1 nosegneg\n/opt/old=libc6\ninclude a.conf b/*.conf\n";
        assert_eq!(
            parse(text),
            [
                LoaderLine::Directory("/usr/local/lib".into()),
                LoaderLine::Directory("/opt/old".into()),
                LoaderLine::Include("a.conf".into()),
                LoaderLine::Include("b/*.conf".into()),
            ]
        );
    }

    #[test]
    fn includes_are_read_in_place_sorted_and_relative_to_the_including_file() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("conf.d");
        std::fs::create_dir(&inside).unwrap();
        std::fs::write(folder.path().join("main.conf"), "/first\ninclude conf.d/*.conf\n/last\n").unwrap();
        std::fs::write(inside.join("b.conf"), "/b\n").unwrap();
        std::fs::write(inside.join("a.conf"), "/a\n").unwrap();
        std::fs::write(inside.join("c.off"), "/c\n").unwrap();

        let expected = ["/first", "/a", "/b", "/last"].map(PathBuf::from);
        assert_eq!(directories(&folder.path().join("main.conf")), expected);
    }

    #[test]
    fn a_cycle_of_includes_ends() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("main.conf");
        std::fs::write(&file, "/one\ninclude main.conf\n").unwrap();

        assert_eq!(directories(&file).len(), DEPTH_LIMIT + 1);
    }

    #[test]
    fn a_missing_file_names_no_directories() {
        assert!(directories(Path::new("/nowhere/ld.so.conf")).is_empty());
    }
}
