//! `redisctl env`: connection settings, passwords included, which is its purpose.

use super::{CommandError, Outcome, connected, deployment, tls_files};
use crate::cli::EnvArguments;
use crate::connection::ConnectionSettings;
use crate::ui::Ui;

pub(super) async fn run(
    arguments: &EnvArguments,
    host: Option<&str>,
    ui: &Ui,
) -> Result<Outcome, CommandError> {
    let connected = connected(host).await?;
    let found = deployment::open(arguments.name.name.as_deref(), &connected).await?;
    let files = match &found.credentials.certificates {
        Some(certificates) => {
            Some(tls_files::write(&found.topology, certificates, arguments.tls_folder.as_deref())?)
        }
        None => None,
    };
    let connection = ConnectionSettings::new(
        &found.topology,
        &found.credentials,
        found.primary().await,
        arguments.user.as_deref(),
        files.as_ref(),
    );
    let connection =
        connection.map_err(|error| CommandError::Usage { message: error.to_string(), hint: error.hint() })?;
    if let (None, Some(user)) = (&arguments.user, connection.get("REDIS_USERNAME")) {
        let user = user.expose();
        ui.note(&format!(
            "the default user is off: these are the settings of `{user}`, `--user` names another"
        ));
    }
    if connection.get("REDIS_PASSWORD").is_some() {
        ui.note("what follows on stdout has passwords in it");
    }
    if let Some(folder) = files.as_ref().and_then(|files| files.ca.parent()) {
        ui.note(&format!("the files for TLS are in {}", folder.display()));
    }
    ui.connection(&connection, arguments.format)?;
    Ok(Outcome::Done)
}
