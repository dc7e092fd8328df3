//! `redisctl down`: removes deployments, and nothing else.

use super::lock::{Lock, Request};
use super::{CommandError, Connected, Outcome, connected, deployment, tls_files};
use crate::cli::DownArguments;
use crate::docker::remove::{self, Removed};
use crate::topology::DeploymentName;
use crate::ui::Ui;

pub(super) async fn run(
    arguments: &DownArguments,
    host: Option<&str>,
    ui: &Ui,
) -> Result<Outcome, CommandError> {
    let connected = connected(host).await?;
    let mut removed = Vec::new();
    for name in chosen(arguments, &connected).await? {
        let what = remove_one(&name, arguments, &connected, ui).await?;
        removed.push((name.to_string(), what));
    }
    ui.removed(&removed)?;
    Ok(Outcome::Done)
}

/// The deployments that are meant. One that is named need not be there yet: an `up` at work may be
/// just about to make it.
async fn chosen(
    arguments: &DownArguments,
    connected: &Connected,
) -> Result<Vec<DeploymentName>, CommandError> {
    let name = arguments.name.name.as_deref();
    if let Some(name) = name.and_then(|name| DeploymentName::new(name).ok()) {
        return Ok(vec![name]);
    }
    let on_engine = connected.engine.inventory().await?;
    if arguments.all {
        return Ok(on_engine.deployments().into_iter().collect());
    }
    Ok(vec![deployment::choose(name, &on_engine)?])
}

/// Removes one deployment, after whoever else is at work on it.
async fn remove_one(
    name: &DeploymentName,
    arguments: &DownArguments,
    connected: &Connected,
    ui: &Ui,
) -> Result<Removed, CommandError> {
    let (location, timeout) = (&connected.location, arguments.timeout);
    let lock = Request { deployment: name, location, command: "down", timeout };
    let lock = lock.take(|message| ui.note(&message)).await?;
    let removed = remove_under(&lock, name, arguments, connected, ui).await;
    lock.end();
    removed
}

async fn remove_under(
    lock: &Lock,
    name: &DeploymentName,
    arguments: &DownArguments,
    connected: &Connected,
    ui: &Ui,
) -> Result<Removed, CommandError> {
    let on_engine = if lock.follows_cut_off {
        connected.engine.inventory_after_killed_run(name).await?
    } else {
        connected.engine.inventory().await?
    };
    let inventory = on_engine.deployment(name);
    // What was there before somebody else was waited for may be gone now, which is what is wanted.
    if inventory.is_empty() && !lock.waited && !arguments.all {
        return Err(deployment::no_such_deployment(name.as_str(), &on_engine.deployments()));
    }
    // What `env` wrote is found by the deployment's CA, which is gone with it.
    let stored = if tls_files::exist() {
        connected.engine.stored(name, &on_engine).await.ok().flatten()
    } else {
        None
    };
    let removed = remove::deployment(connected.engine.client(), name, &inventory, arguments.volumes).await?;
    if let Some(certificates) = stored.and_then(|(_, credentials)| credentials.certificates)
        && let Err(error) = tls_files::forget(name, &certificates)
    {
        ui.warning(&format!("could not remove the files for TLS of `{name}`: {error}"));
    }
    Ok(removed)
}
