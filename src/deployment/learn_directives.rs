//! Learns the spellings, defaults and live directives of an image's server before a run makes or changes anything. It
//! starts a server for a moment from the files of a node.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::try_join_all;

use super::Error;
use super::engine::ConnectedEngine;
use crate::docker::configuration_trial::{ServerTrial, TrialState};
use crate::poll::Wait;
use crate::redis::Servers;
use crate::redis::directives_in_force::DirectivesInForce;
use crate::spec::redis_conf::names::is_same_directive;
use crate::spec::{DirectiveValue, Problem, Spec};
use crate::topology::container::container;
use crate::topology::files::{File, render};
use crate::topology::server_end::ServerEnd;
use crate::topology::settings::of_spec;
use crate::topology::{Credentials, Learned, Node, Topology};

/// How long a server may take until it answers. A server that cannot be asked teaches nothing; `up` then finds out
/// by the nodes.
const LIMIT: Duration = Duration::from_secs(10);

/// How often to look.
const PACE: Duration = Duration::from_millis(10);

/// Directives that servers do not show.
const NOT_SHOWN: [&str; 2] = ["loadmodule", "rename-command"];

/// The end of a trial.
enum TrialEnd {
    /// The server answered.
    Answered(DirectivesInForce),
    /// It ended.
    Refused(ServerEnd),
    /// It runs, and does not answer from here.
    Silent,
}

/// The deployment as the spec wants it.
pub(super) struct Subject<'a> {
    pub(super) spec: &'a Spec,
    pub(super) topology: &'a Topology,
    pub(super) credentials: &'a Credentials,
    /// The modules that are files of the user's machine.
    pub(super) module_files: &'a [File],
    /// The topology of the last `up`.
    pub(super) stored: Option<&'a Topology>,
}

/// Learns the directives that `known` lacks. Gives the problems of the spec on which a server ends.
pub(super) async fn learn(
    subject: &Subject<'_>,
    engine: &ConnectedEngine,
    known: Learned,
) -> Result<Result<Learned, Vec<Problem>>, Error> {
    let nodes = known.to_ask_about(subject.topology, subject.stored);
    let trials = nodes.iter().map(|node| try_node(subject, engine, node));
    let outcomes = try_join_all(trials).await?;
    let (mut learned, mut problems) = (known, Vec::new());
    for (node, outcome) in nodes.into_iter().zip(outcomes) {
        match outcome {
            TrialEnd::Answered(found) => learned.learn(&node.settings, &found.settings, Some(&found.live)),
            TrialEnd::Refused(refusal) => problems.extend(refused(subject, engine, node, &refusal).await?),
            TrialEnd::Silent => {}
        }
    }
    problems.dedup();
    Ok(if problems.is_empty() { Ok(learned) } else { Err(problems) })
}

/// Starts a server from the files of a node, without the node's primary.
async fn try_node(subject: &Subject<'_>, engine: &ConnectedEngine, node: &Node) -> Result<TrialEnd, Error> {
    let Subject { topology, credentials, .. } = *subject;
    let names = std::slice::from_ref(&node.name);
    let mut files = subject.module_files.to_vec();
    files.extend(render(topology, credentials, names, Some(&node.name)));
    let trial = ServerTrial::start(engine.api.client(), &container(topology, node), files.clone()).await?;
    let outcome = ask(subject, &trial, node, &configuration(&files, node)).await;
    trial.end().await?;
    outcome
}

fn configuration(files: &[File], node: &Node) -> String {
    let own = format!("{}/server.conf", node.name);
    let text = files.iter().find_map(|file| match file {
        File::Content { path, text } if *path == own => Some(text.expose().to_owned()),
        _ => None,
    });
    text.unwrap_or_default()
}

async fn ask(
    subject: &Subject<'_>,
    trial: &ServerTrial,
    node: &Node,
    configuration: &str,
) -> Result<TrialEnd, Error> {
    let wait = Wait::new("a server on trial to answer", LIMIT, PACE);
    loop {
        match trial.state().await? {
            TrialState::Ended(log) => return Ok(TrialEnd::Refused(ServerEnd::read(&log, configuration))),
            TrialState::Runs(Some(port)) => {
                let topology = published_at(subject.topology, node, port);
                let servers = Servers::new(&topology, subject.credentials);
                if let Ok(found) = servers.try_directives(&node.name).await {
                    return Ok(TrialEnd::Answered(found));
                }
            }
            TrialState::Runs(None) => {}
        }
        if wait.pause().await.is_err() {
            return Ok(TrialEnd::Silent);
        }
    }
}

/// A topology in which the node is published at another port.
fn published_at(topology: &Topology, node: &Node, port: u16) -> Topology {
    with_node(topology, node, |node| node.endpoint.port = port)
}

/// A topology in which the node differs.
fn with_node(topology: &Topology, node: &Node, change: impl Fn(&mut Node)) -> Topology {
    let mut topology = topology.clone();
    for shard in &mut topology.shards {
        let nodes = std::iter::once(&mut shard.primary).chain(&mut shard.replicas);
        nodes.filter(|other| other.name == node.name).for_each(&change);
    }
    topology
}

/// The problems of a spec on which a server ends.
async fn refused(
    subject: &Subject<'_>,
    engine: &ConnectedEngine,
    node: &Node,
    refusal: &ServerEnd,
) -> Result<Vec<Problem>, Error> {
    let directives = match &refusal.directive {
        Some(directive) => vec![directive.clone()],
        // Redis 8 does not name a directive that it takes for a module's.
        None => unknown_directives(subject, engine, node).await?,
    };
    if directives.is_empty() {
        return Ok(vec![problem(subject, node, None, refusal)]);
    }
    let problems = directives.iter().map(|directive| problem(subject, node, Some(directive), refusal));
    Ok(problems.collect())
}

/// The directives of a node that a server does not have which was started without them.
async fn unknown_directives(
    subject: &Subject<'_>,
    engine: &ConnectedEngine,
    node: &Node,
) -> Result<Vec<String>, Error> {
    let own: Vec<&str> = of_spec(&node.settings).map(|(name, _)| name).collect();
    let topology =
        with_node(subject.topology, node, |node| own.iter().for_each(|name| node.settings.remove(name)));
    let TrialEnd::Answered(found) =
        try_node(&Subject { topology: &topology, ..*subject }, engine, node).await?
    else {
        return Ok(Vec::new());
    };
    let is_unknown = |name: &&str| found.settings.get(name).is_none() && !NOT_SHOWN.contains(name);
    Ok(own.into_iter().filter(is_unknown).map(str::to_owned).collect())
}

/// The problem of a spec on which a server ends.
fn problem(subject: &Subject<'_>, node: &Node, directive: Option<&String>, refusal: &ServerEnd) -> Problem {
    let Subject { spec, topology, .. } = subject;
    let own = spec.nodes.iter().flatten().find(|(name, _)| name.as_str() == node.name.as_str());
    let given = |config: Option<&BTreeMap<String, DirectiveValue>>| {
        let directive = directive?;
        config?.keys().find(|name| is_same_directive(name, directive)).cloned()
    };
    let path = match (given(own.and_then(|(_, own)| own.config.as_ref())), given(spec.config.as_ref())) {
        (Some(name), _) => vec!["nodes".to_owned(), node.name.to_string(), "config".to_owned(), name],
        (None, Some(name)) => vec!["config".to_owned(), name],
        (None, None) => vec!["config".to_owned()],
    };
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let what = directive.map_or("this".to_owned(), |directive| format!("`{directive}`"));
    let message = format!("{} does not start with {what}: {}", topology.server, refusal.words);
    Problem::new(&path, message).hint("these are the words of a server that was started to try it")
}
