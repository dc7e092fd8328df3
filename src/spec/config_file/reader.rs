//! Reads a file in the syntax of `redis.conf`, and the files that it includes.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::{ConfigFiles, LARGEST_FILE, UnreadableFile};
use crate::spec::encoding::{SAVE_AS_UTF_8, text_of};
use crate::spec::error::Sources;
use crate::spec::mask::is_secret_key;
use crate::spec::redis_conf::lines::{is_written_as_given, repeats};
use crate::spec::redis_conf::quoting::{Word, WordFault, split};
use crate::spec::tree::{SpecFinding, TextId, YamlPlace, shorten};
use crate::spec::{Problem, SpecPath};

/// The maximum number of files for one `config_file`. Files that include each other could ask for billions.
const MOST_FILES: usize = 1000;

/// The directive that names another file.
const INCLUDE: &str = "include";

/// Directives by their names in lower case, each with its lines.
pub(super) type Directives = BTreeMap<String, Vec<Given>>;

/// A line that gives a directive its value.
pub(super) struct Given {
    pub(super) value: String,
    pub(super) place: YamlPlace,
}

pub(super) struct Reader<'a> {
    files: &'a dyn ConfigFiles,
    sources: &'a mut Sources,
    /// The field of the spec that names the file.
    field: &'a SpecPath,
    /// The files on the way to the present file: each includes the next.
    open: Vec<PathBuf>,
    count: usize,
    directives: Directives,
    findings: Vec<SpecFinding>,
}

/// A text that is being read.
struct Text<'t> {
    id: TextId,
    /// The folder of relative paths.
    folder: &'t Path,
}

impl<'a> Reader<'a> {
    pub(super) fn new(files: &'a dyn ConfigFiles, sources: &'a mut Sources, field: &'a SpecPath) -> Self {
        let (open, directives, findings) = (Vec::new(), Directives::new(), Vec::new());
        Self { files, sources, field, open, count: 0, directives, findings }
    }

    /// Reads a file that the spec names at `place`. Returns its directives, and all problems.
    pub(super) fn read(mut self, path: &Path, place: &YamlPlace) -> (Directives, Vec<SpecFinding>) {
        self.file(path, place);
        (self.directives, self.findings)
    }

    fn file(&mut self, path: &Path, place: &YamlPlace) {
        let shown = path.display().to_string();
        self.count += 1;
        if self.count > MOST_FILES {
            // The problem is reported once.
            if self.count == MOST_FILES + 1 {
                self.report(place.clone(), format!("more than {MOST_FILES} files are included"), None);
            }
            return;
        }
        let file = match self.files.read(path) {
            Ok(file) => file,
            Err(reason) => return self.unreadable(&shown, reason, place),
        };
        if self.open.contains(&file.identity) {
            let message = if self.open.last() == Some(&file.identity) {
                format!("`{shown}` includes itself")
            } else {
                format!("`{shown}` includes itself, by way of this file")
            };
            return self.report(
                place.clone(),
                message,
                Some("remove one `include` of the circle".to_owned()),
            );
        }
        let text = match text_of(file.bytes) {
            Ok(text) => text,
            Err(error) => {
                let id = self.sources.add_config_file(shown, &error.text, secret_values(&error.text));
                let place = YamlPlace { text: id, span: error.offset..error.offset };
                return self.report(place, error.message, Some(SAVE_AS_UTF_8.to_owned()));
            }
        };
        let id = self.sources.add_config_file(shown, &text, secret_values(&text));
        if text.trim().is_empty() && self.open.is_empty() {
            let place = YamlPlace { text: id, span: 0..0 };
            let hint = "write directives into it, or leave `config_file` out".to_owned();
            return self.report(place, "the file is empty".to_owned(), Some(hint));
        }
        self.open.push(file.identity);
        let folder = path.parent().unwrap_or(Path::new(""));
        for (start, line) in lines(&text) {
            self.line(&Text { id, folder }, start, line);
        }
        self.open.pop();
    }

    fn unreadable(&mut self, shown: &str, reason: UnreadableFile, place: &YamlPlace) {
        let beginning = match self.open.last() {
            None => "a relative path begins at the folder of the spec file",
            Some(_) => "a relative path begins at the folder of the file that includes it",
        };
        let (message, hint) = match reason {
            UnreadableFile::Missing => (format!("there is no file `{shown}`"), Some(beginning.to_owned())),
            UnreadableFile::Folder => {
                let hint = self.open.last().map(|_| format!("include its files: `{shown}/*.conf`"));
                (format!("`{shown}` is a folder"), hint)
            }
            UnreadableFile::TooLarge => (
                format!("`{shown}` has more than {LARGEST_FILE} bytes"),
                Some("name a file of directives".to_owned()),
            ),
            UnreadableFile::Other(words) => (format!("`{shown}` cannot be read: {words}"), None),
        };
        self.report(place.clone(), message, hint);
    }

    /// Reads a line without space around it.
    fn line(&mut self, text: &Text<'_>, start: usize, line: &str) {
        let place =
            |span: Range<usize>| YamlPlace { text: text.id, span: start + span.start..start + span.end };
        let words = match split(line) {
            Ok(words) => words,
            Err(error) => {
                let (message, hint) = match error.reason {
                    WordFault::UnbalancedQuotes => {
                        ("the quotes of this word do not fit", "a quote begins a word and ends it")
                    }
                    WordFault::NotUtf8 => ("this word is not UTF-8", "write its characters without `\\x`"),
                };
                return self.report(place(error.span), message.to_owned(), Some(hint.to_owned()));
            }
        };
        let Some((name, values)) = words.split_first() else { return };
        let name = name.text.to_ascii_lowercase();
        let whole = place(0..line.len());
        let is_comment = |word: &&Word| line[word.span.clone()].starts_with('#');
        let comment =
            values.iter().find(is_comment).filter(|_| !is_written_as_given(&name) && name != "user");
        match (values, comment) {
            ([], _) => {
                let message = format!("`{}` has no value", shorten(&name));
                self.report(whole, message, Some("for an empty value, write `\"\"`".to_owned()));
            }
            (_, Some(comment)) => {
                let message = "servers take this for a part of the value".to_owned();
                let hint = "a comment needs a line of its own".to_owned();
                self.report(place(comment.span.start..line.len()), message, Some(hint));
            }
            (paths, None) if name == INCLUDE => self.include(text, paths, whole),
            ([first, ..], None) => {
                let value = if is_written_as_given(&name) {
                    line[first.span.start..].to_owned()
                } else {
                    values.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
                };
                self.give(name, Given { value, place: whole });
            }
        }
    }

    fn include(&mut self, text: &Text<'_>, paths: &[Word], place: YamlPlace) {
        let [path] = paths else {
            let hint = "write an `include` for each of them".to_owned();
            return self.report(place, "`include` takes one path".to_owned(), Some(hint));
        };
        if !path.text.contains(['*', '?', '[']) {
            return self.file(&text.folder.join(&path.text), &place);
        }
        // As on servers, a pattern may match no file.
        match self.files.matching(text.folder, &path.text) {
            Some(files) => files.iter().for_each(|file| self.file(file, &place)),
            None => self.report(place, format!("`{}` is no pattern of paths", shorten(&path.text)), None),
        }
    }

    /// A line adds to a directive that repeats, and replaces any other directive.
    fn give(&mut self, name: String, given: Given) {
        let clears = !repeats(&name) || (name == "save" && given.value.is_empty());
        let all = self.directives.entry(name).or_default();
        if clears {
            all.clear();
        }
        all.push(given);
    }

    fn report(&mut self, place: YamlPlace, message: String, hint: Option<String>) {
        let problem = Problem { path: self.field.clone(), message, hint };
        self.findings.push(SpecFinding::new(problem, place));
    }
}

/// The lines with directives, trimmed, with their positions. A byte order mark counts as space.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut end = 0;
    let lines = text.split('\n').map(move |line| {
        let start = end;
        end += line.len() + 1;
        let content = line.trim_start_matches([' ', '\t', '\r', '\u{feff}']);
        (start + line.len() - content.len(), content.trim_end_matches([' ', '\t', '\r']))
    });
    lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

/// The values of directives that hold passwords.
fn secret_values(text: &str) -> Vec<Range<usize>> {
    let secrets = lines(text).filter_map(|(start, line)| {
        let name = line.split(|character: char| character.is_ascii_whitespace()).next()?;
        let is_secret = is_secret_key(name.trim_matches(['"', '\'']));
        is_secret.then(|| start + name.len()..start + line.len())
    });
    secrets.collect()
}
