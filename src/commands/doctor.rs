//! `redisctl doctor`: examines this machine, and prints hints for its problems.

use super::{CommandError, ExitStatus};
use crate::deployment::examine;
use crate::doctor::Severity;
use crate::ui::Ui;

pub(super) async fn run(host: Option<&str>, ui: &Ui) -> Result<ExitStatus, CommandError> {
    let examination = examine(host).await?;
    ui.diagnosis(&examination.diagnosis)?;
    Ok(match examination.diagnosis.count(Severity::Problem) {
        _ if !examination.reached => ExitStatus::EngineUnreachable,
        0 => ExitStatus::Done,
        _ => ExitStatus::ChecksFailed,
    })
}
