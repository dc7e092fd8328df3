//! Who is at work on the same servers: an `up` names its connections, and the servers list them to
//! everybody. Connections end with their process however it ends, so nothing stays behind.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use redis::aio::MultiplexedConnection;
use redis::{RedisResult, cmd};

use crate::topology::NodeName;

/// What the names of connections begin with.
const PREFIX: &str = "redisctl-up";

/// One `up`. Of several that only look, the one that began first goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Worker {
    /// When it began, in milliseconds since 1970 by its own machine's clock.
    pub began: u64,
    /// By chance: tells those apart that began at the same moment.
    pub token: u32,
}

/// What an `up` is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// It looks, and changes nothing.
    Looks,
    /// It changes something.
    Works,
}

/// An `up` and what it is doing, as the names of its connections say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sign(Worker, Phase);

impl Sign {
    /// Whether the `up` with this sign changes the deployment first, and the `up` with the other sign waits.
    fn goes_before(self, other: Self) -> bool {
        match (self.1, other.1) {
            (Phase::Works, Phase::Looks) => true,
            (Phase::Looks, Phase::Works) => false,
            // Two can begin to change something at the same moment.
            (Phase::Works, Phase::Works) | (Phase::Looks, Phase::Looks) => self.0 < other.0,
        }
    }
}

impl fmt::Display for Sign {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(Worker { began, token }, phase) = self;
        let phase = match phase {
            Phase::Looks => "looks",
            Phase::Works => "works",
        };
        write!(formatter, "{PREFIX}:{began}:{token:x}:{phase}")
    }
}

impl FromStr for Sign {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let parts: Vec<&str> = text.split(':').collect();
        let [PREFIX, began, token, phase] = parts.as_slice() else { return Err(()) };
        let began = began.parse().map_err(drop)?;
        let token = u32::from_str_radix(token, 16).map_err(drop)?;
        let phase = match *phase {
            "looks" => Phase::Looks,
            "works" => Phase::Works,
            _ => return Err(()),
        };
        Ok(Self(Worker { began, token }, phase))
    }
}

/// This `up`, as others see it on the servers that it is connected with.
pub struct Presence {
    worker: Worker,
    state: Mutex<State>,
}

struct State {
    phase: Phase,
    /// The latest connection with each node. Kept open, so that others still see that somebody was there
    /// while this `up` waits for them.
    connections: BTreeMap<NodeName, MultiplexedConnection>,
}

impl Presence {
    /// An `up` that has not begun to change anything.
    #[must_use]
    pub fn new(worker: Worker) -> Self {
        Self { worker, state: Mutex::new(State { phase: Phase::Looks, connections: BTreeMap::new() }) }
    }

    fn sign(&self) -> Sign {
        Sign(self.worker, self.state.lock().unwrap_or_else(PoisonError::into_inner).phase)
    }

    /// Names a connection that was just opened.
    pub(super) async fn enter(&self, node: &NodeName, connection: &mut MultiplexedConnection) {
        // Whom a server does not let do that, nobody sees there; that is no reason not to work.
        let _ = name(connection, self.sign()).await;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.connections.insert(node.clone(), connection.clone());
    }

    /// Says to everybody that this `up` changes something from now on, or that it does so no more.
    pub async fn show(&self, works: bool) {
        let connections: Vec<MultiplexedConnection> = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.phase = if works { Phase::Works } else { Phase::Looks };
            state.connections.values().cloned().collect()
        };
        for mut connection in connections {
            let _ = name(&mut connection, self.sign()).await;
        }
    }

    /// Whether any other `up` is connected with one of the servers that this one is connected with.
    pub async fn has_company(&self) -> bool {
        !self.others().await.is_empty()
    }

    /// Whether this `up` has to let another one go first: one that changes something already, or of those
    /// that only look as this one does, one that began before.
    pub async fn is_second(&self) -> bool {
        let own = self.sign();
        self.others().await.iter().any(|other| other.goes_before(own))
    }

    async fn others(&self) -> Vec<Sign> {
        let connections: Vec<MultiplexedConnection> = {
            let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.connections.values().cloned().collect()
        };
        let mut others = Vec::new();
        for mut connection in connections {
            let clients: RedisResult<String> = cmd("CLIENT").arg("LIST").query_async(&mut connection).await;
            // A server that does not answer says nothing of others.
            others.extend(signs(&clients.unwrap_or_default()).filter(|sign| sign.0 != self.worker));
        }
        others
    }
}

async fn name(connection: &mut MultiplexedConnection, sign: Sign) -> RedisResult<()> {
    cmd("CLIENT").arg("SETNAME").arg(sign.to_string()).exec_async(connection).await
}

/// Those of a CLIENT LIST, `id=3 addr=… name=… …` a line.
fn signs(clients: &str) -> impl Iterator<Item = Sign> {
    let fields = clients.lines().flat_map(|line| line.split(' '));
    fields.filter_map(|field| field.strip_prefix("name=")?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_there_is_read_off_the_names_of_connections() {
        let worker = Worker { began: 1_764_000_000_123, token: 0xbeef };
        let sign = Sign(worker, Phase::Works);
        assert_eq!(sign.to_string(), "redisctl-up:1764000000123:beef:works");
        let clients = format!(
            "id=3 addr=127.0.0.1:5 laddr=127.0.0.1:7001 fd=8 name= age=1\nid=4 addr=127.0.0.1:6 name={sign} age=0\n\
             id=5 name=redisctl-up:x:1:works age=0\nid=6 name=app age=0\n"
        );
        assert_eq!(signs(&clients).collect::<Vec<_>>(), [sign]);
        assert!("redisctl-up:1:2:sleeps".parse::<Sign>().is_err());
    }

    #[test]
    fn the_earlier_up_goes_first_unless_the_later_one_changes_something_already() {
        use Phase::{Looks, Works};
        let sign = |(began, token, phase)| Sign(Worker { began, token }, phase);
        for (first, second) in [
            ((1, 9, Looks), (2, 0, Looks)),
            ((2, 0, Looks), (2, 1, Looks)),
            ((1, 9, Works), (2, 0, Works)),
            ((1, 0, Works), (2, 0, Looks)),
            ((2, 0, Works), (1, 0, Looks)),
        ] {
            let (first, second) = (sign(first), sign(second));
            assert!(first.goes_before(second) && !second.goes_before(first), "{first} {second}");
        }
        let own = sign((1, 1, Looks));
        assert!(!own.goes_before(own));
    }
}
