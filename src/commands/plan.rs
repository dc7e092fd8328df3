//! `redisctl plan`: what `up` would do, and why; nothing is changed.

use super::prepare::{ImageChoice, image_choice, prepare};
use super::up::Taken;
use super::{CommandError, Outcome, connected, converge, specs};
use crate::cli::PlanArguments;
use crate::docker::host_image;
use crate::planner::Options;
use crate::redis::Servers;
use crate::ui::Ui;

pub(super) async fn run(
    arguments: &PlanArguments,
    host: Option<&str>,
    ui: &Ui,
) -> Result<Outcome, CommandError> {
    let found = specs::find(&arguments.spec)?;
    let connected = connected(host).await?;
    let image = match image_choice(&found) {
        ImageChoice::Reference(reference) => reference,
        ImageChoice::Host => host_image::reference().await?,
    };
    let prepared = prepare(&found, &connected, image, &Taken::default()).await?;
    let stored = prepared.stored.as_ref().map(|(_, credentials)| credentials);
    let servers = Servers::new(&prepared.topology, &prepared.credentials).brought_from(stored);
    let observed = converge::observe(&prepared, &connected, &servers).await?;
    let (recreate, discard_keys) = (arguments.recreate, arguments.discard_keys);
    let options = Options { recreate, discard_keys, ..Options::default() };
    let plan = converge::plan(&prepared, &observed, options)?;
    ui.plan(&plan)?;
    let changes = arguments.detailed_exitcode && plan.changes() > 0;
    Ok(if changes { Outcome::ChangesFound } else { Outcome::Done })
}
