//! The spec of a command line, with its overrides.

use super::CommandError;
use crate::cli::SpecArguments;
use crate::deployment::{Error, SpecSource};
use crate::spec::{Override, SpecPath};

/// The spec of these arguments, with their overrides and variables.
pub(super) fn spec_source(arguments: &SpecArguments) -> Result<SpecSource, CommandError> {
    let mut source = SpecSource::named(&arguments.topology);
    for text in &arguments.overrides {
        source = source.with(text.parse::<Override>().map_err(|error| {
            CommandError::Deployment(Error::Invalid {
                message: format!("`--set {text}`: {error}"),
                hint:
                    "write `--set path=value`, for example `--set shards=5` or `--set config.maxmemory=1gb`"
                        .to_owned(),
            })
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
            source = source.with(Override::flag(flag, SpecPath::new(path), value));
        }
    }
    Ok(match &arguments.env_file {
        Some(path) => source.env_file(path),
        None => source,
    })
}
