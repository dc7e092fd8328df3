//! The spec of a command line, with its overrides.

use super::CommandError;
use crate::cli::{SpecArguments, SpecFields};
use crate::deployment::{Error, SpecSource};
use crate::spec::{Override, SpecPath};

/// The spec of these arguments, with their overrides and variables.
pub(super) fn spec_source(arguments: &SpecArguments) -> Result<SpecSource, CommandError> {
    fields_source(&arguments.fields, arguments.image.as_deref())
}

/// The spec of these arguments with an image.
pub(super) fn fields_source(arguments: &SpecFields, image: Option<&str>) -> Result<SpecSource, CommandError> {
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
    let short: [(&str, &[&str], Option<&str>); 4] = [
        ("--name", &["name"], arguments.name.as_deref()),
        ("--image", &["image"], image),
        ("--subnet", &["network", "subnet"], arguments.subnet.as_deref()),
        ("--port-base", &["ports", "base"], arguments.port_base.as_deref()),
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
