//! `redisctl validate` and `redisctl schema`: specs without an engine.

use super::{CommandError, Outcome, certificates, specs};
use crate::cli::SpecArguments;
use crate::spec::json_schema;
use crate::topology::warnings::warnings;
use crate::ui::Ui;

pub(super) fn run(arguments: &SpecArguments, ui: &Ui) -> Result<Outcome, CommandError> {
    let found = specs::find(arguments)?;
    certificates::judge(&found)?;
    let remarks = found.document.remark(warnings(&found.document.spec, &found.topology));
    ui.valid(found.document.source_name(), &found.topology, &remarks)?;
    Ok(Outcome::Done)
}

pub(super) fn schema(ui: &Ui) -> Result<Outcome, CommandError> {
    ui.json(&json_schema())?;
    Ok(Outcome::Done)
}
