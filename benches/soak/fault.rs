//! The fault of a round, and its moment.

use std::collections::BTreeSet;
use std::fmt;

use rand::RngExt as _;
use rand::rngs::StdRng;

use crate::tool::{Signal, Spec};

/// The nodes of the bundled cluster.
const NODES: u8 = 6;

/// The most nodes of a fault: both nodes of a shard, or two of three primaries.
const MOST_NODES: usize = 2;

/// A fault.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Fault {
    /// A fault of containers.
    Containers {
        /// The kind of the fault.
        harm: Harm,
        /// The numbers of their nodes.
        nodes: BTreeSet<u8>,
        /// The moment.
        moment: Moment,
    },
    /// The soak stops redisctl.
    Redisctl {
        /// The signal.
        signal: Signal,
        /// The stopped command.
        verb: Verb,
        /// The next command.
        then: Verb,
        /// The moment, as a part of the usual time of the command.
        after: f64,
    },
}

/// A fault of a container.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Harm {
    /// Its server gets SIGKILL.
    Kill,
    /// It is paused.
    Pause,
    /// It is disconnected from its network.
    Cut,
    /// It is removed.
    Remove,
    /// It is restarted.
    Restart,
}

/// The moment of a fault of containers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Moment {
    /// During `up`, after this part of its usual time.
    During(f64),
    /// After `up`.
    After,
}

/// The stopped command.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Verb {
    Up,
    /// A second `up`, with a spec that replaces every node.
    Change,
    Down,
}

impl Fault {
    /// Draws a fault: faults of containers are as frequent as stops of redisctl.
    pub(crate) fn choose(random: &mut StdRng) -> Self {
        let after = random.random_range(0.0..1.0);
        if random.random_bool(0.5) {
            let harm = one_of(random, [Harm::Kill, Harm::Pause, Harm::Cut, Harm::Remove]);
            let count = random.random_range(1..=MOST_NODES);
            let mut nodes = BTreeSet::new();
            while nodes.len() < count {
                nodes.insert(random.random_range(1..=NODES));
            }
            let moment = one_of(random, [Moment::During(after), Moment::After]);
            Self::Containers { harm, nodes, moment }
        } else {
            let signal = one_of(random, [Signal::Kill, Signal::Interrupt]);
            // `up` has more steps than `down`.
            let verb = one_of(random, [Verb::Up, Verb::Up, Verb::Change, Verb::Change, Verb::Down]);
            // The next `up` must finish the work, and the next `down` must remove everything.
            let then = one_of(random, [Verb::Up, Verb::Up, Verb::Down]);
            Self::Redisctl { signal, verb, then, after }
        }
    }

    /// The spec of the deployment at the end.
    pub(crate) fn spec(&self) -> Spec {
        match self {
            Self::Redisctl { verb: Verb::Change, .. } => Spec::Changed,
            Self::Redisctl { .. } | Self::Containers { .. } => Spec::Bundled,
        }
    }

    /// The fault without nodes and moment.
    pub(crate) fn kind(&self) -> String {
        match self {
            Self::Containers { harm, moment: Moment::During(_), .. } => {
                format!("containers {harm} during up")
            }
            Self::Containers { harm, moment: Moment::After, .. } => format!("containers {harm} after up"),
            Self::Redisctl { signal, verb, then, .. } => format!("{verb} {signal}, then {then}"),
        }
    }
}

pub(crate) fn one_of<T: Copy, const COUNT: usize>(random: &mut StdRng, all: [T; COUNT]) -> T {
    all[random.random_range(0..COUNT)]
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.kind())?;
        let nodes =
            |nodes: &BTreeSet<u8>| nodes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ");
        match self {
            Self::Containers { nodes: all, moment: Moment::After, .. } => {
                write!(formatter, ", node {}", nodes(all))
            }
            Self::Containers { nodes: all, moment: Moment::During(after), .. } => {
                write!(formatter, ", node {}, at {:.0} %", nodes(all), after * 100.0)
            }
            Self::Redisctl { after, .. } => write!(formatter, ", at {:.0} %", after * 100.0),
        }
    }
}

impl fmt::Display for Harm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Kill => "killed",
            Self::Pause => "paused",
            Self::Cut => "cut off",
            Self::Remove => "removed",
            Self::Restart => "restarted",
        })
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Up => "up",
            Self::Change => "change",
            Self::Down => "down",
        })
    }
}
