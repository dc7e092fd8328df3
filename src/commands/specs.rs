//! Finding and reading the spec that a command line means.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::bundled::Bundled;
use super::{CommandError, missing};
use crate::cli::SpecArguments;
use crate::spec::env_file::{self, EnvFile};
use crate::spec::{Document, Inputs, Override, PortBase, Source, SpecError, SpecPath, is_file_name, read};
use crate::topology::Topology;
use crate::topology::resolve::{Facts, problems_of_rest, resolve};

/// A spec that was read, and where it came from.
pub(super) struct Found {
    /// The spec with its positions.
    pub(super) document: Document,
    /// The topology that it describes where an engine has no say.
    pub(super) topology: Topology,
    /// The deployment's name where the spec has none.
    pub(super) default_name: String,
    /// The folder from which relative paths in the spec start.
    pub(super) folder: PathBuf,
}

impl Found {
    /// Whether the spec leaves the choice of a subnet to redisctl.
    pub(super) fn leaves_subnet_open(&self) -> bool {
        self.document.spec.network.as_ref().is_none_or(|network| network.subnet.is_none())
    }

    /// Whether the spec leaves the choice of ports to redisctl.
    pub(super) fn leaves_ports_open(&self) -> bool {
        let base = self.document.spec.ports.as_ref().and_then(|ports| ports.base);
        matches!(base, Some(PortBase::Word(_)))
    }
}

/// Reads the spec that the arguments name, with their overrides and variables, and finds everything
/// that is wrong with it without asking an engine.
pub(super) fn find(arguments: &SpecArguments) -> Result<Found, CommandError> {
    let overrides = overrides(arguments)?;
    let file_variables = variables(arguments.env_file.as_deref())?;
    let variable =
        |name: &str| std::env::var(name).ok().or_else(|| file_variables.get(name).map(str::to_owned));
    let (source, default_name, folder) = source(&arguments.topology)?;
    let facts = Facts::offline(&default_name);
    let document = read(source, &Inputs { variable: &variable, overrides: &overrides })
        .map_err(|error| with_problems_of_rest(error, &facts))?;
    let topology = resolve(&document.spec, &facts).map_err(|problems| document.locate(problems))?;
    Ok(Found { document, topology, default_name, folder })
}

/// The error of a spec that is not well formed, with what is wrong in the rest of it.
fn with_problems_of_rest(error: SpecError, facts: &Facts) -> SpecError {
    let Some(rest) = error.rest() else { return error };
    let problems = problems_of_rest(rest, error.paths(), facts);
    error.with_problems_of_rest(problems)
}

/// A path is a path; a name is `./topologies/NAME.yaml`, else a bundled spec.
fn source(topology: &str) -> Result<(Source, String, PathBuf), CommandError> {
    let is_path = topology.contains(['/', '\\']) || is_file_name(topology);
    let path = if is_path {
        PathBuf::from(topology)
    } else {
        Path::new("topologies").join(format!("{topology}.yaml"))
    };
    match std::fs::read_to_string(&path) {
        Ok(text) => {
            let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            let folder = path.parent().unwrap_or(Path::new("")).to_owned();
            Ok((Source { name: path.display().to_string(), text }, stem, folder))
        }
        Err(error) if error.kind() == ErrorKind::NotFound && !is_path => {
            let bundled = Bundled::find(topology).ok_or_else(|| missing::topology(topology))?;
            let source = Source { name: format!("bundled:{topology}"), text: bundled.text.to_owned() };
            Ok((source, topology.to_owned(), PathBuf::new()))
        }
        Err(source) => Err(unreadable(&path, source)),
    }
}

/// Why a spec at a path cannot be read.
fn unreadable(path: &Path, source: std::io::Error) -> CommandError {
    match source.kind() {
        ErrorKind::NotFound => missing::file(path),
        // Not by the kind of the error: Windows denies access to folders that are read as files.
        _ if path.is_dir() => missing::is_folder(path),
        _ => CommandError::File { operation: "read", path: path.to_owned(), source },
    }
}

/// The overrides of `--set`, and of the options that are short for common ones.
fn overrides(arguments: &SpecArguments) -> Result<Vec<Override>, CommandError> {
    let mut overrides = Vec::new();
    for text in &arguments.overrides {
        overrides.push(text.parse::<Override>().map_err(|error| {
            CommandError::Usage {
                message: format!("`--set {text}`: {error}"),
                hint:
                    "write `--set path=value`, for example `--set shards=5` or `--set config.maxmemory=1gb`"
                        .to_owned(),
            }
        })?);
    }
    let short: [(&str, &[&str], &Option<String>); 4] = [
        ("--name", &["name"], &arguments.name),
        ("--image", &["image"], &arguments.image),
        ("--subnet", &["network", "subnet"], &arguments.subnet),
        ("--port-base", &["ports", "base"], &arguments.port_base),
    ];
    for (flag, path, value) in short {
        if let Some(value) = value {
            overrides.push(Override::flag(flag, SpecPath::new(path), value));
        }
    }
    Ok(overrides)
}

fn variables(path: Option<&Path>) -> Result<EnvFile, CommandError> {
    let Some(path) = path else { return Ok(EnvFile::default()) };
    let text = std::fs::read_to_string(path).map_err(|source| match source.kind() {
        ErrorKind::NotFound => CommandError::Usage {
            message: format!("there is no file `{}`", path.display()),
            hint: "the file that `--env-file` names holds a line `NAME=value` for each variable".to_owned(),
        },
        _ => CommandError::File { operation: "read", path: path.to_owned(), source },
    })?;
    env_file::parse(&text).map_err(|source| CommandError::EnvFile { path: path.to_owned(), source })
}
