//! Checks that fit every kind of deployment.

use crate::topology::settings::{is_secret, server_default, while_forming};
use crate::topology::{Kind, Node, Settings};

use super::lineup::Lineup;
use super::scene::{Scene, count};
use super::{Check, Command, Deed, Expectation, KEY_LIFETIME, Session, Step, Verdict};

const PING: (&str, &str) = ("ping", "the server answers at its endpoint");
const VERSION: (&str, &str) = ("version", "the server is the one that the image holds");
const SETTINGS: (&str, &str) = ("settings", "the settings in force are the spec's");
const WRITE_READ: (&str, &str) = ("write-read", "a key that was written is read back");
const EXPIRY: (&str, &str) = ("expiry", "a key with an expiry has a time to live, and is gone after it");
const PUBSUB: (&str, &str) = ("pubsub", "a published message reaches a subscriber");

/// How long the key of `expiry` lives, milliseconds: long enough to be no accident, short enough
/// not to be waited for.
const SHORT_LIFE: &str = "40";

pub(super) fn checks(scene: &Scene<'_>) -> Vec<Check> {
    let (nodes, servers) = (scene.topology.nodes(), scene.topology.servers());
    let mut checks: Vec<Check> = nodes.iter().map(|node| ping(node)).collect();
    checks.extend(nodes.iter().map(|node| version(scene, node)));
    checks.extend(servers.iter().map(|node| settings(scene, node)));
    checks.extend(scene.lineups.iter().map(|lineup| write_read(scene, lineup)));
    checks.extend(scene.lineups.iter().map(|lineup| expiry(scene, lineup)));
    checks.extend(publish_subscribe(scene, &servers));
    checks
}

fn ping(node: &Node) -> Check {
    let step =
        Step::send(Session::Shared(node.name.clone()), Command::new(["PING"]), Expectation::Status("PONG"));
    Check::asked(PING, Some(&node.name), vec![step], "PONG")
}

fn version(scene: &Scene<'_>, node: &Node) -> Check {
    let transcript = scene.transcript([node], "INFO", &["redis_version:", "valkey_version:"]);
    Check::judged(VERSION, Some(&node.name), judge_version(scene, node), transcript)
}

fn judge_version(scene: &Scene<'_>, node: &Node) -> Verdict {
    let wanted = scene.topology.server;
    match scene.said(&node.name)?.view.server {
        Some(found) if found.is_as_wanted(wanted) => Ok(found.to_string()),
        Some(found) => Err(format!("it is {found} instead of {wanted}")),
        None => Err(format!("its version cannot be read; it should be {wanted}")),
    }
}

/// Directives that are judged by what they bring about: who follows whom changes with the roles.
const JUDGED_ELSEWHERE: [&str; 2] = ["replicaof", "slaveof"];

fn settings(scene: &Scene<'_>, node: &Node) -> Check {
    let topology = scene.topology;
    let mut wanted: Settings = node
        .settings
        .iter()
        .filter(|(name, _)| !JUDGED_ELSEWHERE.contains(name) && !is_secret(name))
        .collect();
    // What forming changes must be back to normal.
    for (name, _) in while_forming(topology).iter() {
        if let Some(default) = server_default(name).filter(|_| wanted.get(name).is_none()) {
            wanted.set(name, default);
        }
    }
    let step = |(name, value): (&str, &str)| {
        let command = Command::new(["CONFIG", "GET", name]);
        Step::send(Session::Shared(node.name.clone()), command, Expectation::Setting(value.to_owned()))
    };
    let steps: Vec<Step> = wanted.iter().map(step).collect();
    let found = format!("{} in force", count(steps.len(), "setting"));
    Check::asked(SETTINGS, Some(&node.name), steps, found)
}

fn write_read(scene: &Scene<'_>, lineup: &Lineup<'_>) -> Check {
    let primary = match &lineup.primary {
        Ok(primary) => &primary.name,
        Err(reason) => return nobody(WRITE_READ, lineup, reason),
    };
    let key = scene.key(WRITE_READ.0, lineup);
    let session = Session::Shared(primary.clone());
    let steps = vec![
        Step::send(session.clone(), Scene::set(&key, "written"), Expectation::Status("OK")),
        Step::send(session.clone(), Command::new(["GET", &key]), Expectation::Text("written".to_owned())),
    ];
    Check::asked(WRITE_READ, Some(primary), steps, "a key was written and read back").removing(session, &key)
}

fn expiry(scene: &Scene<'_>, lineup: &Lineup<'_>) -> Check {
    let primary = match &lineup.primary {
        Ok(primary) => &primary.name,
        Err(reason) => return nobody(EXPIRY, lineup, reason),
    };
    let key = scene.key(EXPIRY.0, lineup);
    let session = Session::Shared(primary.clone());
    let send = |command, expectation| Step::send(session.clone(), command, expectation);
    let lifetime = i64::try_from(KEY_LIFETIME.as_millis()).unwrap_or(i64::MAX);
    // The time to live is looked at while it is long: no busy machine can outlast it.
    let steps = vec![
        send(Scene::set(&key, "fleeting"), Expectation::Status("OK")),
        send(Command::new(["PTTL", &key]), Expectation::Integer(1..=lifetime)),
        send(Command::new(["PEXPIRE", &key, SHORT_LIFE]), Expectation::Integer(1..=1)),
        send(Command::new(["GET", &key]), Expectation::Nil).patiently(),
    ];
    let found = "a key had a time to live, and was gone after it";
    Check::asked(EXPIRY, Some(primary), steps, found).removing(session.clone(), &key)
}

/// Every node hears what is published at another one: at the primary, or in a cluster at the node
/// before it.
fn publish_subscribe(scene: &Scene<'_>, nodes: &[&Node]) -> Vec<Check> {
    let before = nodes.iter().cycle().skip(nodes.len().saturating_sub(1));
    let pairs = nodes.iter().zip(before);
    pairs
        .map(|(node, before)| {
            let publisher = match (scene.topology.kind, scene.lineups.first()) {
                (Kind::Cluster, _) | (_, None) => Ok(&before.name),
                (_, Some(lineup)) => lineup.primary.as_ref().map(|primary| &primary.name),
            };
            match publisher {
                Ok(publisher) => {
                    let channel = format!("{}:{}:{}", scene.unique, PUBSUB.0, node.name);
                    let steps = delivery(&node.name, publisher, channel, false);
                    let found = format!("a message published at {publisher} arrived");
                    Check::asked(PUBSUB, Some(&node.name), steps, found)
                }
                Err(reason) => Check::judged(PUBSUB, Some(&node.name), Err(reason.clone()), Vec::new()),
            }
        })
        .collect()
}

/// A subscriber at one node, a publisher at another, and the message.
pub(super) fn delivery(
    subscriber: &crate::topology::NodeName,
    publisher: &crate::topology::NodeName,
    channel: String,
    sharded: bool,
) -> Vec<Step> {
    let listener = Session::Private(subscriber.clone());
    let (subscribe, publish) = if sharded { ("SSUBSCRIBE", "SPUBLISH") } else { ("SUBSCRIBE", "PUBLISH") };
    let publish = Command::new([publish, &channel, "heard"]);
    let publisher = Session::Shared(publisher.clone());
    vec![
        Step::send(listener.clone(), Command::new([subscribe, &channel]), Expectation::Granted),
        Step::send(publisher.clone(), publish.clone(), Expectation::Integer(0..=i64::MAX)),
        Step {
            session: listener,
            deed: Deed::Receive { channel, publisher, publish },
            expectation: Expectation::Text("heard".to_owned()),
            patient: false,
        },
    ]
}

/// The failure of a check that needs a primary where there is none; it is about the node that
/// should be it.
pub(super) fn nobody(name: (&'static str, &'static str), lineup: &Lineup<'_>, reason: &str) -> Check {
    Check::judged(name, Some(&lineup.shard.primary.name), Err(reason.to_owned()), Vec::new())
}

#[cfg(test)]
mod tests {
    use super::super::testing::Deployment;
    use crate::topology::Server;
    use crate::topology::slots::slot_of;
    use crate::verify::Trial;

    #[test]
    fn another_version_or_server_than_the_image_holds_is_found() {
        let mut deployment = Deployment::of("kind: standalone\nimage: redis:8.0.2\n");
        assert_eq!(deployment.judged("version", Some(1)), Ok("redis 8.0.2".to_owned()));
        let mut judged = |image: &str| {
            deployment.statement(1).view.server = Some(Server::assumed(image));
            deployment.judged("version", Some(1))
        };
        assert_eq!(judged("redis:8.0.3"), Err("it is redis 8.0.3 instead of redis 8.0.2".to_owned()));
        assert_eq!(judged("valkey:8.0.2"), Err("it is valkey 8.0.2 instead of redis 8.0.2".to_owned()));
        deployment.statement(1).view.server = None;
        assert!(deployment.judged("version", Some(1)).is_err());

        let mut loose = Deployment::of("kind: standalone\nimage: redis:8.0\n");
        loose.statement(1).view.server = Some(Server::assumed("redis:8.0.5"));
        assert!(loose.judged("version", Some(1)).is_ok());
        loose.statement(1).view.server = Some(Server::assumed("redis:8.1.0"));
        assert!(loose.judged("version", Some(1)).is_err());
    }

    #[test]
    fn settings_are_the_specs_and_what_forming_changed_is_back_to_normal() {
        let yaml = "kind: cluster\nconfig: {maxmemory: 64mb, cluster-node-timeout: 5000}\n";
        let steps = Deployment::of(yaml).steps("settings", Some(1)).join("\n");
        for wanted in [
            "shop-1 CONFIG GET maxmemory -> Setting(\"64mb\")",
            "shop-1 CONFIG GET cluster-node-timeout -> Setting(\"5000\")",
            "shop-1 CONFIG GET repl-diskless-sync-delay -> Setting(\"5\")",
            "shop-1 CONFIG GET cluster-announce-hostname -> Setting(\"127.0.0.1\")",
        ] {
            assert!(steps.contains(wanted), "{wanted} in\n{steps}");
        }
        let replica = Deployment::of("kind: replication\n").steps("settings", Some(2)).join("\n");
        assert!(!replica.contains("replicaof"), "{replica}");
    }

    #[test]
    fn keys_are_written_where_their_slots_are_served() {
        let mut deployment = Deployment::cluster(3, 1);
        deployment.swap(2, 5);
        let check = deployment.find("write-read", Some(5)).expect("a check at the acting primary");
        let Trial::Asked { steps, cleanup, .. } = check.trial else { panic!("it asks") };
        let command = steps[0].deed.to_string();
        let key = command.split(' ').nth(1).expect("a key");
        assert!(key.starts_with("probe:write-read:") && (5461..=10_922).contains(&slot_of(key)), "{key}");
        assert_eq!(cleanup[0].deed.to_string(), format!("DEL {key}"));
        assert!(command.ends_with(" PX 15000"), "{command}");
    }

    #[test]
    fn a_silent_node_fails_its_checks_with_the_reason() {
        let mut deployment = Deployment::cluster(3, 1);
        deployment.silence(1);
        let silence = "does not answer: connection refused";
        assert_eq!(deployment.judged("ping", Some(1)), Err(silence.to_owned()));
        // The next node would hear what is published here.
        assert_eq!(deployment.judged("pubsub", Some(2)), Err(format!("shop-1 {silence}")));
        let nobody = Err("no node of shard 1 acts as primary".to_owned());
        assert_eq!(deployment.judged("write-read", Some(1)), nobody);
        assert_eq!(deployment.judged("expiry", Some(1)), nobody);
        assert!(deployment.steps("ping", Some(2))[0].contains("PING"));
    }

    #[test]
    fn messages_cross_the_deployment() {
        let hears = |deployment: &Deployment, number| deployment.steps("pubsub", Some(number)).join("\n");
        let cluster = hears(&Deployment::cluster(3, 1), 1);
        assert!(cluster.contains("shop-1 SUBSCRIBE") && cluster.contains("shop-6 PUBLISH"), "{cluster}");
        let replica = hears(&Deployment::of("kind: replication\nreplicas: 2\n"), 3);
        assert!(replica.contains("shop-3 SUBSCRIBE") && replica.contains("shop-1 PUBLISH"), "{replica}");
        let alone = hears(&Deployment::of("kind: standalone\n"), 1);
        assert!(alone.contains("shop-1 SUBSCRIBE") && alone.contains("shop-1 PUBLISH"), "{alone}");
    }
}
