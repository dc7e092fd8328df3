//! Proves a deployment: runs the core's checks over real connections, through the endpoints from
//! where the client is, and records what was asked and answered. What a reply means is the core's.

use std::time::{Duration, Instant};

use futures_util::future::join_all;

use super::Servers;
use crate::executor::chain;
use crate::report::{CheckResult, Exchange, Outcome, Report};
use crate::topology::{Credentials, Topology};
use crate::verify::{self, Check, PATIENCE, Step, Trial, Verdict};

mod reply;
mod session;
mod survey;

use session::Sessions;

/// How often a patient step is done again: often, because most are done at the second try.
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// Runs every check that fits the deployment, all of them side by side. Keys and channels of the
/// checks begin with `unique`, which must hold no braces and differ from run to run.
pub async fn verify(
    servers: &Servers<'_>,
    topology: &Topology,
    credentials: &Credentials,
    unique: &str,
) -> Report {
    verify_within(servers, topology, credentials, unique, PATIENCE).await
}

/// [`verify`], with another limit for what a check may wait for.
pub async fn verify_within(
    servers: &Servers<'_>,
    topology: &Topology,
    credentials: &Credentials,
    unique: &str,
    patience: Duration,
) -> Report {
    let survey = survey::take(servers).await;
    let checks = verify::checks(topology, credentials, &survey, unique);
    let checks = join_all(checks.into_iter().map(|check| run(servers, check, patience))).await;
    Report { deployment: topology.name.clone(), checks }
}

/// The user as which redisctl is logged in.
fn user<'a>(servers: &'a Servers<'_>) -> &'a str {
    servers.login.as_ref().map_or("default", |login| &login.user)
}

async fn run(servers: &Servers<'_>, check: Check, patience: Duration) -> CheckResult {
    let (verdict, transcript) = match check.trial {
        Trial::Judged { verdict, transcript } => (verdict, transcript),
        Trial::Asked { steps, cleanup, found } => {
            let mut sessions = Sessions::new(servers, patience);
            let mut transcript = Vec::new();
            let mut verdict = Ok(found);
            for step in &steps {
                if let Err(disappointment) = perform(&mut sessions, step, patience, &mut transcript).await {
                    verdict = Err(disappointment);
                    break;
                }
            }
            for step in &cleanup {
                // Keys go away by themselves, too: a failure here is no finding.
                let _ = perform(&mut sessions, step, Duration::ZERO, &mut transcript).await;
            }
            (verdict, transcript)
        }
    };
    let (outcome, detail) = outcome(verdict);
    CheckResult { name: check.name, proves: check.proves, node: check.node, outcome, detail, transcript }
}

fn outcome(verdict: Verdict) -> (Outcome, String) {
    match verdict {
        Ok(found) => (Outcome::Passed, found),
        Err(wrong) => (Outcome::Failed, wrong),
    }
}

/// Does one step, a patient one again and again, and judges what comes back.
async fn perform(
    sessions: &mut Sessions<'_>,
    step: &Step,
    patience: Duration,
    transcript: &mut Vec<Exchange>,
) -> Result<(), String> {
    let (at, user) = sessions.place(&step.session);
    let started = Instant::now();
    let mut times = 0;
    loop {
        times += 1;
        let answer = sessions.perform(step).await;
        let (reply, judged) = match &answer {
            Ok(reply) => (reply.to_string(), step.expectation.judge(reply)),
            Err(error) => (format!("(no reply: {})", chain(error)), Err(chain(error))),
        };
        let again = judged.is_err() && step.patient && started.elapsed() < patience;
        if again {
            tokio::time::sleep(POLL_INTERVAL).await;
            continue;
        }
        transcript.push(Exchange { at, user, command: step.deed.to_string(), reply, times });
        return judged.map_err(|wrong| {
            let waited = if step.patient { format!(" for {patience:?}") } else { String::new() };
            format!("`{}` at {}: {wrong}{waited}", step.deed, step.session.node())
        });
    }
}
