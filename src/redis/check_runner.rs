//! Verifies a deployment: sends the core's checks to the endpoints, and records every request and reply. The core
//! judges the replies.

use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};

use super::Servers;
use crate::executor::chain;
use crate::poll::Wait;
use crate::report::{CheckResult, Exchange, Outcome, Report};
use crate::topology::{Credentials, NodeName, Topology};
use crate::verify::{
    self, Check, CheckCommand, CheckConnection, CheckMethod, Judgement, PATIENCE, Request, RequestAction,
};
use crate::waiting::Unavailable;

mod acl_logs;
mod check_connections;
mod reply;
mod survey;

use check_connections::CheckConnections;

/// The pace of a patient request. Most succeed at the second attempt.
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// Tells why a node's server cannot answer, as far as its container shows it.
pub type WhySilent<'a> = dyn Fn(NodeName) -> BoxFuture<'a, Option<Unavailable>> + Send + Sync + 'a;

/// Runs every check for the deployment, all at the same time. Keys and channels of the checks begin with `unique`,
/// which must differ between runs and must not contain braces. `why` is called for nodes that do not answer.
pub async fn verify(
    servers: &Servers<'_>,
    topology: &Topology,
    credentials: &Credentials,
    unique: &str,
    why: &WhySilent<'_>,
) -> Report {
    verify_within(servers, topology, credentials, unique, PATIENCE, why).await
}

/// [`verify()`], with another limit for patient requests.
pub async fn verify_within(
    servers: &Servers<'_>,
    topology: &Topology,
    credentials: &Credentials,
    unique: &str,
    patience: Duration,
    why: &WhySilent<'_>,
) -> Report {
    let (survey, empty_logs) = tokio::join!(survey::take(servers, why), acl_logs::empty(servers));
    let checks = verify::checks(topology, credentials, &survey, unique);
    let checks = join_all(checks.into_iter().map(|check| run(servers, check, patience))).await;
    let report = Report { deployment: topology.name.clone(), checks };
    acl_logs::tidy(servers, empty_logs, &report).await;
    report
}

/// The user that redisctl logs in as.
fn user<'a>(servers: &'a Servers<'_>) -> &'a str {
    servers.login.as_ref().map_or("default", |login| &login.user)
}

async fn run(servers: &Servers<'_>, check: Check, patience: Duration) -> CheckResult {
    let advice = check.advice;
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
                // Keys also expire by themselves, so a failure here does not matter.
                let round = std::slice::from_ref(step);
                let _ = perform(&mut sessions, round, Duration::ZERO, &mut transcript).await;
            }
            let advised = |wrong: String| match advice {
                Some(advice) => format!("{wrong}; {advice}"),
                None => wrong,
            };
            (verdict.map_err(advised), transcript)
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

/// Whether a request can be sent without waiting for the reply to the request before it.
fn in_one_round(before: &Request, step: &Request) -> bool {
    fn command(step: &Request) -> Option<&CheckCommand> {
        match &step.action {
            RequestAction::Send(command) if !step.patient => Some(command),
            _ => None,
        }
    }
    // A cluster client sends each command to another node. A request after a login waits for the login's reply: Redis
    // 8 and Valkey 8 do not answer a second AUTH in the same batch as a refused AUTH.
    before.connection == step.connection
        && !matches!(step.connection, CheckConnection::Cluster(_))
        && command(before).is_some_and(|command| command.logs_in().is_none())
        && command(step).is_some()
}

/// Sends the requests of a round and judges the replies. Patient requests are sent again until they succeed.
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
