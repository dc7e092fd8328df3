//! `redisctl reset`: empties a deployment in place and brings it back to its spec.

use super::{CommandError, ExitStatus, warn_if_out_of_reach};
use crate::cli::ResetArguments;
use crate::deployment::{ConnectedEngine, Reset};
use crate::ui::Ui;

pub(super) async fn run(
    arguments: &ResetArguments,
    host: Option<&str>,
    ui: &Ui,
) -> Result<ExitStatus, CommandError> {
    let engine = ConnectedEngine::connect(host).await?;
    let deployment = engine.deployment(arguments.name.name.as_deref()).await?;
    warn_if_out_of_reach(&deployment, ui);
    let notices = ui.notices();
    let reset =
        Reset::new(&deployment).clients(arguments.clients).timeout(arguments.timeout).listener(&notices);
    let result = Box::pin(reset.run()).await?;
    ui.reset(&result)?;
    if result.clients_left.are_busy() {
        ui.note(&format!("{}; `--clients` ends the connections", result.clients_left));
    }
    Ok(ExitStatus::Done)
}
