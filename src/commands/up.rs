//! `redisctl up`: brings a deployment about, proves that it works, and says how to connect.

use std::time::{SystemTime, UNIX_EPOCH};

use rand::RngExt as _;

use super::bundle::{Bundle, Recorder, Scene};
use super::lock::Request;
use super::prepare::{Prepared, prepare, provide_image};
use super::{CommandError, Connected, Outcome, connected, converge, neighbours, specs, verify};
use crate::cli::{FormingChoice, OnFailure, UpArguments};
use crate::docker::image;
use crate::doctor::{DoctorFinding, Severity};
use crate::event::{Event, Listener};
use crate::planner::{Forming, Options};
use crate::redis::Servers;
use crate::redis::presence::{Presence, Worker};
use crate::status::status;
use crate::topology::Kind;
use crate::topology::warnings::warnings;
use crate::ui::{Brought, Timings, Ui};

mod aftermath;
mod rivals;
mod stopwatch;

pub use aftermath::Aftermath;
pub(super) use rivals::Taken;

use rivals::Race;
use stopwatch::Stopwatch;

pub(super) async fn run(
    arguments: &UpArguments,
    host: Option<&str>,
    ui: &Ui,
) -> Result<Outcome, CommandError> {
    let mut scene = Scene::default();
    let outcome = run_in(&mut scene, arguments, host, ui).await;
    if let Some(lock) = scene.lock {
        lock.end();
    }
    outcome
}

/// Runs the command; `scene` keeps the lock until everything is over.
async fn run_in(
    scene: &mut Scene,
    arguments: &UpArguments,
    host: Option<&str>,
    ui: &Ui,
) -> Result<Outcome, CommandError> {
    let bundle = arguments.bundle.as_deref().map(Bundle::begin).transpose()?;
    let renderer = ui.renderer();
    let recorder = Recorder::new(renderer.as_ref(), bundle.as_ref());
    let listener = Timings::new(&recorder);
    let result = attempt(arguments, host, bundle.as_ref(), &listener, scene).await;
    if let Some(bundle) = &bundle {
        // Before anything is removed: there would be nothing to ask any more.
        bundle.gather(scene).await;
    }
    let result = match result {
        Err(error) => Err(aftermath::of(error, arguments.on_failure, scene).await),
        done => done,
    };
    if let Some(bundle) = &bundle {
        // After that: what is left, and the ways on, are part of the error.
        listener.hear(bundle.complete(scene, &result));
    }
    renderer.finish();
    let shown = match (&result, &scene.prepared) {
        (Ok(done), Some(prepared)) => ui.up(&prepared.topology, done),
        _ => Ok(()),
    };
    if arguments.timings {
        ui.timings(&listener);
    }
    let done = result?;
    shown?;
    let outcome = done.verified.as_ref().map_or(Outcome::Done, verify::outcome);
    let to_be_removed = outcome == Outcome::ChecksFailed && arguments.on_failure == OnFailure::Remove;
    if let (true, Scene { connected: Some(connected), prepared: Some(prepared), is_new, .. }) =
        (to_be_removed, &*scene)
    {
        let name = prepared.topology.name.clone();
        ui.note(&aftermath::of_failed_checks(connected, name, *is_new).await.to_string());
    }
    Ok(outcome)
}

/// Brings the deployment about; `scene` shows how far it came.
async fn attempt(
    arguments: &UpArguments,
    host: Option<&str>,
    bundle: Option<&Bundle>,
    listener: &Timings<'_>,
    scene: &mut Scene,
) -> Result<Brought, CommandError> {
    let found = specs::find(&arguments.spec)?;
    let mut watch = Stopwatch::new(listener);
    let connected = scene.connected.insert(connected(host).await?);
    watch.lap("connect");
    let image = provide_image(&found, connected).await?;
    pull_where_absent(connected, &image, listener).await?;
    watch.lap("image");
    let (location, timeout) = (&connected.location, arguments.timeout);
    let request = Request { deployment: &found.topology.name, location, command: "up", timeout };
    scene.lock = Some(request.take(|message| listener.hear(Event::Note { message })).await?);
    watch.lap("wait for others");
    let presence = Presence::new(worker());
    let mut race = Race::new(&found, connected, &presence, listener, timeout);
    let mut warned = false;
    loop {
        let prepared = scene.prepared.insert(prepare(&found, connected, image.clone(), race.taken()).await?);
        watch.lap("look around");
        if let Some(bundle) = bundle {
            let stored = prepared.stored.as_ref().map(|(_, credentials)| credentials);
            stored.into_iter().chain([&prepared.credentials]).for_each(|known| bundle.cover(known));
        }
        if !std::mem::replace(&mut warned, true) {
            warn_of_neighbours(prepared, connected, listener);
            let remarks = found.document.remark(warnings(&found.document.spec, &prepared.topology));
            for remark in remarks.located() {
                listener.hear(Event::Warning { message: remark.to_string() });
            }
        }
        if race.let_others_finish(prepared).await? {
            continue;
        }
        scene.is_new = race.is_new(prepared);
        match bring_about(arguments, prepared, connected, &presence, listener).await {
            Ok(done) => return Ok(done),
            Err(error) => {
                let again = race.lost(error, prepared).await;
                scene.is_new = race.is_new(prepared);
                again?;
            }
        }
    }
}

/// Converges, verifies, and looks at what there is then.
async fn bring_about(
    arguments: &UpArguments,
    prepared: &mut Prepared,
    connected: &Connected,
    presence: &Presence,
    listener: &Timings<'_>,
) -> Result<Brought, CommandError> {
    let (topology, credentials) = (prepared.topology.clone(), prepared.credentials.clone());
    let stored = prepared.stored.as_ref().map(|(_, credentials)| credentials.clone());
    let servers = Servers::new(&topology, &credentials).brought_from(stored.as_ref()).seen_as(presence);
    let forming = match arguments.forming {
        FormingChoice::Swap => Forming::RoleSwap,
        FormingChoice::Plain => Forming::Plain,
    };
    let options = Options { forming, recreate: arguments.recreate, discard_keys: arguments.discard_keys };
    let changes =
        converge::converge(prepared, connected, &servers, options, arguments.timeout, listener).await?;
    let mut watch = Stopwatch::new(listener);
    let verified = if arguments.no_verify {
        None
    } else {
        Some(verify::verified(&servers, &topology, &credentials).await)
    };
    watch.lap("verify");
    let observed = converge::observe(prepared, connected, &servers).await?;
    watch.lap("look at the result");
    Ok(Brought { changes, verified, status: status(&topology, &observed) })
}

/// Says before a cluster is made where its nodes may never meet; those of other kinds know only a few others.
fn warn_of_neighbours(prepared: &Prepared, connected: &Connected, listener: &dyn Listener) {
    let topology = &prepared.topology;
    if topology.kind != Kind::Cluster || prepared.stored.is_some() {
        return;
    }
    let finding = neighbours::finding(topology.nodes().len(), connected);
    if let Some(DoctorFinding { severity: Severity::Warning, detail, hint: Some(hint), .. }) = finding {
        listener.hear(Event::Warning { message: format!("neighbours: {detail} ({hint})") });
    }
}

/// What tells this `up` from others at the same deployment.
fn worker() -> Worker {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Worker { began: u64::try_from(since.as_millis()).unwrap_or(u64::MAX), token: rand::rng().random() }
}

/// Pulls the image if the engine does not have it, before anything depends on what is in it.
async fn pull_where_absent(
    connected: &Connected,
    reference: &str,
    listener: &dyn Listener,
) -> Result<(), CommandError> {
    if image::find(connected.engine.client(), reference).await?.is_none() {
        connected.engine.pull(reference, listener).await?;
    }
    Ok(())
}
