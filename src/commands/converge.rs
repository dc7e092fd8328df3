//! Observe, plan, execute, until nothing is left to do.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::time::Instant;

use super::prepare::Prepared;
use super::{CommandError, Connected};
use crate::event::{Event, Listener};
use crate::executor::{ExecuteError, Executor};
use crate::observation::Observation;
use crate::plan::{AtStake, Plan};
use crate::planner::{self, Forming, Options};
use crate::redis::Servers;
use crate::topology::NodeName;
use crate::topology::files;

/// The most rounds: one for containers that must run before their servers can be asked, one for
/// what the servers then say, one more for each way of forming, and one to spare.
const MOST_ROUNDS: usize = 6;

/// How long it is looked again where one server seems to take another one's place at this moment.
const CHANGE_OF_PRIMARIES: Duration = Duration::from_secs(2);

/// How often it is looked then.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Observes both planes.
pub(super) async fn observe(
    prepared: &Prepared,
    connected: &Connected,
    servers: &Servers<'_>,
) -> Result<Observation, CommandError> {
    let on_engine = connected.engine.inventory().await?;
    let mut observed = connected.engine.observe(&prepared.topology, &on_engine).await?;
    observed.stored = prepared.stored.as_ref().map(|(topology, _)| Box::new(topology.clone()));
    if let Some((_, stored)) = &prepared.stored {
        observed.changed_passwords = prepared.credentials.changed_since(stored);
        if let (Some(now), Some(before)) = (&prepared.credentials.certificates, &stored.certificates) {
            observed.renewed_certificates = now.renewed_since(before, &prepared.topology);
            observed.changed_authority = now.authority() != before.authority();
        }
    }
    servers.leaving(&observed.leaving(&prepared.topology));
    let running = observed.running(&prepared.topology);
    let started = Instant::now();
    loop {
        observed.servers = servers.observe(&running).await;
        if !observed.is_between_primaries(&prepared.topology) || started.elapsed() >= CHANGE_OF_PRIMARIES {
            break;
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
    observed.strangers = servers.strangers(observed.slot_owners_besides(&prepared.topology)).await;
    Ok(observed)
}

/// Plans what is to be done.
pub(super) fn plan(
    prepared: &Prepared,
    observed: &Observation,
    options: Options,
) -> Result<Plan, CommandError> {
    planner::plan(&prepared.topology, observed, options).map_err(|obstacles| CommandError::Obstacles {
        deployment: prepared.topology.name.to_string(),
        obstacles,
    })
}

/// Brings the deployment to its topology. Gives how many steps changed something.
pub(super) async fn converge(
    prepared: &mut Prepared,
    connected: &Connected,
    servers: &Servers<'_>,
    mut options: Options,
    timeout: Duration,
    listener: &dyn Listener,
) -> Result<usize, CommandError> {
    let mut changes = 0;
    let mut warned: Vec<AtStake> = Vec::new();
    for _ in 0..MOST_ROUNDS {
        let observed = observe(prepared, connected, servers).await?;
        let next = Arc::new(plan(prepared, &observed, options)?);
        let news: Vec<AtStake> =
            next.at_stake.iter().filter(|news| !warned.contains(news)).cloned().collect();
        news.iter().for_each(|news| listener.hear(Event::Warning { message: news.to_string() }));
        warned.extend(news);
        listener.hear(Event::Planned { plan: Arc::clone(&next) });
        if next.is_empty() {
            return Ok(changes);
        }
        // Others that cannot be seen from here are seen on the servers that run already.
        if !servers.claim().await {
            return Err(CommandError::NotFirst(prepared.topology.name.to_string()));
        }
        changes += next.changes();
        let (topology, credentials) = (&prepared.topology, &prepared.credentials);
        // By then the plan has made anew what it was to.
        let later = Options { recreate: false, ..options };
        let present: &Prepared = prepared;
        let replan = || -> BoxFuture<'_, Option<Plan>> {
            Box::pin(async move {
                let observed = observe(present, connected, servers).await.ok()?;
                plan(present, &observed, later).ok()
            })
        };
        let executor = Executor {
            engine: &connected.engine,
            servers,
            files: &|nodes: &[NodeName], primary: Option<&NodeName>| {
                files::render(topology, credentials, nodes, primary)
            },
            replan: &replan,
            listener,
            timeout,
        };
        match executor.run(&next).await {
            Ok(()) if next.complete => return Ok(changes),
            Ok(()) => {}
            Err(error @ ExecuteError::Outdated { .. }) => {
                listener.hear(Event::Note { message: error.to_string() });
            }
            Err(error @ ExecuteError::Wait { .. })
                if options.forming == Forming::RoleSwap && next.swaps_roles() =>
            {
                let message =
                    format!("the quick way of forming did not come about, going the plain way: {error}");
                listener.hear(Event::Warning { message });
                options.forming = Forming::Plain;
            }
            Err(error) => return Err(CommandError::Execute(Box::new(error))),
        }
        // What was just made is removed once: what follows builds on it.
        options.recreate = false;
        prepared.stored = Some((prepared.topology.clone(), prepared.credentials.clone()));
    }
    Err(CommandError::Unsettled(prepared.topology.name.to_string(), MOST_ROUNDS))
}
