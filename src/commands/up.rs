//! `redisctl up`: brings a deployment up, verifies it, and prints how to connect.

use super::spec_arguments::spec_source;
use super::{CommandError, ExitStatus};
use crate::cli::{FormingChoice, OnFailure, UpArguments};
use crate::deployment::{Error, Up, UpDone};
use crate::planner::Forming;
use crate::ui::{Timings, Ui};

pub(super) async fn run(
    arguments: &UpArguments,
    host: Option<&str>,
    ui: &Ui,
) -> Result<ExitStatus, CommandError> {
    let renderer = ui.renderer();
    let timings = Timings::new(renderer.as_ref());
    let up = Up::new(spec_source(&arguments.spec)?)
        .at(host)
        .listener(&timings)
        .timeout(arguments.timeout)
        .recreate(arguments.recreate)
        .discard_keys(arguments.discard_keys)
        .adopt_slots(arguments.adopt_slots)
        .replace_engine(arguments.replace_engine.clone())
        .forming(match arguments.forming {
            FormingChoice::Swap => Forming::RoleSwap,
            FormingChoice::Plain => Forming::Plain,
        })
        .verify(!arguments.no_verify)
        .remove_on_failure(arguments.on_failure == OnFailure::Remove)
        .bundle(arguments.bundle.clone())
        .time_to_live(arguments.ttl);
    let done = Box::pin(up.run()).await;
    renderer.finish();
    let shown = match &done {
        Ok(UpDone { deployment, result }) => ui.up(deployment.topology(), result),
        Err(Error::ChecksFailed(failed)) => ui.up(&failed.topology, &failed.result),
        Err(_) => Ok(()),
    };
    if arguments.timings {
        ui.timings(&timings);
    }
    match done {
        // The report is already printed.
        Err(Error::ChecksFailed(failed)) => {
            shown?;
            failed.removal.iter().for_each(|removal| ui.note(&removal.to_string()));
            Ok(ExitStatus::ChecksFailed)
        }
        Err(error) => Err(error.into()),
        Ok(_) => Ok(shown.map(|()| ExitStatus::Done)?),
    }
}
