//! Moves slots with their keys to another primary. Clients follow by MOVED and ASK.
//!
//! Each part of the work may be done again: after an interruption, the same call finishes it.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Pipeline, Value, cmd};

use super::cluster::{let_hear, own_state, own_view};
use super::command::{query, run, values};
use super::{ServerError, Servers, move_login};
use crate::observation::ClusterView;
use crate::plan::Peer;
use crate::poll::Wait;
use crate::topology::server::MoveWay;
use crate::topology::{NodeName, SlotSet};

mod atomic;
mod classic;
mod pace;
mod reports;

pub(super) use atomic::cancel;
pub(super) use classic::close;
pub(super) use reports::Reports;

/// The time limit of a reply. A single key may have hundreds of megabytes.
const PATIENCE: Duration = Duration::from_secs(120);

/// The time limit for the news of moved slots. Nodes tell all others at once.
const HEARING: Duration = Duration::from_secs(10);

/// The interval of checks for the news.
const HEARING_POLL: Duration = Duration::from_millis(5);

/// Two primaries of a cluster. Slots go from the source to the target.
pub(super) struct SlotMove<'a> {
    pub(super) servers: &'a Servers<'a>,
    pub(super) from: &'a NodeName,
    pub(super) to: &'a Peer,
    pub(super) source: MultiplexedConnection,
    pub(super) target: MultiplexedConnection,
    pub(super) reports: Reports<'a>,
}

/// Both primaries' views of the cluster before the move.
struct Ends {
    source: ClusterView,
    target: ClusterView,
}

impl Ends {
    /// The slots that the target does not own yet.
    fn left(&self, slots: &SlotSet) -> SlotSet {
        slots.without(&owned(&self.target))
    }
}

fn owned(view: &ClusterView) -> SlotSet {
    view.own().map(|own| own.slots.clone()).unwrap_or_default()
}

impl SlotMove<'_> {
    /// Moves all slots.
    pub(super) async fn run(mut self, slots: &SlotSet, way: MoveWay) -> Result<(), ServerError> {
        self.source.set_response_timeout(PATIENCE);
        self.target.set_response_timeout(PATIENCE);
        let ends = self.ends().await?;
        // Otherwise the target's next config epoch may not be higher than that of the source.
        let_hear(&mut self.target, &mut self.source).await?;
        self.copy_functions().await?;
        let refusal = if way.atomic { atomic::run(&mut self, slots, &ends).await? } else { None };
        if let Some(reason) = &refusal {
            tracing::info!(reason, "the servers refuse to move slots at once");
        }
        if refusal.is_some() || !way.atomic {
            self.by_hand(slots, &ends, way).await?;
        }
        self.reports.end();
        self.let_all_hear(slots, &ends.target.own_id).await
    }

    /// The number of keys in each slot of the source, in database 0.
    async fn counts(&mut self, slots: &[u16]) -> Result<Vec<u64>, ServerError> {
        let mut pipeline = Pipeline::new();
        for slot in slots {
            pipeline.cmd("CLUSTER").arg("COUNTKEYSINSLOT").arg(slot);
        }
        values(&mut self.source, "CLUSTER COUNTKEYSINSLOT", &mut pipeline).await
    }

    /// SETSLOT and MIGRATE.
    async fn by_hand(&mut self, slots: &SlotSet, ends: &Ends, way: MoveWay) -> Result<(), ServerError> {
        if self.servers.login.is_none() {
            return classic::run(self, slots, ends, way, None).await;
        }
        let login = move_login::create(&mut self.target, &ends.source.own_id).await?;
        let moved = classic::run(self, slots, ends, way, Some(&login)).await;
        let removed = move_login::remove(&mut self.target, &login).await;
        moved.and(removed)
    }

    /// The views of both ends, once they know each other and the target serves.
    async fn ends(&mut self) -> Result<Ends, ServerError> {
        let (source, target) = (own_view(&mut self.source).await?, own_view(&mut self.target).await?);
        for (one, other) in [(&source, &target), (&target, &source)] {
            if one.nodes.get(&other.own_id).is_none_or(|line| line.handshake) {
                return Err(ServerError::NotMetYet(other.own_id.clone()));
            }
        }
        if !own_state(&mut self.target).await?.ok {
            return Err(ServerError::NotUpYet);
        }
        Ok(Ends { source, target })
    }

    /// Waits until every node lists the slots at the target. A source that raises its config epoch before that would
    /// get them back at the nodes that have not heard of the move.
    async fn let_all_hear(&mut self, slots: &SlotSet, target: &str) -> Result<(), ServerError> {
        let wait = Wait::new("the news of moved slots", HEARING, HEARING_POLL);
        for other in &mut self.servers.others([self.from, &self.to.node]).await {
            // A node that ends meanwhile hears it when it is back.
            while let Ok(view) = own_view(other).await {
                let listed = view.nodes.get(target).is_none_or(|line| slots.without(&line.slots).is_empty());
                if listed {
                    break;
                }
                wait.pause().await?;
            }
        }
        Ok(())
    }

    /// Gives the functions of the source to a target without functions: a new primary. Servers before 7.0 have none.
    async fn copy_functions(&mut self) -> Result<(), ServerError> {
        let list = |connection: &mut MultiplexedConnection| {
            let mut connection = connection.clone();
            async move { cmd("FUNCTION").arg("LIST").query_async::<Vec<Value>>(&mut connection).await }
        };
        let (Ok(here), Ok(there)) = (list(&mut self.source).await, list(&mut self.target).await) else {
            return Ok(());
        };
        if here.is_empty() || !there.is_empty() {
            return Ok(());
        }
        let dump: Vec<u8> = query(&mut self.source, "FUNCTION DUMP", cmd("FUNCTION").arg("DUMP")).await?;
        // Another source may do the same at this moment.
        let restore = &mut cmd("FUNCTION");
        run(&mut self.target, "FUNCTION RESTORE", restore.arg("RESTORE").arg(dump).arg("REPLACE")).await
    }
}
