//! The modules that servers load at their start.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::paths::MOUNT;
use crate::spec::redis_conf::quoting::quoted;
use crate::spec::{ModuleSpec, ModulesSpec, ModulesWord, Spec};

/// The folder for modules of the user's machine, below [`MOUNT`].
pub const MODULES_FOLDER: &str = "modules";

/// The option before a module's path in a server's arguments.
const LOAD: &str = "--loadmodule";

/// A module with its arguments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Module {
    /// Its path in containers.
    pub path: String,
    /// Its arguments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
}

impl Module {
    /// The path of a file of the user's machine. It contains the file's digest, so a changed file is another module.
    #[must_use]
    pub fn of_this_machine(file_name: &str, digest: &str) -> String {
        format!("{MOUNT}/{MODULES_FOLDER}/{digest}/{file_name}")
    }

    /// The file's name, for messages.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// The value of the directive that loads it.
    #[must_use]
    pub fn directive_value(&self) -> String {
        let words: Vec<String> =
            std::iter::once(&self.path).chain(&self.args).map(|word| quoted(word)).collect();
        words.join(" ")
    }

    /// The modules in a server's arguments. All arguments up to the next option belong to a module.
    #[must_use]
    pub fn in_arguments(arguments: &[String]) -> Vec<Self> {
        let mut modules: Vec<Self> = Vec::new();
        let mut rest = arguments.iter().peekable();
        while let Some(argument) = rest.next() {
            if argument.eq_ignore_ascii_case(LOAD)
                && let Some(path) = rest.next()
            {
                let mut args = Vec::new();
                while let Some(argument) = rest.next_if(|argument| !argument.starts_with("--")) {
                    args.push(argument.clone());
                }
                modules.push(Self { path: path.clone(), args });
            }
        }
        modules
    }

    /// The modules in a configuration file.
    #[must_use]
    pub fn in_configuration(text: &str) -> Vec<Self> {
        let words = |line: &str| -> Option<Self> {
            let mut words = line.split_whitespace().map(|word| word.trim_matches(['"', '\'']).to_owned());
            words.next().filter(|name| name.eq_ignore_ascii_case(&LOAD[2..]))?;
            Some(Self { path: words.next()?, args: words.collect() })
        };
        text.lines().filter_map(words).collect()
    }
}

impl fmt::Display for Module {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.path)?;
        self.args.iter().try_for_each(|argument| write!(formatter, " {argument}"))
    }
}

/// The modules of a spec. `of_image` are the modules that the image loads. `files` are the paths in containers of
/// files of the user's machine.
pub(super) fn modules(spec: &Spec, of_image: &[Module], files: &BTreeMap<PathBuf, String>) -> Vec<Module> {
    let list = match &spec.modules {
        None | Some(ModulesSpec::Word(ModulesWord::Image)) => return of_image.to_vec(),
        Some(ModulesSpec::Word(ModulesWord::None)) => return Vec::new(),
        Some(ModulesSpec::List(list)) => list,
    };
    let module = |module: &ModuleSpec| {
        let path = match module.file() {
            // Without an engine, the file is not read yet.
            Some(file) => files.get(file).cloned().unwrap_or_else(|| file.display().to_string()),
            None => module.path()?.to_owned(),
        };
        Some(Module { path, args: module.arguments() })
    };
    list.iter().filter_map(module).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(path: &str, args: &[&str]) -> Module {
        Module { path: path.to_owned(), args: args.iter().map(|&argument| argument.to_owned()).collect() }
    }

    #[test]
    fn modules_are_read_from_arguments() {
        let read = |text: &str| Module::in_arguments(&text.split(' ').map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(read("redis-server --save 60 1"), []);
        assert_eq!(
            read("--dir /data --loadmodule /a.so --loadmodule /b.so TIMEOUT 500 --protected-mode no"),
            [module("/a.so", &[]), module("/b.so", &["TIMEOUT", "500"])]
        );
        assert_eq!(read("--loadmodule"), []);
    }

    #[test]
    fn modules_are_read_from_a_configuration() {
        let text =
            "port 6379\n# loadmodule /no.so\nloadmodule \"/a.so\"\n  LoadModule /b.so x y\nloadmodule\n";
        assert_eq!(Module::in_configuration(text), [module("/a.so", &[]), module("/b.so", &["x", "y"])]);
    }

    #[test]
    fn a_spec_decides_about_modules() {
        let of_image = [module("/i.so", &[])];
        let files = BTreeMap::from([(PathBuf::from("./my.so"), Module::of_this_machine("my.so", "0123"))]);
        let decided = |yaml: &str| {
            let spec: Spec = serde_yaml::from_str(&format!("{{kind: standalone, {yaml}}}")).expect("a spec");
            modules(&spec, &of_image, &files)
        };
        assert_eq!(decided("modules: image"), of_image);
        assert_eq!(decided("replicas: 1"), of_image);
        assert_eq!(decided("modules: none"), []);
        assert_eq!(
            decided("modules: [/a.so, {path: /b.so, args: [x, 5]}, {file: ./my.so}]"),
            [module("/a.so", &[]), module("/b.so", &["x", "5"]), module("/redisctl/modules/0123/my.so", &[])]
        );
    }
}
