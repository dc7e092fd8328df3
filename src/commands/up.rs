//! `redisctl up`: brings a deployment about, proves that it works, and says how to connect.

use std::time::Instant;

use super::prepare::{Prepared, check_offline, prepare, provide_image};
use super::{CommandError, Connected, Outcome, connected, converge, specs, verify};
use crate::cli::{FormingChoice, OnFailure, UpArguments};
use crate::docker::{image, remove};
use crate::event::{Event, Listener};
use crate::planner::{Forming, Options};
use crate::redis::Servers;
use crate::report::Report;
use crate::topology::warnings::warnings;
use crate::ui::Ui;

pub(super) async fn run(arguments: &UpArguments, host: Option<&str>, ui: &Ui) -> Result<Outcome, CommandError> {
    let found = specs::find(&arguments.spec)?;
    check_offline(&found)?;
    let listener = ui.listener();
    let mut watch = Stopwatch::new(listener.as_ref());
    let connected = connected(host).await?;
    watch.lap("connect");
    let image = provide_image(&found, &connected).await?;
    pull_where_absent(&connected, &image, listener.as_ref()).await?;
    watch.lap("image");
    let mut prepared = prepare(&found, &connected, image).await?;
    for message in warnings(&prepared.topology) {
        listener.hear(Event::Warning { message });
    }
    watch.lap("look around");
    let result = bring_about(arguments, &mut prepared, &connected, listener.as_ref()).await;
    if result.is_err() && arguments.on_failure == OnFailure::Remove {
        let name = &prepared.topology.name;
        let parts = connected.engine.snapshot().await?.parts(name);
        let removed = remove::deployment(connected.engine.client(), name, &parts, false).await?;
        let count = removed.containers.len();
        listener.hear(Event::Note { message: format!("removed what was made of `{name}`: {count} containers") });
    }
    listener.finish();
    let (changes, report) = result?;
    ui.up(&prepared.topology, changes, report.as_ref())?;
    if arguments.timings {
        ui.timings(listener.as_ref());
    }
    Ok(report.as_ref().map_or(Outcome::Done, verify::outcome))
}

/// Converges and verifies. Gives how many steps changed something, and the report.
async fn bring_about(
    arguments: &UpArguments,
    prepared: &mut Prepared,
    connected: &Connected,
    listener: &dyn Listener,
) -> Result<(usize, Option<Report>), CommandError> {
    let (topology, credentials) = (prepared.topology.clone(), prepared.credentials.clone());
    let servers = Servers::new(&topology, &credentials);
    let forming = match arguments.forming {
        FormingChoice::Swap => Forming::RoleSwap,
        FormingChoice::Plain => Forming::Plain,
    };
    let options = Options { forming, recreate: arguments.recreate };
    let changes = converge::converge(prepared, connected, &servers, options, arguments.timeout, listener).await?;
    if arguments.no_verify {
        return Ok((changes, None));
    }
    let mut watch = Stopwatch::new(listener);
    let report = verify::report(&servers, &topology, &credentials).await;
    watch.lap("verify");
    Ok((changes, Some(report)))
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

/// Tells a listener what the phases around the plan took.
struct Stopwatch<'a> {
    listener: &'a dyn Listener,
    since: Instant,
}

impl<'a> Stopwatch<'a> {
    fn new(listener: &'a dyn Listener) -> Self {
        Self { listener, since: Instant::now() }
    }

    /// Ends a phase; the next one begins.
    fn lap(&mut self, phase: &str) {
        let now = Instant::now();
        let took = now.duration_since(self.since);
        self.since = now;
        self.listener.hear(Event::PhaseFinished { phase: phase.to_owned(), took });
    }
}
