//! `redisctl status --watch`: a live view on a terminal, a line for each change in a pipe, or a line of JSON for each look.

use std::time::{Duration, Instant};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::sync::mpsc::{Receiver, channel};

use super::interruption::interrupted;
use super::{CommandError, ExitStatus};
use crate::deployment::{Deployment, Error};
use crate::executor::chain;
use crate::status::{LiveStatus, Look, Sample, StatusLine};
use crate::ui::{LiveView, Ui, Wish};

/// The results of looks at a deployment.
type Looks = Receiver<Result<Sample, Error>>;

pub(super) async fn run(deployment: Deployment, pace: Duration, ui: &Ui) -> Result<ExitStatus, CommandError> {
    let live = LiveStatus::new(deployment.name().as_str());
    let (sender, looks) = channel(1);
    tokio::select! {
        result = show(live, looks, ui) => result?,
        () = deployment.watch(pace, sender) => {}
        signal = interrupted() => signal?,
        () = ui.unread() => {}
    }
    Ok(ExitStatus::Done)
}

async fn show(live: LiveStatus, mut looks: Looks, ui: &Ui) -> Result<(), CommandError> {
    let Some(first) = looks.recv().await else { return Ok(()) };
    // Only a deployment that is there can be watched. Later it may go and come back.
    let first = first?;
    match ui.live_view()? {
        Some(view) => on_screen(view, live, first, looks).await,
        None => in_lines(live, first, looks, ui).await,
    }
}

async fn on_screen(
    mut view: LiveView,
    mut live: LiveStatus,
    first: Sample,
    mut looks: Looks,
) -> Result<(), CommandError> {
    let began = Instant::now();
    live.note(Look::Seen(Box::new(first)), began.elapsed());
    loop {
        view.show(&live, began.elapsed())?;
        tokio::select! {
            look = looks.recv() => match look {
                Some(found) => drop(live.note(as_look(found), began.elapsed())),
                None => return Ok(()),
            },
            wish = view.wish() => if wish? == Wish::Quit {
                return Ok(());
            },
        }
    }
}

/// The view shows the end of a deployment and a silent engine. They are no errors.
fn as_look(found: Result<Sample, Error>) -> Look {
    match found {
        Ok(sample) => Look::Seen(Box::new(sample)),
        Err(error) => why_unseen(&error).map_or(Look::Gone, Look::Unseen),
    }
}

/// Why a deployment was not seen; `None`: it does not exist.
fn why_unseen(error: &Error) -> Option<String> {
    match error {
        Error::NoSuchDeployment { .. } | Error::WithoutContainers { .. } => None,
        error => Some(chain(error)),
    }
}

async fn in_lines(
    mut live: LiveStatus,
    first: Sample,
    mut looks: Looks,
    ui: &Ui,
) -> Result<(), CommandError> {
    let began = Instant::now();
    if !ui.is_json() {
        ui.status(&first.status)?;
    }
    let mut next = Some(Ok(first));
    while let Some(found) = next {
        let missed = live.trouble.take();
        match found {
            Ok(sample) => {
                if missed.is_some() {
                    ui.note(&format!("`{}` is seen again", live.name));
                }
                let changes = live.note(Look::Seen(Box::new(sample)), began.elapsed());
                let time = now()?;
                if let Some(sample) = live.sample.as_ref().filter(|_| ui.is_json()) {
                    ui.status_line(StatusLine { time, status: &sample.status, activity: &live.activity })?;
                } else {
                    changes.iter().try_for_each(|change| ui.change(&time, change))?;
                }
            }
            Err(error) => {
                // In a pipe, the end of the deployment is an error.
                let Some(reason) = why_unseen(&error) else { return Err(error.into()) };
                if missed.as_ref() != Some(&reason) {
                    ui.warning(&format!("`{}` cannot be seen, and the watch goes on: {reason}", live.name));
                }
                live.note(Look::Unseen(reason), began.elapsed());
            }
        }
        next = looks.recv().await;
    }
    Ok(())
}

/// The time of day in UTC, with milliseconds.
fn now() -> Result<String, CommandError> {
    let now = OffsetDateTime::now_utc();
    let now = now.replace_millisecond(now.millisecond()).map_err(std::io::Error::other)?;
    Ok(now.format(&Rfc3339).map_err(std::io::Error::other)?)
}
