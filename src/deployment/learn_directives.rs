//! Asks an image's server for its spellings, defaults and live directives, before a run changes anything. It
//! temporarily starts a server from the files of a node.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::try_join_all;

use super::Error;
use super::engine::ConnectedEngine;
use super::module_files::list;
use crate::docker::configuration_trial::{ServerTrial, TrialState};
use crate::poll::Wait;
use crate::redis::Servers;
use crate::redis::directives_in_force::DirectivesInForce;
use crate::spec::redis_conf::names::is_same_directive;
use crate::spec::{DirectiveValue, ModuleSpec, Problem, Spec};
use crate::topology::container::container;
use crate::topology::files::{File, render};
use crate::topology::server_end::ServerEnd;
use crate::topology::settings::of_spec;
use crate::topology::{Credentials, Learned, Node, Topology};

/// The time limit for a server to answer. If a server does not answer, `up` learns from the nodes.
const LIMIT: Duration = Duration::from_secs(10);

/// The interval of checks.
const PACE: Duration = Duration::from_millis(10);

/// Directives that CONFIG GET does not show.
const NOT_SHOWN: [&str; 2] = ["loadmodule", "rename-command"];

/// The end of a trial.
enum TrialEnd {
    /// The server answered.
    Answered(DirectivesInForce),
    /// It ended.
    Refused(ServerEnd),
    /// It runs, but is not reachable from here; or its engine is out of reach.
    Silent,
}

/// The deployment that the spec describes.
pub(super) struct Subject<'a> {
    pub(super) spec: &'a Spec,
    pub(super) topology: &'a Topology,
    pub(super) credentials: &'a Credentials,
    /// Whether the image's server was seen with TLS.
    pub(super) has_tls: bool,
    /// The modules that are files of the user's machine.
    pub(super) module_files: &'a [File],
    /// The topology of the last `up`.
    pub(super) stored: Option<&'a Topology>,
}

impl Subject<'_> {
    /// The stored topology, if its servers are those of the image.
    fn stored_with_image(&self) -> Option<&Topology> {
        let is_same = |stored: &&Topology| {
            (stored.server, &stored.image) == (self.topology.server, &self.topology.image)
        };
        self.stored.filter(is_same)
    }

    /// Whether the spec lists modules that the image's server has not loaded yet.
    fn lists_new_modules(&self) -> bool {
        let is_loaded =
            self.stored_with_image().is_some_and(|stored| stored.modules == self.topology.modules);
        !list(self.spec).is_empty() && !is_loaded
    }

    /// Whether the image's server uses TLS for the first time.
    fn needs_tls(&self) -> bool {
        let used = self.has_tls || self.stored_with_image().is_some_and(|stored| stored.tls.is_some());
        self.topology.tls.is_some() && !used
    }

    /// The place in the spec of the module that a log line names.
    fn module_path(&self, words: &str) -> Vec<String> {
        let list = list(self.spec);
        let at = self.topology.modules.iter().position(|module| words.contains(&module.path));
        let field = at.and_then(|at| list.get(at)).and_then(ModuleSpec::field).map(str::to_owned);
        let at = at.filter(|_| !list.is_empty()).map(|at| at.to_string());
        std::iter::once("modules".to_owned()).chain(at).chain(field).collect()
    }
}

/// The result of the trials.
pub(super) struct Lesson {
    pub(super) learned: Learned,
    /// Whether a server answered.
    pub(super) answered: bool,
}

/// Learns the directives that `known` lacks. Returns the problems of the spec that end a server.
pub(super) async fn learn(
    subject: &Subject<'_>,
    engine: &ConnectedEngine,
    known: Learned,
) -> Result<Result<Lesson, Vec<Problem>>, Error> {
    let mut nodes = known.to_ask_about(subject.topology, subject.stored);
    if nodes.is_empty() && (subject.lists_new_modules() || subject.needs_tls()) {
        nodes.extend(subject.topology.servers().into_iter().take(1));
    }
    let trials = nodes.iter().map(|node| try_node(subject, engine, node));
    let outcomes = try_join_all(trials).await?;
    let (mut learned, mut answered, mut problems) = (known, false, Vec::new());
    for (node, outcome) in nodes.into_iter().zip(outcomes) {
        match outcome {
            TrialEnd::Answered(found) => {
                learned.learn(&node.settings, &found.settings, Some(&found.live));
                answered = true;
            }
            TrialEnd::Refused(refusal) => problems.extend(refused(subject, engine, node, &refusal).await?),
            TrialEnd::Silent => {}
        }
    }
    problems.dedup();
    Ok(if problems.is_empty() { Ok(Lesson { learned, answered }) } else { Err(problems) })
}

/// Starts a server from the files of a node, without the node's primary. It runs on the node's engine, because the node's
/// endpoint has the host of that engine.
async fn try_node(subject: &Subject<'_>, engine: &ConnectedEngine, node: &Node) -> Result<TrialEnd, Error> {
    let Some(engine) = engine.named(node.engine.as_ref()) else { return Ok(TrialEnd::Silent) };
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

/// A topology with another published port for the node.
fn published_at(topology: &Topology, node: &Node, port: u16) -> Topology {
    with_node(topology, node, |node| node.endpoint.port = port)
}

/// A topology with a changed node.
fn with_node(topology: &Topology, node: &Node, change: impl Fn(&mut Node)) -> Topology {
    let mut topology = topology.clone();
    for shard in &mut topology.shards {
        let nodes = std::iter::once(&mut shard.primary).chain(&mut shard.replicas);
        nodes.filter(|other| other.name == node.name).for_each(&change);
    }
    topology
}

/// The problems of a spec that end a server.
async fn refused(
    subject: &Subject<'_>,
    engine: &ConnectedEngine,
    node: &Node,
    refusal: &ServerEnd,
) -> Result<Vec<Problem>, Error> {
    let directives = match &refusal.directive {
        Some(directive) => vec![directive.clone()],
        // Redis 8 does not name a directive that may belong to a module.
        None => unknown_directives(subject, engine, node).await?,
    };
    if directives.is_empty() {
        return Ok(vec![problem(subject, node, None, refusal)]);
    }
    let problems = directives.iter().map(|directive| problem(subject, node, Some(directive), refusal));
    Ok(problems.collect())
}

/// The directives of a node that are missing on a server which was started without them.
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

/// The problem of a spec that ends a server.
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
    let is_of_tls = refusal
        .directive
        .as_ref()
        .map_or(refusal.words.contains("TLS"), |directive| directive.starts_with("tls-"));
    if topology.tls.is_some() && path == ["config"] && is_of_tls {
        let message = format!("{} does not start with TLS: {}", topology.server, refusal.words);
        return Problem::new(&["tls"], message)
            .hint("these are the words of a server that was started to try it; servers are built with or without TLS");
    }
    let is_module = refusal.directive.as_deref() == Some("loadmodule")
        && given(spec.config.as_ref()).is_none()
        && !topology.modules.is_empty();
    let path = if is_module { subject.module_path(&refusal.words) } else { path };
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let what = directive.map_or("this".to_owned(), |directive| format!("`{directive}`"));
    let verb = if is_module { "load this module" } else { &format!("start with {what}") };
    let message = format!("{} does not {verb}: {}", topology.server, refusal.words);
    Problem::new(&path, message).hint("these are the words of a server that was started to try it")
}
