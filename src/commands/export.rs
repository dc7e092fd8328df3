//! `redisctl export compose`, `export diagram` and `export spec`: a spec in other forms, and a running deployment as a spec.

use super::spec_arguments::spec_source;
use super::{CommandError, ExitStatus};
use crate::cli::{ExportFormat, SpecArguments};
use crate::deployment::{ConnectedEngine, Error, LoadedSpec};
use crate::export::{compose, diagram};
use crate::output::{DiagramDocument, SpecDocument};
use crate::ui::Ui;

pub(super) async fn run(
    format: &ExportFormat,
    host: Option<&str>,
    ui: &Ui,
) -> Result<ExitStatus, CommandError> {
    match format {
        ExportFormat::Compose(arguments) => print_compose(&read(arguments)?, ui)?,
        ExportFormat::Diagram(arguments) => {
            let spec = read(arguments)?;
            let (topology, mermaid) = (spec.topology(), diagram::render(spec.topology()));
            if ui.is_json() {
                ui.document(DiagramDocument { deployment: &topology.name, mermaid })?;
            } else {
                ui.print(&mermaid)?;
            }
        }
        ExportFormat::Spec(name) => {
            let engine = ConnectedEngine::connect(host).await?;
            let deployment = engine.deployment(name.name.as_deref()).await?;
            let spec = deployment.spec()?;
            let yaml = spec.text().map_err(std::io::Error::other)?;
            if ui.is_json() {
                let spec = serde_json::to_value(spec.fields()).map_err(std::io::Error::other)?;
                ui.document(SpecDocument { deployment: deployment.name(), spec, yaml: &yaml })?;
            } else {
                ui.print(&yaml)?;
            }
        }
    }
    Ok(ExitStatus::Done)
}

fn read(arguments: &SpecArguments) -> Result<LoadedSpec, CommandError> {
    Ok(spec_source(arguments)?.read()?)
}

fn print_compose(spec: &LoadedSpec, ui: &Ui) -> Result<(), CommandError> {
    let topology = spec.topology();
    // Sentinels write to their own configuration files, which compose cannot make.
    if !topology.sentinels.is_empty() {
        return Err(CommandError::Deployment(Error::Invalid {
            message: "a compose file cannot describe sentinels".to_owned(),
            hint: "`redisctl export diagram` shows them, and `redisctl up` makes them".to_owned(),
        }));
    }
    // Compose reads JSON, too.
    if ui.is_json() {
        ui.json(&compose::compose(topology, spec.modules()))?;
    } else {
        ui.print(&compose::render(topology, spec.modules()).map_err(std::io::Error::other)?)?;
    }
    Ok(())
}
