//! `redisctl schema`: the JSON Schema of specs, and of what commands print for programs.

use super::{CommandError, ExitStatus};
use crate::cli::SchemaArguments;
use crate::output::SCHEMAS;
use crate::ui::Ui;

pub(super) fn run(arguments: &SchemaArguments, ui: &Ui) -> Result<ExitStatus, CommandError> {
    for named in SCHEMAS.iter().filter(|named| named.name == arguments.document) {
        ui.json(&named.schema())?;
    }
    Ok(ExitStatus::Done)
}
