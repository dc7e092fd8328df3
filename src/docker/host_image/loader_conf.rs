//! `ld.so.conf`: the directories that the machine's administrator gave the loader.

use std::path::{Path, PathBuf};

/// How deep files may include each other: a cycle must end.
const DEPTH_LIMIT: usize = 8;

/// One line of `ld.so.conf` that matters.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Line {
    /// A directory with libraries.
    Directory(String),
    /// Files to read in place of this line; wildcards are allowed in the last component.
    Include(String),
}

/// The directories that `file` and the files it includes name, in order. What cannot be read is left out,
/// as `ldconfig` does; a machine without the file (musl) has none.
#[must_use]
pub(super) fn directories(file: &Path) -> Vec<String> {
    let mut found = Vec::new();
    collect(file, DEPTH_LIMIT, &mut found);
    found
}

fn collect(file: &Path, depth: usize, found: &mut Vec<String>) {
    let Ok(text) = std::fs::read_to_string(file) else { return };
    for line in parse(&text) {
        match line {
            Line::Directory(directory) => found.push(directory),
            Line::Include(pattern) if depth > 0 => {
                for included in matching_files(file, &pattern) {
                    collect(&included, depth - 1, found);
                }
            }
            Line::Include(pattern) => tracing::debug!(%pattern, "includes nest too deep; left out"),
        }
    }
}

/// The lines of `text` that matter; `hwcap` lines and comments do not.
fn parse(text: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        let mut words = line.split_whitespace();
        match words.next() {
            None | Some("hwcap") => {}
            Some("include") => lines.extend(words.map(|pattern| Line::Include(pattern.to_owned()))),
            Some(_) => {
                // `DIRECTORY=TYPE` is an old form that ldconfig still reads.
                let directory = line.split('=').next().unwrap_or_default().trim_end();
                lines.push(Line::Directory(directory.trim_end_matches('/').to_owned()));
            }
        }
    }
    lines
}

/// The files that an include's `pattern` means, sorted; it is relative to the including file.
fn matching_files(including: &Path, pattern: &str) -> Vec<PathBuf> {
    let pattern = including.parent().unwrap_or(Path::new("/")).join(pattern);
    let (Some(directory), Some(name)) =
        (pattern.parent(), pattern.file_name().and_then(|name| name.to_str()))
    else {
        return Vec::new();
    };
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_str().is_some_and(|candidate| matches(name, candidate)))
        .map(|entry| entry.path())
        .collect();
    files.sort();
    files
}

/// Whether `name` fits `pattern`, in which `*` stands for any characters and `?` for one.
fn matches(pattern: &str, name: &str) -> bool {
    let mut rest = name.chars();
    let mut wanted = pattern.chars();
    match wanted.next() {
        None => name.is_empty(),
        Some('*') => {
            let after = wanted.as_str();
            name.char_indices().map(|(at, _)| at).chain([name.len()]).any(|at| matches(after, &name[at..]))
        }
        Some('?') => rest.next().is_some() && matches(wanted.as_str(), rest.as_str()),
        Some(letter) => rest.next() == Some(letter) && matches(wanted.as_str(), rest.as_str()),
    }
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
                Line::Directory("/usr/local/lib".into()),
                Line::Directory("/opt/old".into()),
                Line::Include("a.conf".into()),
                Line::Include("b/*.conf".into()),
            ]
        );
    }

    #[test]
    fn wildcards() {
        for (pattern, name, expected) in [
            ("*.conf", "libc.conf", true),
            ("*.conf", ".conf", true),
            ("*.conf", "libc.conf.bak", false),
            ("x?z*", "xyz", true),
            ("x?z*", "xz", false),
            ("*é?", "aéü", true),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
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

        assert_eq!(directories(&folder.path().join("main.conf")), ["/first", "/a", "/b", "/last"]);
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
