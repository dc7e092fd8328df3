//! Notes and warnings of a run. All listeners print the same text for them.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::Ipv4Net;

use super::duration_text::in_words;
use crate::moved_data::Seeded;
use crate::plan::AtStake;
use crate::spec::Located;
use crate::topology::{DeploymentName, NodeName};

/// Notes: expected events.
#[derive(Debug, Clone, PartialEq)]
pub enum Note {
    /// The failure bundle is complete.
    BundleWritten {
        /// Its folder.
        folder: PathBuf,
    },
    /// Another network took the chosen subnet. The run chooses another subnet.
    SubnetTaken {
        /// The subnet.
        subnet: Ipv4Net,
    },
    /// Another process took the chosen port. The run chooses other ports.
    PortTaken {
        /// The port.
        port: u16,
    },
    /// The engine did not start a container, perhaps because its port is taken. The run chooses other ports.
    PortsInDoubt {
        /// The container.
        container: String,
    },
    /// The run makes another plan.
    PlanOutdated {
        /// The change since the plan was made.
        reason: String,
    },
    /// This run waits for another run.
    RunAtWork {
        /// The other run.
        run: String,
        /// The deployment that it changes.
        deployment: DeploymentName,
        /// The time limit of the wait.
        limit: Duration,
    },
    /// The deployment now has a time limit.
    Expires {
        /// The deployment.
        deployment: DeploymentName,
        /// The time from now.
        after: Duration,
    },
    /// The time of a deployment was over. This run removed it.
    Expired {
        /// The deployment.
        deployment: DeploymentName,
    },
    /// This run waits until other nodes take the places of primaries.
    AwaitsHeirs {
        /// The primaries.
        primaries: Vec<NodeName>,
        /// The time limit of the wait.
        limit: Duration,
    },
    /// Nodes are changed for a time.
    ChangedForATime {
        /// The nodes.
        nodes: Vec<NodeName>,
        /// The change, as a participle.
        done: &'static str,
        /// The time.
        time: Duration,
    },
    /// The files of the spec's `seed` were applied.
    Seeded(Seeded),
    /// The spec's `seed` has changed since the deployment was made.
    SeedChanged {
        /// The deployment.
        deployment: DeploymentName,
        /// Whether the spec has no `seed` any more.
        is_empty: bool,
    },
    /// Another run was killed. This run waits until the engine has finished its calls.
    RunCutOff {
        /// The other run.
        run: String,
    },
}

/// Warnings: unexpected events.
#[derive(Debug, Clone, PartialEq)]
pub enum Warning {
    /// A remark about the spec.
    Spec(Located),
    /// The kernel of the engine's machine may have too few neighbour entries.
    NeighbourTable {
        /// The entries and the need for them.
        detail: String,
        /// The remedy.
        hint: String,
    },
    /// redisctl runs in a container that does not reach the endpoints of the deployment.
    InContainer {
        /// The container.
        container: String,
        /// The host of the endpoints.
        host: String,
    },
    /// The kernel killed a server for lack of memory.
    OutOfMemory {
        /// The container of the server.
        container: String,
        /// The reason, in the words of `status`.
        why: String,
    },
    /// The start script of an image does not start its server here. So the modules of the image are not known.
    ModulesUnknown {
        /// The image.
        image: String,
        /// The last words of the start script.
        cause: String,
    },
    /// The plan leaves keys alone that no other node has.
    KeysAtStake(AtStake),
    /// A new cluster did not form by a swap of roles. The run forms it the plain way.
    NoSwapOfRoles {
        /// The error of the swap.
        cause: String,
    },
    /// The time of a deployment is over, and it cannot be removed.
    ExpiredLeft {
        /// The deployment.
        deployment: DeploymentName,
        /// The error of its removal.
        cause: String,
    },
    /// A new deployment has keys from volumes, so that its `seed` is not applied.
    NotSeeded {
        /// The deployment.
        deployment: DeploymentName,
    },
    /// The client's files for TLS stay.
    TlsFilesLeft {
        /// The deployment.
        deployment: DeploymentName,
        /// The error of their removal.
        cause: String,
    },
    /// The failure bundle is incomplete.
    BundleIncomplete {
        /// Its folder.
        folder: PathBuf,
        /// The first error.
        cause: String,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BundleWritten { folder } => write!(formatter, "the bundle is in `{}`", folder.display()),
            Self::SubnetTaken { subnet } => {
                write!(formatter, "{subnet} was taken at the same moment: choosing another subnet")
            }
            Self::PortTaken { port } => {
                write!(formatter, "port {port} was taken at the same moment: choosing other ports")
            }
            Self::PortsInDoubt { container } => write!(
                formatter,
                "the engine did not start `{container}`, and its port may be taken: choosing other ports"
            ),
            Self::PlanOutdated { reason } => write!(formatter, "another plan is needed: {reason}"),
            Self::RunAtWork { run, deployment, limit } => write!(
                formatter,
                "{run} is at work on `{deployment}`: waiting for it to end, for {} s at most",
                limit.as_secs()
            ),
            Self::Expires { deployment, after } => write!(
                formatter,
                "`{deployment}` lives for {}: then `redisctl gc`, or the next `up` on this engine, removes it",
                in_words(*after)
            ),
            Self::Expired { deployment } => {
                write!(formatter, "the time of `{deployment}` was over: it is removed")
            }
            Self::AwaitsHeirs { primaries, limit } => write!(
                formatter,
                "waiting until other nodes take over from {}, for {} s at most",
                listed(primaries),
                limit.as_secs_f64()
            ),
            Self::ChangedForATime { nodes, done, time } => write!(
                formatter,
                "{done} for {} s: {}; Ctrl-C ends the time now",
                time.as_secs_f64(),
                listed(nodes)
            ),
            Self::Seeded(seeded) => seeded.fmt(formatter),
            Self::SeedChanged { deployment, is_empty: false } => write!(
                formatter,
                "`seed` has changed, and `{deployment}` keeps its keys: `redisctl reset {deployment}` empties it and \
                 applies the files"
            ),
            Self::SeedChanged { deployment, is_empty: true } => {
                write!(formatter, "the spec has no `seed` any more, and `{deployment}` keeps its keys")
            }
            Self::RunCutOff { run } => {
                write!(formatter, "{run} was cut off: waiting until the engine has finished its calls")
            }
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Spec(remark) => remark.fmt(formatter),
            Self::NeighbourTable { detail, hint } => write!(formatter, "neighbours: {detail} ({hint})"),
            Self::InContainer { container, host } => write!(
                formatter,
                "redisctl runs in the container `{container}`, which does not reach ports at {host} of the engine: run \
                 that container with `--network host`, or make the deployment with `ports.bind` at the gateway of the \
                 container's network"
            ),
            Self::OutOfMemory { container, why } => write!(formatter, "{container}: {why}"),
            Self::ModulesUnknown { image, cause } => write!(
                formatter,
                "the start script of the image `{image}` does not start its server here ({cause}): servers load no \
                 modules (list them with `modules`, or say `modules: none`)"
            ),
            Self::KeysAtStake(stake) => stake.fmt(formatter),
            Self::NoSwapOfRoles { cause } => write!(
                formatter,
                "the cluster did not form by a swap of roles, and now forms without it: {cause}"
            ),
            Self::ExpiredLeft { deployment, cause } => {
                write!(formatter, "the time of `{deployment}` is over, but it cannot be removed: {cause}")
            }
            Self::NotSeeded { deployment } => write!(
                formatter,
                "`{deployment}` has keys already, so that the files of `seed` are not applied: `redisctl reset \
                 {deployment}` empties it and applies them"
            ),
            Self::TlsFilesLeft { deployment, cause } => {
                write!(formatter, "could not remove the files for TLS of `{deployment}`: {cause}")
            }
            Self::BundleIncomplete { folder, cause } => {
                write!(formatter, "the bundle in `{}` is incomplete: {cause}", folder.display())
            }
        }
    }
}

/// The names of nodes with commas between them.
fn listed(nodes: &[NodeName]) -> String {
    nodes.iter().map(NodeName::as_str).collect::<Vec<_>>().join(", ")
}
