//! `redisctl topologies`: the topologies that come with redisctl.

use super::{CommandError, ExitStatus};
use crate::deployment::SHIPPED;
use crate::ui::Ui;

pub(super) fn run(ui: &Ui) -> Result<ExitStatus, CommandError> {
    let lines = SHIPPED.map(|shipped| (shipped.name, shipped.summary()));
    ui.topologies(&lines)?;
    Ok(ExitStatus::Done)
}
