//! The node that a client dials which takes one address.

use crate::executor::ServerCalls as _;
use crate::observation::Replication;
use crate::redis::Servers;
use crate::topology::{Kind, Node, Topology};

/// Of a cluster the first node that answers, else the acting primary: after a failover that is another
/// node than the topology's. Where none answers, the topology's primary: the client then gets its error.
pub(super) async fn dialled_first<'t>(topology: &'t Topology, servers: &Servers<'_>) -> &'t Node {
    let first = &topology.shards[0].primary;
    if topology.kind == Kind::Standalone {
        return first;
    }
    for node in topology.servers() {
        let Ok(view) = servers.view(&node.name).await else { continue };
        if topology.kind == Kind::Cluster || matches!(view.replication, Replication::Primary { .. }) {
            return node;
        }
    }
    first
}
