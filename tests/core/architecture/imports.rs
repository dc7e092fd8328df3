//! Reads which files and which other crates each file of a crate uses.
//!
//! A name that a parent re-exports counts for the file that defines it. Code under `#[cfg(test)]` does not count:
//! tests may use everything.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::tokens::{Token, tokens};

/// A module that has a file: `["topology", "slots"]`; the crate's root is empty.
pub(super) type Module = Vec<String>;

/// The files of a crate, by module.
pub(super) struct Crate(BTreeMap<Module, SourceFile>);

/// A used item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Used {
    /// An item of another file of the crate, with its path; the path is empty for the file itself.
    File(Module, String),
    /// An item of another crate: `std::env::var`.
    Foreign(String),
}

#[derive(Default)]
struct SourceFile {
    /// Its child files.
    children: Vec<(String, PathBuf)>,
    /// The names that its `use` lines bring in, and their meanings.
    names: BTreeMap<String, Vec<String>>,
    /// All paths in it, of the crate and of other crates.
    paths: Vec<Vec<String>>,
    /// Whether it has an `async` or `.await`.
    is_async: bool,
}

impl Crate {
    /// Reads a crate from its root file.
    pub(super) fn read(root: &Path) -> Self {
        let mut files = BTreeMap::new();
        let mut open = vec![(Module::new(), root.to_owned())];
        while let Some((module, path)) = open.pop() {
            let text =
                std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let folder = match path.file_stem().and_then(|stem| stem.to_str()) {
                Some("lib" | "main" | "mod") => path.parent().expect("a folder").to_owned(),
                _ => path.with_extension(""),
            };
            let mut file = SourceFile::parse(&text, &folder);
            for (name, path) in std::mem::take(&mut file.children) {
                open.push(([module.as_slice(), &[name]].concat(), path));
            }
            files.insert(module, file);
        }
        Self(files)
    }

    /// A crate from given files: the module's name, with `::` between its parts, and its text.
    pub(super) fn of_texts(texts: &[(&str, &str)]) -> Self {
        let files = texts.iter().map(|(name, text)| {
            let module = name.split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect();
            (module, SourceFile::parse(text, Path::new("")))
        });
        Self(files.collect())
    }

    /// Every module that has a file.
    pub(super) fn modules(&self) -> impl Iterator<Item = &Module> {
        self.0.keys()
    }

    /// Whether a module's file has an `async` or `.await`.
    pub(super) fn is_async(&self, module: &Module) -> bool {
        self.0[module].is_async
    }

    /// The uses of all files: the using module, and the used item.
    pub(super) fn uses(&self) -> Vec<(Module, Used)> {
        let mut uses: Vec<(Module, Used)> = Vec::new();
        for (module, file) in &self.0 {
            let used = file.paths.iter().filter_map(|path| self.resolve(module, path, 0));
            uses.extend(
                used.filter(|used| !matches!(used, Used::File(used, _) if used == module))
                    .map(|used| (module.clone(), used)),
            );
        }
        uses.sort();
        uses.dedup();
        uses
    }

    /// The meaning of a path in a module; `None` for names of the file itself.
    fn resolve(&self, module: &Module, path: &[String], depth: usize) -> Option<Used> {
        assert!(depth < 16, "{path:?} of {module:?} leads in a circle of names");
        let mut place = module.clone();
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" => {
                place.clear();
                rest = &path[1..];
            }
            "self" | "super" => {
                while let Some(word @ ("self" | "super")) = rest.first().map(String::as_str) {
                    if word == "super" {
                        place.pop();
                    }
                    rest = &rest[1..];
                }
            }
            first if !self.is_known(module, first) => {
                let foreign = path.len() > 1 && first.chars().all(|one| !one.is_ascii_uppercase());
                return foreign.then(|| Used::Foreign(path.join("::")));
            }
            _ => {}
        }
        while let Some((first, others)) = rest.split_first() {
            let child: Module = [place.as_slice(), std::slice::from_ref(first)].concat();
            if self.0.contains_key(&child) {
                place = child;
            } else if let Some(meant) = self.0[&place].names.get(first) {
                // A name that means itself belongs to another crate: `use redis;`.
                let itself = place == *module && meant.len() == 1 && meant[0] == *first;
                let meant = [meant.as_slice(), others].concat();
                return if itself { None } else { self.resolve(&place, &meant, depth + 1) };
            } else {
                break;
            }
            rest = others;
        }
        Some(Used::File(place, rest.join("::")))
    }

    fn is_known(&self, module: &Module, name: &str) -> bool {
        let child: Module = [module.as_slice(), &[name.to_owned()]].concat();
        self.0.contains_key(&child) || self.0[module].names.get(name).is_some_and(|meant| meant[0] != name)
    }
}

impl SourceFile {
    fn parse(text: &str, folder: &Path) -> Self {
        let tokens = tokens(text);
        let mut file = Self::default();
        let mut rest = tokens.as_slice();
        while let [first, others @ ..] = rest {
            rest = match (first, others) {
                (Token::Sign('#'), _) if is_for_tests(rest) => behind_item(rest),
                // `impl Trait + use<'a>` imports nothing.
                (Token::Word(word), [next, ..]) if word == "use" && *next != Token::Sign('<') => {
                    file.read_use(others)
                }
                (Token::Word(word), [Token::Word(name), Token::Sign(sign), others @ ..]) if word == "mod" => {
                    // Paths in a module without its own file begin elsewhere. The project has no such module.
                    assert_eq!(*sign, ';', "module `{name}` has no file of its own");
                    let beside = folder.join(format!("{name}.rs"));
                    let path = if beside.exists() { beside } else { folder.join(name).join("mod.rs") };
                    file.children.push((name.clone(), path));
                    others
                }
                (Token::Word(word), _) => {
                    file.is_async |= word == "async" || word == "await";
                    file.read_path(rest)
                }
                _ => others,
            };
        }
        file
    }

    /// Reads a path that begins with a word. Returns the tokens after it.
    fn read_path<'t>(&mut self, tokens: &'t [Token]) -> &'t [Token] {
        let (mut path, mut rest) = (Vec::new(), tokens);
        while let [Token::Word(word), others @ ..] = rest {
            path.push(word.clone());
            match others {
                [Token::PathSeparator, behind @ ..] if matches!(behind, [Token::Word(_), ..]) => {
                    rest = behind;
                }
                _ => {
                    rest = others;
                    break;
                }
            }
        }
        self.paths.extend(Some(path).filter(|path| path.len() > 1));
        rest
    }

    /// Reads the tokens after `use` up to its semicolon.
    fn read_use<'t>(&mut self, tokens: &'t [Token]) -> &'t [Token] {
        let end = tokens.iter().position(|token| *token == Token::Sign(';')).unwrap_or(tokens.len());
        let (tree, rest) = tokens.split_at(end);
        self.read_use_tree(&[], tree);
        rest
    }

    fn read_use_tree(&mut self, before: &[String], tree: &[Token]) {
        let mut path = before.to_vec();
        let mut rest = tree;
        while let [first, others @ ..] = rest {
            match first {
                Token::Word(word) if word == "as" => {
                    if let [Token::Word(name), ..] = others {
                        self.bring(name, path);
                    }
                    return;
                }
                Token::Word(word) if word != "self" || path.is_empty() => path.push(word.clone()),
                Token::Sign('{') => {
                    let inside = &others[..others.len() - 1];
                    return branches(inside).into_iter().for_each(|branch| self.read_use_tree(&path, branch));
                }
                Token::Sign('*') => return self.paths.push(path),
                _ => {}
            }
            rest = others;
        }
        if let Some(name) = path.last().cloned() {
            self.bring(&name, path);
        }
    }

    fn bring(&mut self, name: &str, path: Vec<String>) {
        self.names.insert(name.to_owned(), path.clone());
        self.paths.push(path);
    }
}

/// The branches of `{a, b::{c, d}}`, without its brackets.
fn branches(tokens: &[Token]) -> Vec<&[Token]> {
    let mut depth = 0_usize;
    let ends = |token: &Token| {
        match token {
            Token::Sign('{') => depth += 1,
            Token::Sign('}') => depth -= 1,
            _ => {}
        }
        *token == Token::Sign(',') && depth == 0
    };
    tokens.split(ends).filter(|branch| !branch.is_empty()).collect()
}

/// Whether `#[cfg(test)]`, `#[cfg(all(test, …))]` or `#[cfg(any(test, …))]` begins here.
fn is_for_tests(tokens: &[Token]) -> bool {
    let words: Vec<&str> = tokens[1..]
        .iter()
        .take_while(|token| **token != Token::Sign(']'))
        .filter_map(|token| match token {
            Token::Word(word) => Some(word.as_str()),
            _ => None,
        })
        .collect();
    matches!(words.as_slice(), ["cfg", "test"] | ["cfg", "all" | "any", "test", ..])
}

/// The tokens after the item that begins here, with its attributes: after its semicolon or its braces.
fn behind_item(tokens: &[Token]) -> &[Token] {
    let mut depth = 0_usize;
    for (position, token) in tokens.iter().enumerate() {
        let ends = match token {
            Token::Sign('{' | '(' | '[') => {
                depth += 1;
                false
            }
            Token::Sign(bracket @ ('}' | ')' | ']')) => {
                depth -= 1;
                depth == 0 && *bracket == '}'
            }
            // A `use` ends with a semicolon after its braces.
            Token::Sign(';') => depth == 0,
            _ => false,
        };
        if ends {
            let rest = &tokens[position + 1..];
            return rest.strip_prefix(&[Token::Sign(';')]).unwrap_or(rest);
        }
    }
    &[]
}
