//! The environment of the user's command: that of redisctl, and the settings of `redisctl env`.

use std::process::Command;

use super::CommandError;
use crate::connection::ConnectionSettings;
use crate::deployment::Deployment;

/// The variable with the name of the deployment, for `redisctl cli` and other commands.
const NAME: &str = "REDISCTL_NAME";

/// The variable by which the commands of redisctl and Docker find the engine of `--host`.
const ENGINE: &str = "DOCKER_HOST";

/// Sets the variables of a command. A setting that the deployment does not have is removed, so that the command does
/// not read a value of another server.
pub(super) async fn set(
    command: &mut Command,
    deployment: &Deployment,
    user: Option<&str>,
    prefix: &str,
    host: Option<&str>,
) -> Result<(), CommandError> {
    let files = deployment.write_tls_files(None)?;
    let settings = deployment.connection(user, files.as_ref()).await?;
    for name in ConnectionSettings::NAMES {
        let variable = format!("{prefix}{name}");
        match settings.get(name) {
            Some(value) => command.env(variable, value.expose()),
            None => command.env_remove(variable),
        };
    }
    command.env(NAME, deployment.name().as_str());
    if let Some(host) = host {
        command.env(ENGINE, host);
    }
    Ok(())
}
