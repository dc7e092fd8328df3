//! `redisctl plan`: prints the steps of `up` with their causes.

use super::spec_arguments::spec_source;
use super::{CommandError, ExitStatus};
use crate::cli::PlanArguments;
use crate::deployment::Up;
use crate::ui::Ui;

pub(super) async fn run(
    arguments: &PlanArguments,
    host: Option<&str>,
    ui: &Ui,
) -> Result<ExitStatus, CommandError> {
    let up = Up::new(spec_source(&arguments.spec)?)
        .at(host)
        .recreate(arguments.recreate)
        .discard_keys(arguments.discard_keys)
        .adopt_slots(arguments.adopt_slots)
        .replace_engine(arguments.replace_engine.clone());
    let plan = up.plan().await?;
    ui.plan(&plan)?;
    let changes = arguments.detailed_exitcode && plan.changes() > 0;
    Ok(if changes { ExitStatus::ChangesFound } else { ExitStatus::Done })
}
