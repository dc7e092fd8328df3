//! `redisctl ca`: the certificate of a deployment's CA.

use super::{CommandError, ExitStatus};
use crate::cli::CaArguments;
use crate::deployment::{ConnectedEngine, Error};
use crate::output::AuthorityDocument;
use crate::ui::Ui;

pub(super) async fn run(
    arguments: &CaArguments,
    host: Option<&str>,
    ui: &Ui,
) -> Result<ExitStatus, CommandError> {
    let engine = ConnectedEngine::connect(host).await?;
    let deployment = engine.deployment(arguments.name.name.as_deref()).await?;
    let authority = deployment.authority().ok_or_else(|| {
        CommandError::Deployment(Error::Invalid {
            message: format!("`{}` does not use TLS", deployment.name()),
            hint: "`tls: true` in a spec makes a CA and certificates".to_owned(),
        })
    })?;
    if let Some(path) = &arguments.write {
        let failed =
            |source| CommandError::Deployment(Error::File { operation: "write", path: path.clone(), source });
        std::fs::write(path, authority).map_err(failed)?;
    } else if ui.is_json() {
        ui.document(AuthorityDocument { deployment: deployment.name(), ca: authority })?;
    } else {
        ui.print(authority)?;
    }
    Ok(ExitStatus::Done)
}
