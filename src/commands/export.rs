//! The command `export`: a spec in other forms, and a running deployment as a spec or a drawing.

use super::spec_arguments::spec_source;
use super::{CommandError, ExitStatus};
use crate::cli::{ComposeArguments, ExportFormat, FolderArguments, SpecArguments, SvgArguments};
use crate::deployment::{ConnectedEngine, Error, LoadedSpec};
use crate::export::compose;
use crate::export::{diagram, svg};
use crate::output::{DiagramDocument, SpecDocument, SvgDocument};
use crate::ui::Ui;

pub(super) async fn run(
    format: &ExportFormat,
    host: Option<&str>,
    ui: &Ui,
) -> Result<ExitStatus, CommandError> {
    match format {
        ExportFormat::Compose(arguments) => compose(arguments, ui)?,
        ExportFormat::Kubernetes(arguments) => kubernetes(arguments, ui)?,
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
        ExportFormat::Svg(arguments) => draw(arguments, host, ui).await?,
    }
    Ok(ExitStatus::Done)
}

async fn draw(arguments: &SvgArguments, host: Option<&str>, ui: &Ui) -> Result<(), CommandError> {
    let (deployment, svg) = if let Some(name) = &arguments.running {
        let engine = ConnectedEngine::connect(host).await?;
        let deployment = engine.deployment(Some(name)).await?;
        let status = deployment.status().await?;
        (deployment.name().clone(), svg::render_running(deployment.topology(), &status))
    } else {
        let spec = read(&arguments.spec)?;
        (spec.topology().name.clone(), svg::render(spec.topology()))
    };
    if ui.is_json() {
        ui.document(SvgDocument { deployment: &deployment, svg })?;
    } else {
        ui.print(&svg)?;
    }
    Ok(())
}

fn read(arguments: &SpecArguments) -> Result<LoadedSpec, CommandError> {
    Ok(spec_source(arguments)?.read()?)
}

fn compose(arguments: &ComposeArguments, ui: &Ui) -> Result<(), CommandError> {
    let spec = read(&arguments.spec)?;
    if !spec.topology().engines.is_empty() {
        return Err(CommandError::Deployment(Error::Invalid {
            message: "a compose file describes one engine, and the spec names several".to_owned(),
            hint: "`redisctl up` makes this deployment".to_owned(),
        }));
    }
    let Some(folder) = &arguments.output_dir else { return print_compose(&spec, ui) };
    let exported = spec.export_compose(folder)?;
    if ui.is_json() {
        ui.json(&exported)?;
    }
    let folder = folder.display();
    ui.note(&format!(
        "wrote `{folder}`: `docker compose --file {folder}/compose.yaml up --detach` starts it"
    ));
    if spec.topology().auth.is_some() || spec.topology().tls.is_some() {
        ui.note("the folder has passwords or keys, which only you may read");
    }
    Ok(())
}

fn kubernetes(arguments: &FolderArguments, ui: &Ui) -> Result<(), CommandError> {
    let spec = read(&arguments.spec)?;
    match &arguments.output_dir {
        Some(folder) => {
            spec.write_kubernetes(folder)?;
            let folder = folder.display();
            ui.note(&format!(
                "wrote `{folder}`: `kubectl apply --filename {folder}` sends it to a Kubernetes cluster"
            ));
            if spec.topology().auth.is_some() {
                ui.note("`secret.yaml` has passwords, which only you may read");
            }
        }
        None if ui.is_json() => ui.json(&spec.kubernetes()?.list())?,
        None => ui.print(&spec.kubernetes()?.text().map_err(std::io::Error::other)?)?,
    }
    Ok(())
}

fn print_compose(spec: &LoadedSpec, ui: &Ui) -> Result<(), CommandError> {
    let topology = spec.topology();
    // Sentinels write to their own configuration files, which a single compose file cannot make.
    if !topology.sentinels.is_empty() {
        return Err(CommandError::Deployment(Error::Invalid {
            message: "a single compose file cannot describe sentinels: they need files of their own"
                .to_owned(),
            hint: "`--output-dir DIR` writes a folder with all files".to_owned(),
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
