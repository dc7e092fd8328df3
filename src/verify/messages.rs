//! Whether published messages reach subscribers at other nodes.

use crate::topology::{Kind, NodeName};

use super::context::CheckContext;
use super::{Check, CheckCommand, CheckConnection, Expectation, Request, RequestAction};

const PUBSUB: (&str, &str) = ("pubsub", "a published message reaches a subscriber");

/// Every node is a subscriber once. The publisher is the primary, or in a cluster the node before the subscriber.
pub(super) fn checks(context: &CheckContext<'_>) -> Vec<Check> {
    let nodes = context.topology.servers();
    let before = nodes.iter().cycle().skip(nodes.len().saturating_sub(1));
    let pairs = nodes.iter().zip(before);
    pairs
        .map(|(node, before)| {
            let publisher = match (context.topology.kind, context.shard_roles.first()) {
                (Kind::Cluster, _) | (_, None) => Ok(&before.name),
                (_, Some(roles)) => roles.primary.as_ref().map(|primary| &primary.name),
            };
            match publisher {
                Ok(publisher) => {
                    let channel = format!("{}:{}:{}", context.unique, PUBSUB.0, node.name);
                    let requests = delivery(&node.name, publisher, channel, false);
                    let found = format!("a message published at {publisher} arrived");
                    Check::asked(PUBSUB, Some(&node.name), requests, found)
                }
                Err(reason) => Check::judged(PUBSUB, Some(&node.name), Err(reason.clone()), Vec::new()),
            }
        })
        .collect()
}

/// Subscribes at one node, publishes at another node, and receives the message.
pub(super) fn delivery(
    subscriber: &NodeName,
    publisher: &NodeName,
    channel: String,
    sharded: bool,
) -> Vec<Request> {
    let listener = CheckConnection::Private(subscriber.clone());
    let (subscribe, publish) = if sharded { ("SSUBSCRIBE", "SPUBLISH") } else { ("SUBSCRIBE", "PUBLISH") };
    let publish = CheckCommand::new([publish, &channel, "heard"]);
    let publisher = CheckConnection::Shared(publisher.clone());
    vec![
        Request::send(listener.clone(), CheckCommand::new([subscribe, &channel]), Expectation::Granted),
        Request::send(publisher.clone(), publish.clone(), Expectation::Integer(0..=i64::MAX)),
        Request {
            connection: listener,
            action: RequestAction::Receive { channel, publisher, publish },
            expectation: Expectation::Text("heard".to_owned()),
            patient: false,
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::super::testing::TestDeployment;

    #[test]
    fn messages_cross_the_deployment() {
        let hears =
            |deployment: &TestDeployment, number| deployment.requests("pubsub", Some(number)).join("\n");
        let cluster = hears(&TestDeployment::cluster(3, 1), 1);
        assert!(cluster.contains("shop-1 SUBSCRIBE") && cluster.contains("shop-6 PUBLISH"), "{cluster}");
        let replica = hears(&TestDeployment::healthy("kind: replication\nreplicas: 2\n"), 3);
        assert!(replica.contains("shop-3 SUBSCRIBE") && replica.contains("shop-1 PUBLISH"), "{replica}");
        let alone = hears(&TestDeployment::healthy("kind: standalone\n"), 1);
        assert!(alone.contains("shop-1 SUBSCRIBE") && alone.contains("shop-1 PUBLISH"), "{alone}");
    }
}
