//! The clients of a server, besides this run.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

/// The connections of clients. Replicas, sentinels and this run do not count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Clients {
    /// The number of connections.
    pub connected: u64,
    /// Those that wait in a blocking command.
    pub blocked: u64,
    /// Those with an open transaction.
    pub in_transaction: u64,
    /// Those with subscriptions.
    pub subscribed: u64,
}

impl Clients {
    /// Whether a client waits for something, or has begun something.
    #[must_use]
    pub fn are_busy(&self) -> bool {
        self.blocked + self.in_transaction + self.subscribed > 0
    }
}

impl fmt::Display for Clients {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { connected, blocked, in_transaction, subscribed } = self;
        let states = [(blocked, "blocked"), (in_transaction, "in a transaction"), (subscribed, "subscribed")];
        let states = states.into_iter().filter(|(number, _)| **number > 0);
        let states: Vec<String> = states.map(|(number, state)| format!("{number} {state}")).collect();
        let (noun, verb) = if *connected == 1 { ("client", "stays") } else { ("clients", "stay") };
        write!(formatter, "{connected} {noun} {verb} connected ({})", states.join(", "))
    }
}

impl std::iter::Sum for Clients {
    fn sum<I: Iterator<Item = Self>>(clients: I) -> Self {
        clients.fold(Self::default(), |all, one| Self {
            connected: all.connected + one.connected,
            blocked: all.blocked + one.blocked,
            in_transaction: all.in_transaction + one.in_transaction,
            subscribed: all.subscribed + one.subscribed,
        })
    }
}
