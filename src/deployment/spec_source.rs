//! The source of a spec (a file, a shipped topology, a text, code), with overrides and variables; and its reading.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use rand::RngExt as _;

use super::Error;
use super::disk_files::Disk;
use super::loaded_spec::LoadedSpec;
use super::module_files::ModuleFiles;
use super::password_files::PasswordFiles;
use super::seed_file::{SeedFile, seed_files};
use crate::spec::env_file::{self, EnvFile};
use crate::spec::{Document, Inputs, Override, Problem, Spec, SpecError, SpecPath, read};
use crate::topology::DeploymentName;
use crate::topology::facts::Facts;
use crate::topology::resolve::{problems_of_rest, resolve};

mod origin;

use origin::SpecOrigin;

/// The command line's word for stdin.
const STDIN: &str = "-";

/// The default name of a deployment whose spec has no file.
const UNNAMED: &str = "redisctl";

/// The source of a spec, with overrides of its fields and variables.
#[derive(Clone)]
pub struct SpecSource {
    origin: SpecOrigin,
    overrides: Vec<Override>,
    variables: BTreeMap<String, String>,
    env_file: Option<PathBuf>,
    /// The end of the name of a deployment of its own.
    own_suffix: Option<String>,
}

impl SpecSource {
    /// A spec in the form of the command line: `-` for stdin, a path, or a name: `./topologies/NAME.yaml`, otherwise
    /// a shipped topology.
    #[must_use]
    pub fn named(word: &str) -> Self {
        if word == STDIN { Self::stdin() } else { Self::new(SpecOrigin::Named(word.to_owned())) }
    }

    /// YAML from stdin. Its relative paths start at the current folder.
    #[must_use]
    pub fn stdin() -> Self {
        Self::new(SpecOrigin::Stdin)
    }

    /// A shipped topology: `standalone`, `replica`, `sentinel`, `cluster` or `secure`.
    #[must_use]
    pub fn shipped(name: &str) -> Self {
        Self::new(SpecOrigin::Shipped(name.to_owned()))
    }

    /// A YAML file.
    #[must_use]
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self::new(SpecOrigin::File(path.into()))
    }

    /// A YAML text. `name` is the name of the deployment if the text has none.
    #[must_use]
    pub fn text(name: &str, text: &str) -> Self {
        Self::new(SpecOrigin::Text { name: name.to_owned(), text: text.to_owned() })
    }

    fn new(origin: SpecOrigin) -> Self {
        Self { origin, overrides: Vec::new(), variables: BTreeMap::new(), env_file: None, own_suffix: None }
    }

    /// Overrides a field, like `--set path=value`: `.set("shards", "5")?`. The value is YAML.
    ///
    /// # Errors
    /// `path` is not a path of fields.
    pub fn set(self, path: &str, value: &str) -> Result<Self, Error> {
        let field = path.parse::<SpecPath>().map_err(|error| Error::Invalid {
            message: format!("`{path}`: {error}"),
            hint: "write a path of fields: `shards`, `config.maxmemory`, `nodes.shop-4.port`".to_owned(),
        })?;
        Ok(self.with(Override::set(field, value)))
    }

    /// Overrides the name of the deployment.
    #[must_use]
    pub fn name(self, name: &str) -> Self {
        self.with(Override::flag("--name", SpecPath::new(&["name"]), name))
    }

    /// Overrides the image of every node.
    #[must_use]
    pub fn image(self, image: &str) -> Self {
        self.with(Override::flag("--image", SpecPath::new(&["image"]), image))
    }

    /// Overrides a field.
    #[must_use]
    pub fn with(mut self, item: Override) -> Self {
        self.overrides.push(item);
        self
    }

    /// Adds a variable for `${…}`. The environment of the process takes precedence.
    #[must_use]
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Also reads variables for `${…}` from a file.
    #[must_use]
    pub fn env_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.env_file = Some(path.into());
        self
    }

    /// Makes it the spec of a deployment of its own, beside all others: a fresh name that begins with the name of the
    /// spec, free ports, a free subnet. Overrides of these fields take precedence. Each call gives another name.
    #[must_use]
    pub fn on_its_own(mut self) -> Self {
        self.own_suffix = Some(random_suffix());
        self
    }

    /// Reads the text now. Later reads do not read a file or stdin again.
    ///
    /// # Errors
    /// The file does not exist, or cannot be read.
    pub fn read_text(mut self) -> Result<Self, Error> {
        if let Some((source, name, folder)) = self.origin.text()? {
            self.origin = SpecOrigin::Read(source, name, folder);
        }
        Ok(self)
    }

    /// Reads the spec, and finds all problems that do not depend on an engine.
    ///
    /// # Errors
    /// The spec does not exist, or has problems.
    pub fn read(&self) -> Result<LoadedSpec, Error> {
        let spec = self.read_before_asking()?;
        spec.unknown_nodes.map_or(Ok(LoadedSpec { unknown_nodes: None, ..spec }), |error| Err(error.into()))
    }

    /// Reads the spec for a run that resolves it again with the existing nodes. Nodes that only an existing
    /// deployment may have are no problem yet.
    pub(super) fn read_before_asking(&self) -> Result<LoadedSpec, Error> {
        if let SpecOrigin::Code(spec) = &self.origin {
            return self.built_in_code(spec);
        }
        let text = self.origin.text()?.expect("only a spec from code has no text");
        let (source, default_name, folder) = text;
        let file_variables = variables(self.env_file.as_deref())?;
        let variable = |name: &str| {
            let given = || self.variables.get(name).map(String::as_str).or(file_variables.get(name));
            std::env::var(name).ok().or_else(|| given().map(str::to_owned))
        };
        let facts = Facts::offline(&default_name);
        let inputs =
            Inputs { variable: &variable, overrides: &self.overrides, folder: &folder, files: &Disk };
        let document =
            read(source, &inputs).map_err(|error| with_problems_of_rest(error, &facts, &folder))?;
        loaded(self.apart(document, &default_name), default_name, folder)
    }

    /// The document of a deployment of its own, if the caller wants one.
    fn apart(&self, mut document: Document, default_name: &str) -> Document {
        let Some(suffix) = &self.own_suffix else { return document };
        let is_given = |path: &SpecPath| {
            self.overrides.iter().any(|item| path.segments().starts_with(item.path.segments()))
        };
        let own_name = document.spec.name.clone().unwrap_or_else(|| default_name.to_owned());
        let name = if is_given(&SpecPath::new(&["name"])) {
            own_name.clone()
        } else {
            DeploymentName::with_suffix(&own_name, suffix)
        };
        document.set_apart(&own_name, &name, is_given);
        document
    }

    fn built_in_code(&self, spec: &Spec) -> Result<LoadedSpec, Error> {
        let mut spec = spec.clone();
        for item in &self.overrides {
            match item.path.segments() {
                [field] if field == "name" => spec.name = Some(item.value.clone()),
                [field] if field == "image" => spec.image = Some(item.value.clone()),
                _ => {
                    return Err(Error::Invalid {
                        message: format!(
                            "`{}` cannot be overridden in a spec that is built in code",
                            item.path
                        ),
                        hint: "set the field of `Spec`".to_owned(),
                    });
                }
            }
        }
        let folder = PathBuf::new();
        let document = Document::from_code(spec, &folder, &Disk)
            .map_err(|error| with_problems_of_rest(error, &Facts::offline(UNNAMED), &folder))?;
        loaded(self.apart(document, UNNAMED), UNNAMED.to_owned(), folder)
    }
}

impl From<Spec> for SpecSource {
    /// A spec that is built in code. Its name is the field `name`.
    fn from(spec: Spec) -> Self {
        Self::new(SpecOrigin::Code(Box::new(spec)))
    }
}

fn loaded(document: Document, default_name: String, folder: PathBuf) -> Result<LoadedSpec, Error> {
    let (files, problems) = spec_files(&document.spec, &folder);
    let with_files = |facts: Facts| Facts { module_files: files.modules.paths(), ..facts };
    let all = |more: Vec<Problem>| document.locate(problems.iter().cloned().chain(more).collect());
    let (topology, unknown_nodes) = match resolve(&document.spec, &with_files(Facts::offline(&default_name)))
    {
        Ok(topology) => (topology, None),
        Err(more) => match resolve(&document.spec, &with_files(Facts::before_asking(&default_name))) {
            Ok(topology) => (topology, Some(document.locate(more))),
            Err(_) => return Err(all(more).into()),
        },
    };
    if !problems.is_empty() {
        return Err(all(Vec::new()).into());
    }
    Ok(LoadedSpec {
        document,
        topology,
        default_name,
        folder,
        unknown_nodes,
        module_files: files.modules,
        password_files: files.passwords,
        seed_files: files.seed,
        adopts_slots: false,
        replacement: None,
    })
}

/// The contents of files that a spec names.
struct SpecFiles {
    modules: ModuleFiles,
    passwords: PasswordFiles,
    seed: Vec<SeedFile>,
}

/// Reads the files that a spec names, and finds their problems. `folder` is the folder of relative paths.
fn spec_files(spec: &Spec, folder: &Path) -> (SpecFiles, Vec<Problem>) {
    let (modules, mut problems) = ModuleFiles::read(spec, folder);
    let (seed, broken) = seed_files(spec, folder);
    let (passwords, unreadable) = PasswordFiles::read(spec, folder);
    problems.extend(broken.into_iter().chain(unreadable));
    (SpecFiles { modules, passwords, seed }, problems)
}

/// The error of a malformed spec, with the problems of its other fields and of their files.
fn with_problems_of_rest(error: SpecError, facts: &Facts, folder: &Path) -> SpecError {
    let Some(rest) = error.rest() else { return error };
    let mut problems = problems_of_rest(rest, error.paths(), facts);
    problems.extend(spec_files(rest, folder).1);
    error.with_problems_of_rest(problems)
}

/// Letters and digits that no other run has: one of two thousand million.
fn random_suffix() -> String {
    const LETTERS: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut random = rand::rng();
    (0..6).map(|_| char::from(LETTERS[random.random_range(0..LETTERS.len())])).collect()
}

fn variables(path: Option<&Path>) -> Result<EnvFile, Error> {
    let Some(path) = path else { return Ok(EnvFile::default()) };
    let text = std::fs::read_to_string(path).map_err(|source| match source.kind() {
        ErrorKind::NotFound => Error::Invalid {
            message: format!("there is no file `{}`", path.display()),
            hint: "the file that `--env-file` names holds a line `NAME=value` for each variable".to_owned(),
        },
        _ => Error::File { operation: "read", path: path.to_owned(), source },
    })?;
    env_file::parse(&text).map_err(|source| Error::EnvFile { path: path.to_owned(), source })
}
