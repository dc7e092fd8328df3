//! What goes wrong in a round, and when.

use std::collections::BTreeSet;
use std::fmt;

use rand::RngExt as _;
use rand::rngs::StdRng;

use crate::tool::{Signal, Spec};

/// The nodes of the bundled cluster.
const NODES: u8 = 6;

/// The most nodes that a fault is about: both of a shard, or two of three primaries.
const MOST_NODES: usize = 2;

/// What goes wrong.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Fault {
    /// Something is done to containers.
    Containers {
        /// What.
        harm: Harm,
        /// The numbers of their nodes.
        nodes: BTreeSet<u8>,
        /// When.
        moment: Moment,
    },
    /// redisctl is stopped.
    Redisctl {
        /// How.
        signal: Signal,
        /// In which command.
        verb: Verb,
        /// The command that comes next.
        then: Verb,
        /// After which part of the time that the command takes.
        after: f64,
    },
}

/// What is done to a container.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Harm {
    /// Its server gets SIGKILL.
    Kill,
    /// It is frozen.
    Pause,
    /// It is taken out of its network.
    Cut,
    /// It is removed.
    Remove,
}

/// When a container is harmed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Moment {
    /// While `up` runs, after this part of the time that it takes.
    During(f64),
    /// When `up` is done.
    After,
}

/// The command in which redisctl is stopped.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Verb {
    Up,
    /// `up` once more, with a spec that replaces every node.
    Change,
    Down,
}

impl Fault {
    /// Draws a fault: containers as often as redisctl itself.
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
            // There is more to go wrong in `up`.
            let verb = one_of(random, [Verb::Up, Verb::Up, Verb::Change, Verb::Change, Verb::Down]);
            // The next `up` has to finish the job, and the next `down` to remove all of it.
            let then = one_of(random, [Verb::Up, Verb::Up, Verb::Down]);
            Self::Redisctl { signal, verb, then, after }
        }
    }

    /// The spec that the deployment is to have in the end.
    pub(crate) fn spec(&self) -> Spec {
        match self {
            Self::Redisctl { verb: Verb::Change, .. } => Spec::Changed,
            Self::Redisctl { .. } | Self::Containers { .. } => Spec::Bundled,
        }
    }

    /// The fault without what differs from round to round.
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

fn one_of<T: Copy, const COUNT: usize>(random: &mut StdRng, all: [T; COUNT]) -> T {
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
