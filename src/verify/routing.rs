//! Where a cluster sends its clients: by CLUSTER SLOTS, by MOVED, and through a cluster client.

use crate::counted::counted;
use crate::topology::slots::slot_of;
use crate::topology::{Node, NodeName, Server};

use super::context::CheckContext;
use super::messages::delivery;
use super::shard_roles::{ShardRoles, without_primary};
use super::{Check, CheckCommand, CheckConnection, Expectation, Request, Route};

const ENDPOINTS: (&str, &str) = ("endpoints", "CLUSTER SLOTS lists every endpoint as clients can reach it");
const MOVED: (&str, &str) =
    ("moved", "a node redirects clients to the right endpoint for a key that it does not serve");
const REDIRECTS: (&str, &str) = ("redirects", "a cluster client that knows one endpoint reaches every shard");
const CROSS_SLOT: (&str, &str) = ("cross-slot", "a command with keys of two slots is refused");
const SHARDED_PUBSUB: (&str, &str) =
    ("sharded-pubsub", "a message published to a shard reaches the shard's subscribers");

pub(super) fn checks(context: &CheckContext<'_>) -> Vec<Check> {
    let nodes = context.topology.nodes();
    let mut checks: Vec<Check> = nodes.iter().map(|node| endpoints(context, node)).collect();
    checks.extend(nodes.iter().filter_map(|node| moved(context, node)));
    checks.extend(redirects(context, &nodes));
    checks.extend(context.shard_roles.iter().map(|roles| cross_slot(context, roles)));
    if context.topology.every_server(Server::has_shards) {
        checks.extend(context.shard_roles.iter().map(|roles| sharded_publish_subscribe(context, roles)));
    }
    checks
}

/// Why a cluster client cannot reach every shard: a shard without a primary.
fn leaderless(context: &CheckContext<'_>) -> Option<String> {
    context.shard_roles.iter().find_map(|roles| roles.primary.as_ref().err().cloned())
}

fn endpoints(context: &CheckContext<'_>, node: &Node) -> Check {
    let routes: Vec<Route> = context
        .shard_roles
        .iter()
        .filter_map(|roles| {
            let primary = roles.primary.as_ref().ok()?;
            Some(Route {
                slots: roles.slots.clone(),
                primary: context.topology.advertised(primary),
                replicas: roles.others.iter().map(|other| context.topology.advertised(other)).collect(),
            })
        })
        .collect();
    if let Some(reason) = leaderless(context) {
        return Check::judged(ENDPOINTS, Some(&node.name), Err(reason), Vec::new());
    }
    let command = CheckCommand::words_of("CLUSTER SLOTS");
    let request =
        Request::send(CheckConnection::Shared(node.name.clone()), command, Expectation::Routes(routes));
    let found = format!("lists {}", counted(context.topology.nodes().len(), "endpoint"));
    Check::asked(ENDPOINTS, Some(&node.name), vec![request], found)
}

/// Asks a node for a key of another shard. In a deployment with one shard, a replica is asked for a key of its
/// primary. A single primary serves every key and needs no check.
fn moved(context: &CheckContext<'_>, node: &Node) -> Option<Check> {
    let own =
        context.shard_roles.iter().position(|roles| roles.shard.nodes().any(|one| one.name == node.name))?;
    let target = &context.shard_roles[(own + 1) % context.shard_roles.len()];
    let primary = match &target.primary {
        Ok(primary) if primary.name == node.name => return None,
        Ok(primary) => primary,
        Err(reason) => return Some(Check::judged(MOVED, Some(&node.name), Err(reason.clone()), Vec::new())),
    };
    let key = context.key(MOVED.0, target);
    let to = context.topology.advertised(primary);
    let found = format!("MOVED to {to}, where {} is", primary.name);
    let expectation = Expectation::Moved { slot: slot_of(&key), to };
    let request = Request::send(
        CheckConnection::Shared(node.name.clone()),
        CheckCommand::new(["GET", &key]),
        expectation,
    );
    Some(Check::asked(MOVED, Some(&node.name), vec![request], found))
}

/// Writes one key per shard through a cluster client. The client starts at the last node that answers: often this is
/// a replica.
fn redirects(context: &CheckContext<'_>, nodes: &[&Node]) -> Option<Check> {
    let seed = nodes.iter().rev().find(|node| context.survey.silence(&node.name).is_none())?;
    if let Some(reason) = leaderless(context) {
        return Some(Check::judged(REDIRECTS, None, Err(reason), Vec::new()));
    }
    let connection = CheckConnection::Cluster(seed.name.clone());
    let keys: Vec<String> = context.shard_roles.iter().map(|roles| context.key(REDIRECTS.0, roles)).collect();
    let requests = keys.iter().enumerate().flat_map(|(shard, key)| {
        let value = format!("shard {}", shard + 1);
        [
            Request::send(connection.clone(), CheckContext::set(key, &value), Expectation::Status("OK")),
            Request::send(connection.clone(), CheckCommand::new(["GET", key]), Expectation::Text(value)),
        ]
    });
    let found = format!("a key of each of {} was written and read", counted(keys.len(), "shard"));
    let check = Check::asked(REDIRECTS, None, requests.collect(), found);
    Some(keys.iter().fold(check, |check, key| check.removing(connection.clone(), key)))
}

fn cross_slot(context: &CheckContext<'_>, roles: &ShardRoles<'_>) -> Check {
    let primary: &NodeName = match &roles.primary {
        Ok(primary) => &primary.name,
        Err(reason) => return without_primary(CROSS_SLOT, roles, reason),
    };
    // The hash tags `a` and `b` are in different slots.
    let keys = ["a", "b"].map(|tag| format!("{}:{}:{{{tag}}}", context.unique, CROSS_SLOT.0));
    let command = CheckCommand::new(["MGET", &keys[0], &keys[1]]);
    let request =
        Request::send(CheckConnection::Shared(primary.clone()), command, Expectation::Error("CROSSSLOT"));
    Check::asked(CROSS_SLOT, Some(primary), vec![request], "MGET across slots got CROSSSLOT")
}

/// Publishes at the shard's primary and subscribes at its first replica, or at the primary if there is no replica.
fn sharded_publish_subscribe(context: &CheckContext<'_>, roles: &ShardRoles<'_>) -> Check {
    let primary = match &roles.primary {
        Ok(primary) => &primary.name,
        Err(reason) => return without_primary(SHARDED_PUBSUB, roles, reason),
    };
    let subscriber = roles.others.first().map_or(primary, |other| &other.name);
    let requests = delivery(subscriber, primary, context.key(SHARDED_PUBSUB.0, roles), true);
    let found = format!("a message published at {primary} arrived at {subscriber}");
    Check::asked(SHARDED_PUBSUB, Some(primary), requests, found)
}

#[cfg(test)]
mod tests {
    use super::super::testing::TestDeployment;

    #[test]
    fn clients_are_sent_to_endpoints_or_to_addresses() {
        let sent = |yaml: &str| TestDeployment::healthy(yaml).requests("moved", Some(1)).remove(0);
        let local = sent("kind: cluster\n");
        assert!(
            local.starts_with("shop-1 GET probe:moved:") && local.contains("127.0.0.1\", port: 7002"),
            "{local}"
        );
        for inside in ["kind: cluster\naccess: network\n", "kind: cluster\nimage: redis:6.0\n"] {
            assert!(sent(inside).contains("172.30.0.12\", port: 7002"), "{inside}");
        }
    }

    #[test]
    fn clients_are_sent_to_the_acting_primary() {
        let mut deployment = TestDeployment::cluster(3, 1);
        deployment.swap(2, 5);
        assert!(deployment.requests("moved", Some(1))[0].contains("port: 7005"));
        let routes = &deployment.requests("endpoints", Some(1))[0];
        assert!(
            routes.contains("port: 7005 }, replicas: {Endpoint { host: \"127.0.0.1\", port: 7002"),
            "{routes}"
        );
    }

    #[test]
    fn a_lone_shard_moves_only_readers_of_its_replicas() {
        let lone = TestDeployment::cluster(1, 1);
        assert!(lone.find("moved", Some(1)).is_none());
        assert!(lone.requests("moved", Some(2))[0].contains("port: 7001"));
    }

    #[test]
    fn a_cluster_client_starts_at_one_node_and_visits_every_shard() {
        let mut deployment = TestDeployment::cluster(3, 1);
        assert_eq!(deployment.requests("redirects", None).len(), 6);
        assert!(deployment.requests("redirects", None)[0].starts_with("shop-6 SET probe:redirects:"));
        deployment.silence(6);
        assert!(deployment.requests("redirects", None)[0].starts_with("shop-5 SET"));
        deployment.silence(2);
        let nobody = Err("no node of shard 2 acts as primary".to_owned());
        for (check, number) in [
            ("redirects", None),
            ("endpoints", Some(1)),
            ("moved", Some(1)),
            ("cross-slot", Some(2)),
            ("sharded-pubsub", Some(2)),
        ] {
            assert_eq!(deployment.judged(check, number), nobody, "{check}");
        }
    }

    #[test]
    fn sharded_messages_go_to_the_shards_replica_where_the_server_has_them() {
        let requests = TestDeployment::cluster(3, 1).requests("sharded-pubsub", Some(2));
        assert!(
            requests[0].starts_with("shop-5 SSUBSCRIBE") && requests[1].starts_with("shop-2 SPUBLISH"),
            "{requests:?}"
        );
        assert!(
            TestDeployment::healthy("kind: cluster\nimage: redis:6.0\n")
                .find("sharded-pubsub", Some(2))
                .is_none()
        );
    }
}
