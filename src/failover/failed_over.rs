//! The result of a failover on purpose.

use std::fmt::{self, Write as _};

use schemars::JsonSchema;
use serde::Serialize;

use super::{ClientView, Swap};
use crate::arrangement::{Arrangement, Seats};
use crate::node_change::{NotTakenOver, TakenOver, Watch, millis, pairs};
use crate::observation::Observation;
use crate::topology::{DeploymentName, Kind, NodeName, Topology};

/// The reason if no node took the place of a primary in time.
const TIME_OVER: &str = "time-over";

/// The result of a failover on purpose. It serializes to the JSON of `failover`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FailedOver {
    /// The deployment.
    pub deployment: DeploymentName,
    /// The primaries that a replica has replaced.
    pub swapped: Vec<Swapped>,
    /// The primaries that no replica has replaced in time.
    pub not_swapped: Vec<NotTakenOver>,
}

/// A primary that a replica has replaced.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Swapped {
    /// The swap.
    #[serde(flatten)]
    pub taken_over: TakenOver,
    /// Whether the former primary is a replica with its link by now.
    pub linked: bool,
    /// What a client that wrote to this shard all the time saw. `None`: its first write, or its last, was refused.
    pub clients: Option<ClientView>,
}

impl FailedOver {
    /// The result of swaps, from the watch over the servers, and what a client of each swap's shard saw.
    #[must_use]
    pub fn new(
        topology: &Topology,
        swaps: &[Swap],
        watch: &Watch<'_>,
        clients: Vec<Option<ClientView>>,
    ) -> Self {
        let (mut swapped, mut not_swapped) = (Vec::new(), Vec::new());
        for (swap, clients) in swaps.iter().zip(clients) {
            let shard = (topology.kind == Kind::Cluster).then_some(swap.shard + 1);
            let (from, slots) = (swap.from.clone(), pairs(&swap.slots));
            match watch.heir(&swap.from) {
                Some(heir) => swapped.push(Swapped {
                    taken_over: TakenOver {
                        shard,
                        from,
                        to: heir.node.clone(),
                        slots,
                        after_ms: millis(heir.at),
                    },
                    linked: watch.returned(&swap.from).is_some(),
                    clients,
                }),
                None => not_swapped.push(NotTakenOver { shard, from, slots, reason: Some(TIME_OVER) }),
            }
        }
        Self { deployment: topology.name.clone(), swapped, not_swapped }
    }

    /// The primary of each shard afterwards. `before` is the observation before the failover.
    #[must_use]
    pub fn primaries(&self, topology: &Topology, before: &Observation) -> Vec<NodeName> {
        let arrangement = Arrangement::new(topology, before);
        let seats = Seats::new(topology, &arrangement);
        let now = |former: &NodeName| {
            let swapped = self.swapped.iter().find(|swapped| swapped.taken_over.from == *former);
            swapped.map_or(former, |swapped| &swapped.taken_over.to).clone()
        };
        seats.primaries().iter().map(now).collect()
    }

    /// Whether a swap was not complete in time.
    #[must_use]
    pub fn is_unsettled(&self) -> bool {
        !self.not_swapped.is_empty() || self.swapped.iter().any(|swapped| !swapped.linked)
    }
}

impl fmt::Display for Swapped {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TakenOver { shard, from, to, after_ms, .. } = &self.taken_over;
        let place = shard.map(|shard| format!(" shard {shard}")).unwrap_or_default();
        write!(formatter, "{to} took over{place} from {from} after {after_ms} ms")?;
        match &self.clients {
            Some(seen) => write!(formatter, ": {seen}")?,
            None => formatter.write_str(": a test client could not write, so the cost is unknown")?,
        }
        if !self.linked {
            write!(formatter, "; {from} is not yet in sync as its replica")?;
        }
        Ok(())
    }
}

impl fmt::Display for ClientView {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { longest_gap_ms, redirected, refused, refusals, lost, .. } = self;
        write!(formatter, "writes paused for {longest_gap_ms} ms at most")?;
        let mut news = String::new();
        let words: Vec<&str> = refusals.iter().map(String::as_str).collect();
        // Writing to a String cannot fail.
        for (count, what) in [
            (*redirected, "sent on to the new primary".to_owned()),
            (*refused, format!("refused with {}", words.join(", "))),
            (*lost, "lost with their connections".to_owned()),
        ] {
            if count > 0 {
                let _ = write!(news, ", {count} {what}");
            }
        }
        if news.is_empty() {
            return formatter.write_str(", and none was refused");
        }
        formatter.write_str(&news)
    }
}

impl fmt::Display for FailedOver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for swapped in &self.swapped {
            writeln!(formatter, "{swapped}")?;
        }
        for NotTakenOver { shard, from, .. } in &self.not_swapped {
            let place = shard.map(|shard| format!(" shard {shard}")).unwrap_or_default();
            writeln!(
                formatter,
                "no node has taken over{place} from {from} in time: `redisctl status {}` shows the roles",
                self.deployment
            )?;
        }
        Ok(())
    }
}
