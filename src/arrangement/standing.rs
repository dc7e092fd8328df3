//! The role of one node, from its server's answers.

use super::{Arrangement, Member};
use crate::observation::{ClusterRole, ClusterView, Replication};
use crate::topology::{Address, NodeName, SlotSet};

/// The role of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It accepts writes.
    Primary {
        /// The slots that it owns; empty if it is no cluster node.
        slots: SlotSet,
    },
    /// It copies another server's keys; or it is a former primary that will replicate its successor.
    Replica {
        /// Its primary; `None` if that is no node of the deployment.
        of: Option<NodeName>,
        /// Whether its link to the primary is up.
        link_up: bool,
        /// The bytes that it is behind its primary, if the link is up.
        lag: Option<u64>,
    },
    /// It watches a primary.
    Sentinel {
        /// The primary that it watches; `None` if it watches none, or a server that is no node of the deployment.
        of: Option<NodeName>,
    },
}

impl Arrangement<'_> {
    /// The role of a node; `None` if it does not answer.
    #[must_use]
    pub fn standing(&self, node: &NodeName) -> Option<Standing> {
        let view = self.view(node)?;
        if let Some(sentinel) = &view.sentinel {
            let watched = sentinel.watched.as_ref().and_then(|watched| watched.primary);
            return Some(Standing::Sentinel { of: watched.and_then(|address| self.name_at(address)) });
        }
        if let Some(successor) = self.successor(node) {
            return Some(Standing::Replica { of: Some(successor.name.clone()), link_up: false, lag: None });
        }
        let own = view.cluster.as_ref().and_then(ClusterView::own);
        let followed = own.and_then(|own| match &own.role {
            ClusterRole::Primary => None,
            ClusterRole::Replica(id) => Some(self.name_by_id(node, id)),
        });
        Some(match (&view.replication, followed) {
            (Replication::Primary { .. }, None) => {
                Standing::Primary { slots: own.map(|own| own.slots.clone()).unwrap_or_default() }
            }
            // A cluster node is not connected right after CLUSTER REPLICATE.
            (Replication::Primary { .. }, Some(of)) => Standing::Replica { of, link_up: false, lag: None },
            (Replication::Replica { of, link_up, offset }, followed) => {
                let of = followed.flatten().or_else(|| of.and_then(|address| self.name_at(address)));
                let ahead = of.as_ref().and_then(|primary| Some(self.view(primary)?.replication.offset()));
                let lag = ahead.filter(|_| *link_up).map(|ahead| ahead.saturating_sub(*offset));
                Standing::Replica { of, link_up: *link_up, lag }
            }
        })
    }

    /// The node with a cluster id: the node with that own id, otherwise the node at the address that `teller` lists
    /// for the id.
    fn name_by_id(&self, teller: &NodeName, id: &str) -> Option<NodeName> {
        let found = self.with_id(id).map(|member| member.name.clone());
        let address = || self.cluster(teller)?.nodes.get(id)?.address;
        found.or_else(|| self.name_at(address()?))
    }

    fn name_at(&self, address: Address) -> Option<NodeName> {
        let at = |member: &&Member<'_>| member.address == address;
        self.staying().find(at).map(|member| member.name.clone())
    }
}
