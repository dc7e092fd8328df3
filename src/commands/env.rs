//! `redisctl env`: connection settings, with passwords.

use super::{CommandError, ExitStatus, warn_if_out_of_reach};
use crate::cli::EnvArguments;
use crate::connection::Format;
use crate::deployment::{ConnectedEngine, Error};
use crate::ui::Ui;

pub(super) async fn run(
    arguments: &EnvArguments,
    host: Option<&str>,
    ui: &Ui,
) -> Result<ExitStatus, CommandError> {
    let engine = ConnectedEngine::connect(host).await?;
    let deployment = engine.deployment(arguments.name.name.as_deref()).await?;
    warn_if_out_of_reach(&deployment, ui);
    let files = deployment.write_tls_files(arguments.tls_folder.as_deref())?;
    let settings = deployment.connection(arguments.user.as_deref(), files.as_ref()).await?;
    let format = if ui.is_json() { Format::Json } else { arguments.format };
    let text = settings.render(format).map_err(Error::from)?;
    if let (None, Some(user)) = (&arguments.user, settings.get("REDIS_USERNAME")) {
        let user = user.expose();
        ui.note(&format!(
            "the default user is off: these are the settings of `{user}`; `--user` chooses another user"
        ));
    }
    if settings.get("REDIS_PASSWORD").is_some() {
        ui.note("the settings on stdout contain passwords");
    }
    if let Some(folder) = files.as_ref().and_then(|files| files.ca.parent()) {
        ui.note(&format!("the files for TLS are in {}", folder.display()));
    }
    if let Some(told) = deployment.topology().told_instead_of_endpoints() {
        ui.note(&told.note);
    }
    ui.connection(&text)?;
    Ok(ExitStatus::Done)
}
