//! `redisctl export`: a spec's deployment in another form, without an engine.

use super::spec_arguments::spec_source;
use super::{CommandError, ExitStatus};
use crate::cli::{ExportArguments, ExportFormat};
use crate::deployment::Error;
use crate::export::{compose, diagram};
use crate::output::DiagramDocument;
use crate::ui::Ui;

pub(super) fn run(arguments: &ExportArguments, ui: &Ui) -> Result<ExitStatus, CommandError> {
    let spec = spec_source(&arguments.spec)?.read()?;
    let topology = spec.topology();
    match arguments.format {
        // Sentinels write to their own configuration files, which compose cannot make.
        ExportFormat::Compose if !topology.sentinels.is_empty() => {
            return Err(CommandError::Deployment(Error::Invalid {
                message: "a compose file cannot describe sentinels".to_owned(),
                hint: "`redisctl export diagram` shows them, and `redisctl up` makes them".to_owned(),
            }));
        }
        // Compose reads JSON, too.
        ExportFormat::Compose if ui.is_json() => ui.json(&compose::compose(topology, spec.modules()))?,
        ExportFormat::Compose => {
            ui.print(&compose::render(topology, spec.modules()).map_err(std::io::Error::other)?)?;
        }
        ExportFormat::Diagram if ui.is_json() => {
            ui.document(DiagramDocument { deployment: &topology.name, mermaid: diagram::render(topology) })?;
        }
        ExportFormat::Diagram => ui.print(&diagram::render(topology))?,
    }
    Ok(ExitStatus::Done)
}
