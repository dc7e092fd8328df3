//! Proves a deployment: runs the core's checks over real connections, through the endpoints from
//! where the client is, and records what was asked and answered. What a reply means is the core's.

use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};

use super::Servers;
use crate::executor::chain;
use crate::poll::Wait;
use crate::report::{CheckResult, Exchange, Outcome, Report};
use crate::topology::{Credentials, NodeName, Topology};
use crate::verify::{
    self, Check, CheckConnection, CheckMethod, Command, Judgement, PATIENCE, Request, RequestAction,
};
use crate::waiting::Unavailable;

mod check_connections;
mod reply;

mod survey;

use check_connections::CheckConnections;

/// How often a patient step is done again: often, because most are done at the second try.
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// Tells why a node's server cannot answer, as far as its container shows it.
pub type WhySilent<'a> = dyn Fn(NodeName) -> BoxFuture<'a, Option<Unavailable>> + Send + Sync + 'a;

/// Runs every check that fits the deployment, all of them side by side. Keys and channels of the
/// checks begin with `unique`, which must hold no braces and differ from run to run. `why` is asked for nodes that do
/// not answer.
pub async fn verify(
    servers: &Servers<'_>,
    topology: &Topology,
    credentials: &Credentials,
    unique: &str,
    why: &WhySilent<'_>,
) -> Report {
    verify_within(servers, topology, credentials, unique, PATIENCE, why).await
}

/// [`verify()`], with another limit for what a check may wait for.
pub async fn verify_within(
    servers: &Servers<'_>,
    topology: &Topology,
    credentials: &Credentials,
    unique: &str,
    patience: Duration,
    why: &WhySilent<'_>,
) -> Report {
    let survey = survey::take(servers, why).await;
    let checks = verify::checks(topology, credentials, &survey, unique);
    let checks = join_all(checks.into_iter().map(|check| run(servers, check, patience))).await;
    Report { deployment: topology.name.clone(), checks }
}

/// The user as which redisctl is logged in.
fn user<'a>(servers: &'a Servers<'_>) -> &'a str {
    servers.login.as_ref().map_or("default", |login| &login.user)
}

async fn run(servers: &Servers<'_>, check: Check, patience: Duration) -> CheckResult {
    let (verdict, transcript) = match check.method {
        CheckMethod::Judged { judgement: verdict, transcript } => (verdict, transcript),
        CheckMethod::Asked { requests: steps, cleanup, mut transcript, found } => {
            let mut sessions = CheckConnections::new(servers, patience);
            let mut verdict = Ok(found);
            for round in steps.chunk_by(in_one_round) {
                if let Err(disappointment) = perform(&mut sessions, round, patience, &mut transcript).await {
                    verdict = Err(disappointment);
                    break;
                }
            }
            for step in &cleanup {
                // Keys go away by themselves, too: a failure here is no finding.
                let round = std::slice::from_ref(step);
                let _ = perform(&mut sessions, round, Duration::ZERO, &mut transcript).await;
            }
            (verdict, transcript)
        }
    };
    let (outcome, detail) = outcome(verdict);
    CheckResult { name: check.name, proves: check.proves, node: check.node, outcome, detail, transcript }
}

fn outcome(verdict: Judgement) -> (Outcome, String) {
    match verdict {
        Ok(found) => (Outcome::Passed, found),
        Err(wrong) => (Outcome::Failed, wrong),
    }
}

/// Whether a step can be sent together with the one before it, without waiting for its reply.
fn in_one_round(before: &Request, step: &Request) -> bool {
    fn command(step: &Request) -> Option<&Command> {
        match &step.action {
            RequestAction::Send(command) if !step.patient => Some(command),
            _ => None,
        }
    }
    // A cluster client sends each command where it belongs. What follows a log-in waits for it:
    // Redis 8 and Valkey 8 leave a second AUTH unanswered that comes together with a refused one.
    before.connection == step.connection
        && !matches!(step.connection, CheckConnection::Cluster(_))
        && command(before).is_some_and(|command| command.logs_in().is_none())
        && command(step).is_some()
}

/// Does the steps of one round, again and again where they are patient, and judges what comes back.
async fn perform(
    sessions: &mut CheckConnections<'_>,
    round: &[Request],
    patience: Duration,
    transcript: &mut Vec<Exchange>,
) -> Result<(), String> {
    let wait = Wait::new("the expected reply", patience, POLL_INTERVAL);
    let mut times = 0;
    loop {
        times += 1;
        let answers = sessions.perform(round).await;
        let mut exchanges = Vec::new();
        let mut judgement = Ok(());
        for (step, answer) in round.iter().zip(answers) {
            let (at, user) = sessions.place(&step.connection);
            if let Ok(reply) = &answer {
                sessions.note(step, reply);
            }
            let (reply, judged) = match &answer {
                Ok(reply) => (reply.to_string(), step.expectation.judge(reply)),
                Err(error) => {
                    let why = chain(error);
                    let judged = step.expectation.judge_silence(why.clone(), error.is_hang_up());
                    (format!("(no reply: {why})"), judged)
                }
            };
            exchanges.push(Exchange { at, user, command: step.action.to_string(), reply, times });
            judgement = judgement.and(judged.map_err(|wrong| {
                let waited = if step.patient { format!(" for {patience:?}") } else { String::new() };
                format!("`{}` at {}: {wrong}{waited}", step.action, step.connection.node())
            }));
        }
        let patient = round.iter().any(|step| step.patient);
        if judgement.is_ok() || !patient || wait.pause().await.is_err() {
            transcript.append(&mut exchanges);
            return judgement;
        }
    }
}
