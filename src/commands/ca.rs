//! `redisctl ca`: the certificate of a deployment's CA.

use super::{CommandError, Outcome, connected, deployment};
use crate::cli::CaArguments;
use crate::ui::Ui;

pub(super) async fn run(
    arguments: &CaArguments,
    host: Option<&str>,
    ui: &Ui,
) -> Result<Outcome, CommandError> {
    let connected = connected(host).await?;
    let found = deployment::open(arguments.name.name.as_deref(), &connected).await?;
    let Some(certificates) = &found.credentials.certificates else {
        return Err(CommandError::Usage {
            message: format!("`{}` does not speak TLS", found.topology.name),
            hint: "`tls: true` in a spec makes a CA and certificates".to_owned(),
        });
    };
    let authority = certificates.authority();
    if let Some(path) = &arguments.write {
        std::fs::write(path, authority).map_err(|source| CommandError::File {
            operation: "write",
            path: path.clone(),
            source,
        })?;
        return Ok(Outcome::Done);
    }
    if ui.is_json() {
        ui.json(&serde_json::json!({"deployment": found.topology.name, "ca": authority}))?;
    } else {
        ui.print(authority)?;
    }
    Ok(Outcome::Done)
}
