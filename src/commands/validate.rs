//! `redisctl validate`: checks a spec without an engine.

use super::spec_arguments::spec_source;
use super::{CommandError, ExitStatus};
use crate::cli::SpecArguments;
use crate::deployment::judge_certificates;
use crate::ui::Ui;

pub(super) fn run(arguments: &SpecArguments, ui: &Ui) -> Result<ExitStatus, CommandError> {
    let spec = spec_source(arguments)?.read()?;
    judge_certificates(&spec)?;
    ui.valid(spec.source_name(), spec.topology(), &spec.remarks(spec.topology()))?;
    Ok(ExitStatus::Done)
}
