//! Checks of sentinels: whether they agree, have a quorum, and lead clients to the primary.

use crate::counted::counted;
use crate::observation::Watched;
use crate::topology::{Address, Node};

use super::context::CheckContext;
use super::setting_value::fulfils;
use super::shard_roles::{ShardRoles, without_primary};
use super::{Check, CheckCommand, CheckConnection, Expectation, Judgement, Request};

const WATCH: (&str, &str) =
    ("sentinel-watch", "the sentinel watches the acting primary, under the settings of the spec");
const PEERS: (&str, &str) = ("sentinel-peers", "the sentinel knows every replica and every other sentinel");
const QUORUM: (&str, &str) =
    ("sentinel-quorum", "enough sentinels are reachable to declare the primary down and to fail over");
const DISCOVERY: (&str, &str) = (
    "sentinel-discovery",
    "a client that asks the sentinel for the primary gets its endpoint, and can write there",
);

/// The settings that a sentinel reports for the primary that it watches.
const REPORTED_SETTINGS: [&str; 4] =
    ["quorum", "down-after-milliseconds", "failover-timeout", "parallel-syncs"];

pub(super) fn checks(context: &CheckContext<'_>) -> Vec<Check> {
    let sentinels = &context.topology.sentinels;
    let Some(roles) = context.shard_roles.first().filter(|_| !sentinels.is_empty()) else {
        return Vec::new();
    };
    let watch = |node: &Node| {
        let transcript = context.transcript([node], "SENTINEL MASTERS", &[]);
        Check::judged(WATCH, Some(&node.name), judge_watch(context, roles, node), transcript)
    };
    let peers = |node: &Node| {
        let mut transcript = context.transcript([node], "SENTINEL REPLICAS", &[]);
        transcript.extend(context.transcript([node], "SENTINEL SENTINELS", &[]));
        Check::judged(PEERS, Some(&node.name), judge_peers(context, roles, node), transcript)
    };
    let mut checks: Vec<Check> = sentinels.iter().map(watch).collect();
    checks.extend(sentinels.iter().map(peers));
    checks.extend(sentinels.iter().map(|node| quorum(context, node)));
    checks.extend(sentinels.iter().map(|node| discovery(context, roles, node)));
    checks
}

fn watched<'a>(context: &'a CheckContext<'_>, node: &Node) -> Result<&'a Watched, String> {
    let sentinel = context.said(&node.name)?.view.sentinel.as_ref().ok_or("it is not a sentinel")?;
    sentinel.watched.as_ref().ok_or_else(|| "it watches no primary".to_owned())
}

fn judge_watch(context: &CheckContext<'_>, roles: &ShardRoles<'_>, node: &Node) -> Judgement {
    let watched = watched(context, node)?;
    let acting = roles.primary.as_ref().map_err(Clone::clone)?;
    if watched.primary != Some(acting.address) {
        let other =
            watched.primary.map_or_else(|| "an unknown node".to_owned(), |address| context.name_at(address));
        return Err(format!("it watches {other}, and the primary is {}", acting.name));
    }
    if watched.failing {
        return Err(format!("it reports {} as down, or fails it over", acting.name));
    }
    let found = &context.said(&node.name)?.view.settings;
    for (name, wanted) in node.settings.iter().filter(|(name, _)| REPORTED_SETTINGS.contains(name)) {
        let value = found.get(name).unwrap_or("not set");
        if !fulfils(name, value, wanted) {
            return Err(format!("its `{name}` is {value} instead of {wanted}"));
        }
    }
    let swapped = if roles.swapped().is_some() { ", after a failover" } else { "" };
    Ok(format!("watches {}{swapped}", acting.name))
}

fn judge_peers(context: &CheckContext<'_>, roles: &ShardRoles<'_>, node: &Node) -> Judgement {
    let watched = watched(context, node)?;
    let others: Vec<&Node> =
        context.topology.sentinels.iter().filter(|other| other.name != node.name).collect();
    for (known, wanted) in [(&watched.replicas, &roles.others), (&watched.sentinels, &others)] {
        for peer in wanted {
            match known.get(&peer.address) {
                None => return Err(format!("it does not know {}", peer.name)),
                Some(false) => {
                    return Err(format!("it reports {} as down or as a replica of another node", peer.name));
                }
                Some(true) => {}
            }
        }
        let is_wanted = |address: &Address| wanted.iter().any(|peer| peer.address == *address);
        if let Some(stranger) = known.keys().find(|address| !is_wanted(address)) {
            return Err(format!("it knows {}, which does not belong there", context.name_at(*stranger)));
        }
    }
    let (replicas, sentinels) =
        (counted(roles.others.len(), "replica"), counted(others.len(), "other sentinel"));
    Ok(format!("knows {replicas} and {sentinels}"))
}

fn quorum(context: &CheckContext<'_>, node: &Node) -> Check {
    let command = CheckCommand::new(["SENTINEL", "CKQUORUM", context.topology.name.as_str()]);
    let request = Request::send(CheckConnection::Shared(node.name.clone()), command, Expectation::Granted);
    Check::asked(QUORUM, Some(&node.name), vec![request], "quorum and majority can be reached")
}

/// Asks as a client: the sentinel must name the primary's endpoint, and the primary must accept a write.
fn discovery(context: &CheckContext<'_>, roles: &ShardRoles<'_>, node: &Node) -> Check {
    let primary = match &roles.primary {
        Ok(primary) => *primary,
        Err(reason) => return without_primary(DISCOVERY, roles, reason),
    };
    let told = context.topology.advertised(primary);
    let key = context.key(&format!("{}:{}", DISCOVERY.0, node.name), roles);
    let ask = CheckCommand::new(["SENTINEL", "GET-MASTER-ADDR-BY-NAME", context.topology.name.as_str()]);
    // The check dials its own connection after the sentinel has named the endpoint.
    let client = CheckConnection::Private(primary.name.clone());
    let requests = vec![
        Request::send(
            CheckConnection::Shared(node.name.clone()),
            ask,
            Expectation::Texts(vec![told.host.clone(), told.port.to_string()]),
        ),
        Request::send(client.clone(), CheckContext::set(&key, "discovered"), Expectation::Status("OK")),
    ];
    let found = format!("{} at {told} took a write", primary.name);
    Check::asked(DISCOVERY, Some(&node.name), requests, found).removing(client, &key)
}

#[cfg(test)]
mod tests {
    use super::super::testing::TestDeployment;
    use crate::observation::Watched;

    fn deployment() -> TestDeployment {
        TestDeployment::healthy("kind: sentinel\nreplicas: 2\n")
    }

    fn watched(deployment: &mut TestDeployment, number: usize) -> &mut Watched {
        let sentinel = deployment.statement(number).view.sentinel.as_mut().expect("a sentinel");
        sentinel.watched.as_mut().expect("it watches")
    }

    #[test]
    fn sentinels_that_agree_pass() {
        let deployment = deployment();
        assert_eq!(deployment.judged("sentinel-watch", Some(4)), Ok("watches shop-1".to_owned()));
        let peers = deployment.judged("sentinel-peers", Some(6));
        assert_eq!(peers, Ok("knows 2 replicas and 2 other sentinels".to_owned()));
        assert_eq!(
            deployment.requests("sentinel-quorum", Some(5)),
            ["shop-5 SENTINEL CKQUORUM shop -> Granted"]
        );
        let requests = deployment.requests("sentinel-discovery", Some(4));
        assert_eq!(
            requests[0],
            "shop-4 SENTINEL GET-MASTER-ADDR-BY-NAME shop -> Texts([\"127.0.0.1\", \"7001\"])"
        );
        assert!(requests[1].starts_with("shop-1 SET"), "{requests:?}");
        assert!(deployment.find("settings", Some(4)).is_none() && deployment.find("ping", Some(4)).is_some());
    }

    #[test]
    fn clients_in_the_network_are_told_its_addresses() {
        let requests = TestDeployment::healthy("kind: sentinel\naccess: network\n")
            .requests("sentinel-discovery", Some(3));
        assert!(requests[0].ends_with("Texts([\"172.30.0.11\", \"7001\"])"), "{requests:?}");
    }

    #[test]
    fn a_sentinel_that_watches_another_node_or_none_fails() {
        let mut deployment = deployment();
        let other = deployment.topology.shards[0].replicas[0].address;
        watched(&mut deployment, 4).primary = Some(other);
        watched(&mut deployment, 5).failing = true;
        deployment.statement(6).view.sentinel.as_mut().expect("a sentinel").watched = None;
        let wrong = |number| deployment.judged("sentinel-watch", Some(number)).expect_err("wrong");
        assert_eq!(wrong(4), "it watches shop-2, and the primary is shop-1");
        assert_eq!(wrong(5), "it reports shop-1 as down, or fails it over");
        assert_eq!(wrong(6), "it watches no primary");
    }

    #[test]
    fn a_former_primary_that_does_not_know_of_the_failover_is_to_blame() {
        let mut deployment = deployment();
        // shop-1 was restarted. The sentinels have chosen shop-2, and shop-3 replicates it.
        deployment.promote(2);
        let address = deployment.topology.shards[0].replicas[0].address;
        for number in 4..=6 {
            let watched = watched(&mut deployment, number);
            (watched.primary, watched.epoch) = (Some(address), 1);
        }
        let watch = deployment.judged("sentinel-watch", Some(4));
        assert_eq!(watch, Ok("watches shop-2, after a failover".to_owned()));
        let former = deployment.judged("roles", Some(1)).expect_err("a former primary");
        assert!(former.contains("but the sentinels have chosen shop-2"), "{former}");
        assert!(deployment.judged("roles", Some(2)).is_ok());
        assert!(deployment.requests("write-read", Some(2))[0].starts_with("shop-2 SET"));
    }

    #[test]
    fn missing_lost_and_strange_peers_are_named() {
        let mut deployment = deployment();
        let replica = deployment.topology.shards[0].replicas[1].address;
        let primary = deployment.topology.shards[0].primary.address;
        watched(&mut deployment, 4).replicas.remove(&replica);
        watched(&mut deployment, 5).replicas.insert(replica, false);
        watched(&mut deployment, 6).sentinels.insert(primary, true);
        let wrong = |number| deployment.judged("sentinel-peers", Some(number)).expect_err("wrong");
        assert_eq!(wrong(4), "it does not know shop-3");
        assert_eq!(wrong(5), "it reports shop-3 as down or as a replica of another node");
        assert_eq!(wrong(6), "it knows shop-1, which does not belong there");
    }

    #[test]
    fn other_settings_than_the_specs_are_found() {
        let mut deployment = deployment();
        deployment.statement(4).view.settings.set("down-after-milliseconds", "30000");
        let wrong = deployment.judged("sentinel-watch", Some(4));
        assert_eq!(wrong, Err("its `down-after-milliseconds` is 30000 instead of 5000".to_owned()));
    }
}
