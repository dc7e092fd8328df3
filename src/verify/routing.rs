//! Where a cluster sends its clients: by the listing, by redirections, and as a cluster client
//! finds its way.

use crate::topology::slots::slot_of;
use crate::topology::{Node, NodeName};

use super::every::{delivery, nobody};
use super::lineup::Lineup;
use super::scene::{Scene, count};
use super::{Check, Command, Expectation, Route, Session, Step};

const ENDPOINTS: (&str, &str) =
    ("endpoints", "clients are told endpoints that they can reach, and all of them");
const MOVED: (&str, &str) =
    ("moved", "a node sends clients on to the right endpoint for a key that it does not serve");
const REDIRECTS: (&str, &str) =
    ("redirects", "a cluster client that knows one endpoint finds its way to every shard");
const CROSS_SLOT: (&str, &str) = ("cross-slot", "a command with keys of two slots is refused");
const SHARDED_PUBSUB: (&str, &str) =
    ("sharded-pubsub", "a message published to a shard reaches the shard's subscribers");

pub(super) fn checks(scene: &Scene<'_>) -> Vec<Check> {
    let nodes = scene.topology.nodes();
    let mut checks: Vec<Check> = nodes.iter().map(|node| endpoints(scene, node)).collect();
    checks.extend(nodes.iter().filter_map(|node| moved(scene, node)));
    checks.extend(redirects(scene, &nodes));
    checks.extend(scene.lineups.iter().map(|lineup| cross_slot(scene, lineup)));
    if scene.topology.server.has_shards() {
        checks.extend(scene.lineups.iter().map(|lineup| sharded_publish_subscribe(scene, lineup)));
    }
    checks
}

/// Why a cluster cannot be asked as a whole: a shard without a primary.
fn leaderless(scene: &Scene<'_>) -> Option<String> {
    scene.lineups.iter().find_map(|lineup| lineup.primary.as_ref().err().cloned())
}

fn endpoints(scene: &Scene<'_>, node: &Node) -> Check {
    let routes: Vec<Route> = scene
        .lineups
        .iter()
        .filter_map(|lineup| {
            let primary = lineup.primary.as_ref().ok()?;
            Some(Route {
                slots: lineup.slots.clone(),
                primary: scene.topology.advertised(primary),
                replicas: lineup.others.iter().map(|other| scene.topology.advertised(other)).collect(),
            })
        })
        .collect();
    if let Some(reason) = leaderless(scene) {
        return Check::judged(ENDPOINTS, Some(&node.name), Err(reason), Vec::new());
    }
    let command = Command::words_of("CLUSTER SLOTS");
    let step = Step::send(Session::Shared(node.name.clone()), command, Expectation::Routes(routes));
    let found = format!("clients are told of {}", count(scene.topology.nodes().len(), "endpoint"));
    Check::asked(ENDPOINTS, Some(&node.name), vec![step], found)
}

/// Asks a node for a key of another shard; a replica that has no other shard for one of its own
/// shard's keys, which its primary serves. A lone primary serves every key.
fn moved(scene: &Scene<'_>, node: &Node) -> Option<Check> {
    let own =
        scene.lineups.iter().position(|lineup| lineup.shard.nodes().any(|one| one.name == node.name))?;
    let target = &scene.lineups[(own + 1) % scene.lineups.len()];
    let primary = match &target.primary {
        Ok(primary) if primary.name == node.name => return None,
        Ok(primary) => primary,
        Err(reason) => return Some(Check::judged(MOVED, Some(&node.name), Err(reason.clone()), Vec::new())),
    };
    let key = scene.key(MOVED.0, target);
    let to = scene.topology.advertised(primary);
    let found = format!("MOVED to {to}, where {} is", primary.name);
    let expectation = Expectation::Moved { slot: slot_of(&key), to };
    let step = Step::send(Session::Shared(node.name.clone()), Command::new(["GET", &key]), expectation);
    Some(Check::asked(MOVED, Some(&node.name), vec![step], found))
}

/// One key per shard, through a client that is told of one node alone: the last that answers, as
/// often as not a replica.
fn redirects(scene: &Scene<'_>, nodes: &[&Node]) -> Option<Check> {
    let seed = nodes.iter().rev().find(|node| scene.survey.silence(&node.name).is_none())?;
    if let Some(reason) = leaderless(scene) {
        return Some(Check::judged(REDIRECTS, None, Err(reason), Vec::new()));
    }
    let session = Session::Cluster(seed.name.clone());
    let keys: Vec<String> = scene.lineups.iter().map(|lineup| scene.key(REDIRECTS.0, lineup)).collect();
    let steps = keys.iter().enumerate().flat_map(|(shard, key)| {
        let value = format!("shard {}", shard + 1);
        [
            Step::send(session.clone(), Scene::set(key, &value), Expectation::Status("OK")),
            Step::send(session.clone(), Command::new(["GET", key]), Expectation::Text(value)),
        ]
    });
    let found = format!("a key of each of {} was written and read", count(keys.len(), "shard"));
    let check = Check::asked(REDIRECTS, None, steps.collect(), found);
    Some(keys.iter().fold(check, |check, key| check.removing(session.clone(), key)))
}

fn cross_slot(scene: &Scene<'_>, lineup: &Lineup<'_>) -> Check {
    let primary: &NodeName = match &lineup.primary {
        Ok(primary) => &primary.name,
        Err(reason) => return nobody(CROSS_SLOT, lineup, reason),
    };
    // These tags' slots differ, whatever the prefix.
    let keys = ["a", "b"].map(|tag| format!("{}:{}:{{{tag}}}", scene.unique, CROSS_SLOT.0));
    let command = Command::new(["MGET", &keys[0], &keys[1]]);
    let step = Step::send(Session::Shared(primary.clone()), command, Expectation::Error("CROSSSLOT"));
    Check::asked(CROSS_SLOT, Some(primary), vec![step], "MGET across slots got CROSSSLOT")
}

/// From the shard's primary to its first replica, or to itself where there is none.
fn sharded_publish_subscribe(scene: &Scene<'_>, lineup: &Lineup<'_>) -> Check {
    let primary = match &lineup.primary {
        Ok(primary) => &primary.name,
        Err(reason) => return nobody(SHARDED_PUBSUB, lineup, reason),
    };
    let subscriber = lineup.others.first().map_or(primary, |other| &other.name);
    let steps = delivery(subscriber, primary, scene.key(SHARDED_PUBSUB.0, lineup), true);
    let found = format!("a message published at {primary} arrived at {subscriber}");
    Check::asked(SHARDED_PUBSUB, Some(primary), steps, found)
}

#[cfg(test)]
mod tests {
    use super::super::testing::Deployment;

    #[test]
    fn clients_are_sent_to_endpoints_or_to_addresses() {
        let sent = |yaml: &str| Deployment::of(yaml).steps("moved", Some(1)).remove(0);
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
        let mut deployment = Deployment::cluster(3, 1);
        deployment.swap(2, 5);
        assert!(deployment.steps("moved", Some(1))[0].contains("port: 7005"));
        let routes = &deployment.steps("endpoints", Some(1))[0];
        assert!(
            routes.contains("port: 7005 }, replicas: {Endpoint { host: \"127.0.0.1\", port: 7002"),
            "{routes}"
        );
    }

    #[test]
    fn a_lone_shard_moves_only_readers_of_its_replicas() {
        let lone = Deployment::cluster(1, 1);
        assert!(lone.find("moved", Some(1)).is_none());
        assert!(lone.steps("moved", Some(2))[0].contains("port: 7001"));
    }

    #[test]
    fn a_cluster_client_starts_at_one_node_and_visits_every_shard() {
        let mut deployment = Deployment::cluster(3, 1);
        assert_eq!(deployment.steps("redirects", None).len(), 6);
        assert!(deployment.steps("redirects", None)[0].starts_with("shop-6 SET probe:redirects:"));
        deployment.silence(6);
        assert!(deployment.steps("redirects", None)[0].starts_with("shop-5 SET"));
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
        let steps = Deployment::cluster(3, 1).steps("sharded-pubsub", Some(2));
        assert!(
            steps[0].starts_with("shop-5 SSUBSCRIBE") && steps[1].starts_with("shop-2 SPUBLISH"),
            "{steps:?}"
        );
        assert!(
            Deployment::of("kind: cluster\nimage: redis:6.0\n").find("sharded-pubsub", Some(2)).is_none()
        );
    }
}
