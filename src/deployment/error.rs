//! Why an operation on a deployment failed, and what to do next.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::Ipv4Net;

use super::converge::{ConvergeError, MOST_ROUNDS};
use super::failed_checks::FailedChecks;
use super::leftovers::Leftovers;
use super::lost_engines::{LostEngines, SilentEngine};
use super::seed_failure::SeedFailure;
use crate::certificates::issue::IssueError;
use crate::command_file::BrokenLine;
use crate::connection::ConnectionError;
use crate::counted::counted;
use crate::docker::EngineError;
use crate::docker::connect::ConnectError;
use crate::docker::host_image::HostImageError;
use crate::docker::location::LocationError;
use crate::executor::{ExecuteError, causes};
use crate::node_change::WrongChoice;
use crate::plan::Obstacle;
use crate::redis::ServerError;
use crate::report::Report;
use crate::snapshot::SnapshotFault;
use crate::spec::SpecError;
use crate::spec::env_file::EnvFileError;
use crate::topology::{DeploymentName, EngineName};

/// An operation on a deployment failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The spec has problems. This error prints them with their places.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// The request contradicts itself, or names a missing object.
    #[error("{message}")]
    Invalid {
        /// The problem.
        message: String,
        /// The correction.
        hint: String,
    },
    /// A file that the caller named cannot be read or written.
    #[error("could not {operation} `{}`", path.display())]
    File {
        /// `read` or `write`.
        operation: &'static str,
        /// The file.
        path: PathBuf,
        /// The operating system's error.
        source: std::io::Error,
    },
    /// An env file is malformed.
    #[error("could not understand the variables in `{}`", path.display())]
    EnvFile {
        /// The file.
        path: PathBuf,
        /// The place and the reason.
        source: EnvFileError,
    },
    /// Lines of a file are no commands. Nothing was sent.
    #[error("{}", broken(path, problems))]
    BrokenFile {
        /// The file.
        path: PathBuf,
        /// Its first problems, in order.
        problems: Vec<BrokenLine>,
    },
    /// An earlier run was interrupted while it applied the spec's `seed`. It is not known how far it came.
    #[error("`{0}` is seeded only in part: an earlier run ended while it applied the files of `seed`")]
    HalfSeeded(String),
    /// A file of data was applied only in part.
    #[error(transparent)]
    Seed(Box<SeedFailure>),
    /// A file is no complete snapshot.
    #[error("`{}` cannot be used", path.display())]
    Snapshot {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: SnapshotFault,
    },
    /// Keys were restored only in part.
    #[error("`{file}` was restored only in part: {written} keys are in `{deployment}`")]
    Restore {
        /// The source of the keys.
        file: String,
        /// The deployment.
        deployment: String,
        /// The number of restored keys.
        written: u64,
        /// The cause.
        source: Box<ServerError>,
    },
    /// A server does not load a data file. Nothing was changed.
    #[error("{server} does not load `{file}`: {words}")]
    DataFile {
        /// The file.
        file: String,
        /// The server.
        server: String,
        /// Its words.
        words: String,
    },
    /// The address of the engine cannot be determined.
    #[error(transparent)]
    Location(#[from] LocationError),
    /// The engine does not answer.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// Engines of the deployment do not answer.
    #[error("{0}")]
    EnginesOutOfReach(LostEngines),
    /// `up` repaired the nodes on the engines that answer. The others do not answer.
    #[error("{lost}; {}", repaired(*changes))]
    RepairedInPart {
        /// The engines that do not answer.
        lost: LostEngines,
        /// The number of steps that changed the rest.
        changes: usize,
        /// The nodes that wait for these engines, a sentence for each.
        waiting: Vec<String>,
    },
    /// None of the asked engines answers.
    #[error("no engine answers: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    NoEngineAnswers(Vec<SilentEngine>),
    /// A deployment was removed, except on engines that do not answer.
    #[error("`{}` was removed, except where an engine does not answer: {lost}", lost.deployment)]
    RemovedInPart {
        /// The engines.
        lost: LostEngines,
    },
    /// No image can be made from this machine's server.
    #[error(transparent)]
    HostImage(#[from] HostImageError),
    /// An engine of the deployment lacks an image, and cannot get it.
    #[error("engine `{engine}` cannot get its image")]
    NoImageOnEngine {
        /// The engine.
        engine: EngineName,
        /// A command line that copies the image from an engine that has it.
        copy: Option<String>,
        /// The reason.
        source: Box<Error>,
    },
    /// The engine refused a call.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A server does not answer.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// A certificate could not be made.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// The deployment has no such user.
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    /// The deployment does not exist.
    #[error("there is no deployment `{name}` on this engine")]
    NoSuchDeployment {
        /// The requested name.
        name: String,
        /// A similar name that exists.
        near: Option<String>,
    },
    /// The deployment exists, and the caller wants a new one.
    #[error("there is already a deployment `{0}` on this engine")]
    Exists(String),
    /// The caller stopped the operation.
    #[error("interrupted")]
    Interrupted,
    /// The file that describes the deployment cannot be read.
    #[error("cannot read the description of the deployment `{0}`: none of its containers has the file")]
    Unreadable(String),
    /// The deployment has no containers, but volumes keep its data.
    #[error("`{name}` has no container any more; its data is kept in {}", listed(volumes))]
    WithoutContainers {
        /// The deployment.
        name: String,
        /// The volumes that keep its data.
        volumes: Vec<String>,
    },
    /// Another run holds the deployment.
    #[error("{holder} is still at work on `{deployment}` after {} s", waited.as_secs())]
    InUse {
        /// The deployment.
        deployment: String,
        /// The other run, as far as known.
        holder: String,
        /// The other run's process, if it is on this machine.
        process: Option<u32>,
        /// The time that this run waited for it.
        waited: Duration,
    },
    /// The lease of this run was removed while it changed the deployment.
    #[error("the lease of `{0}` was removed while this run changed the deployment")]
    LeaseLost(String),
    /// The plan needs a decision of the user.
    #[error("`{deployment}` cannot be changed to match its spec{}", list(obstacles))]
    Obstacles {
        /// The deployment.
        deployment: String,
        /// The obstacles of the plan.
        obstacles: Vec<Obstacle>,
    },
    /// A port was free when it was chosen, but taken when a container needed it.
    #[error("`{node}` cannot have port {port}: {holder} took it meanwhile")]
    PortTaken {
        /// The node.
        node: String,
        /// The port.
        port: u16,
        /// The present holder of the port.
        holder: String,
        /// The step that failed.
        source: Box<ExecuteError>,
    },
    /// A subnet was free when it was chosen, but taken when the network needed it.
    #[error("`{deployment}` cannot have the subnet {subnet}: {holder} took it meanwhile")]
    SubnetTaken {
        /// The deployment.
        deployment: String,
        /// The subnet.
        subnet: Ipv4Net,
        /// The present holder of the subnet, or of a part of it.
        holder: String,
        /// The step that failed.
        source: Box<ExecuteError>,
    },
    /// A step of the plan failed.
    #[error(transparent)]
    Execute(Box<ExecuteError>),
    /// The plan was not empty after several rounds.
    #[error("`{0}` did not settle: the plan is not empty after {1} rounds")]
    Unsettled(String, usize),
    /// `up` failed, and may have made parts of the deployment.
    #[error("{source}")]
    Unfinished {
        /// The failure.
        source: Box<Error>,
        /// The present parts of the deployment on the engine.
        leftovers: Box<Leftovers>,
    },
    /// The deployment is up, but some checks failed.
    #[error("{0}")]
    ChecksFailed(Box<FailedChecks>),
}

/// What `up` did for the nodes on the engines that answer.
fn repaired(changes: usize) -> String {
    match changes {
        0 => "the nodes on the other engines needed no repair".to_owned(),
        _ => format!("{} repaired the nodes on the other engines", counted(changes, "change")),
    }
}

/// `a`, `b` in quotes.
fn listed(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The first problem of a file, and the number of the others.
fn broken(path: &Path, problems: &[BrokenLine]) -> String {
    let lines: Vec<String> = problems.iter().map(|problem| format!("{}:{problem}", path.display())).collect();
    lines.join("\n  ")
}

fn list(obstacles: &[Obstacle]) -> String {
    let lines: Vec<String> = obstacles.iter().map(|obstacle| format!("\n  {obstacle}")).collect();
    lines.concat()
}

impl From<WrongChoice> for Error {
    fn from(WrongChoice { message, hint }: WrongChoice) -> Self {
        Self::Invalid { message, hint }
    }
}

impl Error {
    /// The error of a convergence of a deployment.
    pub(super) fn of_convergence(deployment: &DeploymentName, error: ConvergeError<Self>) -> Self {
        match error {
            ConvergeError::Context(error) => error,
            ConvergeError::Obstacles(obstacles) => Self::of_obstacles(deployment, obstacles),
            ConvergeError::Execute(error) => Self::Execute(error),
            ConvergeError::Unsettled => Self::Unsettled(deployment.to_string(), MOST_ROUNDS),
        }
    }

    /// The error of a plan's obstacles.
    pub(super) fn of_obstacles(deployment: &DeploymentName, obstacles: Vec<Obstacle>) -> Self {
        Self::Obstacles { deployment: deployment.to_string(), obstacles }
    }

    /// The report of a failed verification.
    #[must_use]
    pub fn report(&self) -> Option<&Report> {
        match self {
            Self::ChecksFailed(failed) => failed.report(),
            _ => None,
        }
    }

    /// The causes of the error, the nearest first.
    #[must_use]
    pub fn causes(&self) -> Vec<String> {
        causes(self)
    }

    /// Details beside the causes: the last log lines of the failed node, the failed checks, and the deployment's
    /// present parts.
    #[must_use]
    pub fn details(&self) -> Option<String> {
        match self {
            Self::Unfinished { source, leftovers } => {
                // A spec's problems are otherwise drawn instead of the message.
                let source = match source.as_ref() {
                    Self::Spec(error) => Some(error.render(false).trim_end().to_owned()),
                    other => other.details(),
                };
                let details = source.into_iter().chain([leftovers.to_string()]);
                Some(details.collect::<Vec<_>>().join("\n\n"))
            }
            Self::RepairedInPart { waiting, .. } => Some(waiting.join("\n")).filter(|text| !text.is_empty()),
            Self::Execute(error) => Some(error.log()).filter(|log| !log.is_empty()),
            Self::ChecksFailed(failed) => Some(failed.details()),
            Self::Seed(failure) => Some(failure.details()),
            _ => None,
        }
    }

    /// The next thing that the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Invalid { hint, .. } => Some(hint.clone()),
            Self::Location(error) => Some(error.hint().to_owned()),
            Self::Connect(error) => Some(error.hint()),
            Self::EnginesOutOfReach(_) => Some(
                "nothing was changed: start the engine again, or repair the way to it, and run the same command again"
                    .to_owned(),
            ),
            Self::RepairedInPart { .. } => Some(
                "start the engine again, or repair the way to it, and run the same command again; if it is lost for \
                 good, `redisctl up SPEC --replace-engine LOST=OTHER` rebuilds its nodes on another engine"
                    .to_owned(),
            ),
            Self::NoEngineAnswers(_) => {
                Some("start an engine, or check the addresses and the way to them".to_owned())
            }
            Self::RemovedInPart { lost } => {
                let ways = lost.engines.iter().map(|engine| engine.at.down(lost.deployment.as_str()));
                let ways: Vec<String> = ways.collect();
                Some(format!("once the engine answers, `{}` removes the rest", ways.join("`, `")))
            }
            Self::NoImageOnEngine { copy: Some(copy), .. } => {
                Some(format!("nothing was made; `{copy}` copies it from an engine that has it"))
            }
            Self::NoImageOnEngine { source, .. } => source.hint(),
            Self::Connection(error) => Some(error.hint()),
            Self::HostImage(error) => error.hint().map(str::to_owned),
            Self::Engine(error) => error.hint(),
            Self::Server(error) => Some(error.hint().to_owned()),
            Self::NoSuchDeployment { name, near } => Some(no_such_deployment_hint(name, near.as_deref())),
            Self::Exists(name) => Some(format!("choose another name; or `redisctl down {name}` removes it")),
            Self::Unreadable(name) => Some(format!("`redisctl down {name}` removes the rest of it")),
            Self::WithoutContainers { name, .. } => Some(format!(
                "`redisctl up SPEC --name {name}` with its spec brings it back with its data; \
                 `redisctl down {name} --volumes` removes the data, too"
            )),
            Self::InUse { process, .. } => Some(in_use_hint(*process)),
            Self::LeaseLost(_) => Some(
                "run the same command again. Another run took the lease because this run stood still, or \
                 `docker container prune` removed it"
                    .to_owned(),
            ),
            Self::Obstacles { deployment, obstacles } => Some(obstacles_hint(deployment, obstacles)),
            Self::Unsettled(name, _) => Some(format!("`redisctl status {name}` shows its state")),
            Self::PortTaken { .. } => Some(
                "free the port, or remove the deployment and choose other ports with `--port-base` (`auto` finds free ones)"
                    .to_owned(),
            ),
            Self::SubnetTaken { .. } => Some("choose another subnet with `--subnet`".to_owned()),
            Self::Unfinished { source, leftovers } => {
                let hints: Vec<String> = source.hint().into_iter().chain(leftovers.ways_on()).collect();
                (!hints.is_empty()).then(|| hints.join("; "))
            }
            Self::Execute(error) => {
                error.hint().or_else(|| self.engine_error().and_then(EngineError::hint))
            }
            Self::ChecksFailed(failed) => {
                let name = &failed.topology.name;
                Some(format!("`redisctl verify {name} --explain` shows the commands and replies of each check"))
            }
            Self::DataFile { .. } => {
                Some("nothing was changed; a server loads the files of its own version and of older ones".to_owned())
            }
            Self::Snapshot { .. } => Some("nothing was changed; `redisctl snapshot NAME FILE` makes one".to_owned()),
            Self::Restore { .. } => {
                Some("once the cause is gone, run the same command again: it completes the keys".to_owned())
            }
            Self::BrokenFile { .. } => Some("nothing was sent: correct the file, and run it again".to_owned()),
            Self::HalfSeeded(name) => Some(format!(
                "`redisctl reset {name}` empties it and applies the files; or `redisctl down {name}`, and `up` again"
            )),
            Self::Seed(failure) => Some(failure.hint()),
            Self::Spec(_) | Self::File { .. } | Self::EnvFile { .. } | Self::Issue(_) | Self::Interrupted => None,
        }
    }

    /// The whole error as plain text: message, causes, details and hint. For a spec: its problems, each with its line
    /// and a caret.
    #[must_use]
    pub fn text(&self) -> String {
        if let Self::Spec(error) = self {
            return error.render(false);
        }
        let mut lines = vec![format!("error: {self}\n")];
        lines.extend(self.causes().iter().map(|cause| format!("caused by: {cause}\n")));
        lines.extend(self.details().iter().map(|details| format!("\n{details}\n")));
        lines.extend(self.hint().iter().map(|hint| format!("\nhint: {hint}\n")));
        lines.concat()
    }

    /// The engine's error that caused this error, if any.
    pub(crate) fn engine_error(&self) -> Option<&EngineError> {
        match self {
            Self::Engine(error) => Some(error),
            Self::Execute(error) => match error.as_ref() {
                ExecuteError::Call { source, .. } => source.downcast_ref(),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether parts of a deployment may exist after this error.
    pub(super) fn may_leave_parts(&self) -> bool {
        matches!(
            self,
            Self::Execute(_)
                | Self::PortTaken { .. }
                | Self::SubnetTaken { .. }
                | Self::Engine(_)
                | Self::Unsettled(..)
                | Self::Interrupted
        )
    }
}

fn no_such_deployment_hint(name: &str, near: Option<&str>) -> String {
    let is_path = name.contains(['/', '\\']) || [".yaml", ".yml"].iter().any(|end| name.ends_with(end));
    let by_name = if is_path { "give the deployment's name, not the file of its spec; " } else { "" };
    let did_you_mean = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
    format!("{by_name}{did_you_mean}`redisctl ls` lists the deployments")
}

fn in_use_hint(process: Option<u32>) -> String {
    let end = process.map_or_else(|| "end it".to_owned(), |process| format!("end process {process}"));
    format!("wait for it with a longer `--timeout`; or {end}: the next `up` continues its work")
}

fn obstacles_hint(deployment: &str, obstacles: &[Obstacle]) -> String {
    if obstacles.iter().any(|obstacle| matches!(obstacle, Obstacle::Foreign { .. })) {
        "choose another name with `--name`, or remove the object with this name: redisctl changes only objects that \
         it made"
            .to_owned()
    } else if obstacles.iter().any(|obstacle| matches!(obstacle, Obstacle::OutOfReach { .. })) {
        "nothing was changed: a change of the spec needs every engine. Start the engine again, or repair the way to it; \
         or run `up` with the former spec, which repairs the nodes on the other engines"
            .to_owned()
    } else if obstacles.iter().any(|obstacle| matches!(obstacle, Obstacle::NoLivingCopy { .. })) {
        "nothing was changed: bring the engine back with its data; or give the keys up with `--discard-keys`"
            .to_owned()
    } else if obstacles.iter().any(|obstacle| matches!(obstacle, Obstacle::NeededModules(_))) {
        format!(
            "keep the modules; or delete the keys that they made, and run the same command again; or `redisctl up \
             --recreate` removes `{deployment}` with its data and makes it again"
        )
    } else if obstacles.iter().any(|obstacle| matches!(obstacle, Obstacle::KeptData(_))) {
        format!(
            "give a spec that fits the data; or leave the data alone, with another name (`--name`); or remove it, with \
             `redisctl down {deployment} --volumes` or `redisctl up --recreate`"
        )
    } else if obstacles.iter().any(|obstacle| matches!(obstacle, Obstacle::NoRoom { .. })) {
        "raise `config.maxmemory` first, with the present number of shards; or delete keys; or choose another number of \
         shards"
            .to_owned()
    } else if obstacles.iter().any(|obstacle| matches!(obstacle, Obstacle::Guest { .. })) {
        format!(
            "remove the container, or `docker network disconnect {deployment} CONTAINER`; then run the same command again"
        )
    } else {
        format!("`redisctl up --recreate` removes `{deployment}` with its data and makes it again")
    }
}
