//! The change of a round, its fault, and the fault's moment.

use std::fmt;
use std::time::Duration;

use rand::RngExt as _;
use rand::rngs::StdRng;

use crate::fault::{Harm, one_of};
use crate::tool::{Signal, Spec};

/// The most milliseconds between the first move and a fault.
const DURING_MOVE: u64 = 1200;

/// The number of shards and of replicas of each.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Shape {
    pub(crate) shards: u8,
    pub(crate) replicas: u8,
}

/// A round.
pub(crate) struct Change {
    pub(crate) to: Shape,
    pub(crate) fault: Fault,
    pub(crate) moment: Moment,
    /// Whether the next `up` goes back to the former shape.
    pub(crate) goes_back: bool,
}

/// A fault during a change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Fault {
    /// No fault.
    None,
    /// redisctl is stopped.
    Redisctl(Signal),
    /// A container is harmed. The number chooses it from the present containers.
    Container(Harm, usize),
    /// Every server gets SIGKILL at the same moment, as when the engine's machine loses its power.
    Everything,
}

/// The moment of a fault.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Moment {
    /// So long after the first move has begun.
    InMove(Duration),
    /// After this part of the usual time.
    Any(f64),
}

impl Shape {
    pub(crate) fn spec(self) -> Spec {
        Spec::Shape { shards: self.shards, replicas: self.replicas }
    }
}

impl Change {
    pub(crate) fn choose(random: &mut StdRng, from: Shape) -> Self {
        let shards = loop {
            let shards = random.random_range(2..=5);
            if shards != from.shards {
                break shards;
            }
        };
        let replicas = if random.random_bool(0.7) { from.replicas } else { one_of(random, [0, 1, 1, 1, 2]) };
        let to = Shape { shards, replicas };
        let harm = one_of(random, [Harm::Kill, Harm::Kill, Harm::Pause, Harm::Cut, Harm::Restart]);
        let signal = one_of(random, [Signal::Kill, Signal::Interrupt]);
        let container = random.random_range(0..1000);
        let fault = match random.random_range(0..11) {
            0 => Fault::None,
            10 => Fault::Everything,
            // A primary that is gone and has no replica takes acknowledged writes with it.
            1..=6 if from.replicas > 0 && to.replicas > 0 => Fault::Container(harm, container),
            _ => Fault::Redisctl(signal),
        };
        let moment = if random.random_bool(0.75) {
            Moment::InMove(Duration::from_millis(random.random_range(0..DURING_MOVE)))
        } else {
            Moment::Any(random.random_range(0.0..1.0))
        };
        let goes_back = fault != Fault::None && random.random_bool(0.3);
        Self { to, fault, moment, goes_back }
    }

    /// The kind of the fault.
    pub(crate) fn kind(&self) -> String {
        match self.fault {
            Fault::None => "no fault".to_owned(),
            Fault::Redisctl(signal) => format!("redisctl {signal}"),
            Fault::Container(harm, _) => format!("container {harm}"),
            Fault::Everything => "every container killed".to_owned(),
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shape { shards, replicas } = self.to;
        write!(formatter, "to {shards} shards with {replicas} replicas, {}", self.kind())?;
        match self.moment {
            _ if self.fault == Fault::None => {}
            Moment::InMove(after) => write!(formatter, " {} ms after the first move", after.as_millis())?,
            Moment::Any(part) => write!(formatter, " at {:.0} %", part * 100.0)?,
        }
        formatter.write_str(if self.goes_back { ", then back" } else { "" })
    }
}
