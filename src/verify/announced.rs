//! Whether clients outside the network reach the nodes of a cluster at announced addresses that are not endpoints.
//!
//! All other checks dial endpoints. Clients dial the announced addresses, and so does this check.

use crate::topology::Node;

use super::context::CheckContext;
use super::{Check, CheckCommand, CheckConnection, Expectation, Request};

const ANNOUNCED: (&str, &str) =
    ("announced", "a client outside the network reaches the node at its announced address");

pub(super) fn checks(context: &CheckContext<'_>) -> Vec<Check> {
    let Some(told) = context.topology.told_instead_of_endpoints() else { return Vec::new() };
    let nodes = context.topology.nodes();
    nodes.into_iter().map(|node| announced(context, node).with_advice(told.remedy.clone())).collect()
}

/// Dials the address. The reply proves the identity of the node: in another network, another server may have the same
/// address.
fn announced(context: &CheckContext<'_>, node: &Node) -> Check {
    let id = context.survey.cluster(&node.name).map(|view| view.own_id.clone()).unwrap_or_default();
    let address = context.topology.advertised(node);
    let found =
        format!("{address} is announced to clients: this machine reaches it, other machines need a route");
    let connection = CheckConnection::Announced(node.name.clone(), address);
    let request = Request::send(connection, CheckCommand::words_of("CLUSTER MYID"), Expectation::Text(id));
    Check::asked(ANNOUNCED, Some(&node.name), vec![request], found)
}

#[cfg(test)]
mod tests {
    use super::super::testing::TestDeployment;

    #[test]
    fn what_servers_tell_is_dialled_where_it_is_no_endpoint() {
        let old = TestDeployment::healthy("kind: cluster\nimage: redis:6.0\n");
        let requests = old.requests("announced", Some(2));
        assert!(requests[0].starts_with("shop-2 CLUSTER MYID -> Text("), "{requests:?}");
        for yaml in
            ["kind: cluster\n", "{kind: cluster, image: 'redis:6.0', access: network}", "kind: sentinel\n"]
        {
            assert!(TestDeployment::healthy(yaml).find("announced", Some(2)).is_none(), "{yaml}");
        }
    }

    #[test]
    fn a_node_that_does_not_answer_is_not_dialled() {
        let mut old = TestDeployment::healthy("kind: cluster\nimage: redis:6.0\n");
        old.silence(2);
        assert!(old.judged("announced", Some(2)).is_err_and(|why| why.contains("does not answer")));
    }
}
