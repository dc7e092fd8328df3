//! Checks of primaries with replicas, in clusters and without.

use crate::counted::counted;
use crate::observation::Replication;
use crate::topology::{Kind, Node};

use super::context::CheckContext;
use super::shard_roles::{ShardRoles, without_primary};
use super::{Check, CheckCommand, CheckConnection, Expectation, Judgement, Request};

const ROLES: (&str, &str) = ("roles", "there is one primary, and every other node is its replica");
const LINK: (&str, &str) = ("link", "the replica's link to its primary is up");
const LAG: (&str, &str) = ("lag", "every replica acknowledges a write in time");
const REPLICATED_READ: (&str, &str) =
    ("replicated-read", "what is written at the primary is read at the replica");
const READ_ONLY: (&str, &str) = ("read-only", "a replica refuses writes");

/// The lines of INFO about replication.
const REPLICATION_LINES: [&str; 4] = ["role:", "master_", "slave", "connected_slaves:"];

/// How long replicas may take to acknowledge a write, milliseconds.
const ACKNOWLEDGE_WITHIN: &str = "2000";

/// The roles of all nodes, in deployments without a cluster.
pub(super) fn roles(context: &CheckContext<'_>) -> Vec<Check> {
    let nodes = context.topology.servers();
    let role = |node: &&Node| {
        let transcript = context.transcript([*node], "INFO", &REPLICATION_LINES);
        Check::judged(ROLES, Some(&node.name), judge_role(context, node), transcript)
    };
    nodes.iter().map(role).collect()
}

fn judge_role(context: &CheckContext<'_>, node: &Node) -> Judgement {
    let Some(roles) = context.shard_roles.first() else { return Err("there is no shard".to_owned()) };
    let statement = context.said(&node.name)?;
    let acting = roles.primary.as_ref().map_err(Clone::clone)?;
    match &statement.view.replication {
        Replication::Primary { online_replicas, .. } if acting.name == node.name => {
            let swapped = if roles.swapped().is_some() { ", after the roles were swapped" } else { "" };
            Ok(format!("primary with {} online{swapped}", counted(online_replicas.len(), "replica")))
        }
        Replication::Primary { .. } if roles.former.contains(&node.name) => Err(format!(
            "it still says that it is a primary, but the sentinels have chosen {}; they make it a replica within \
             seconds, and its writes since then get lost",
            acting.name
        )),
        Replication::Primary { .. } => Err(format!("it is a primary, and so is {}", acting.name)),
        Replication::Replica { of: Some(address), .. } if *address == acting.address => {
            Ok(format!("replica of {}", acting.name))
        }
        Replication::Replica { of, .. } => {
            let of = of.map_or_else(|| "an unknown node".to_owned(), |address| context.name_at(address));
            Err(format!("it is a replica of {of} instead of {}", acting.name))
        }
    }
}

/// The checks of every replica.
pub(super) fn checks(context: &CheckContext<'_>) -> Vec<Check> {
    let with_replicas = || context.shard_roles.iter().filter(|roles| !roles.others.is_empty());
    let replicas = || with_replicas().flat_map(|roles| roles.others.iter().map(move |node| (roles, *node)));
    let mut checks: Vec<Check> = replicas().map(|(_, node)| link(context, node)).collect();
    checks.extend(with_replicas().map(|roles| lag(context, roles)));
    checks.extend(replicas().map(|(roles, node)| replicated_read(context, roles, node)));
    if context.topology.kind != Kind::Cluster {
        let refusing = replicas().filter(|(_, node)| refuses_writes(node));
        checks.extend(refusing.map(|(_, node)| read_only(context, node)));
    }
    checks
}

fn link(context: &CheckContext<'_>, node: &Node) -> Check {
    let transcript = context.transcript([node], "INFO", &REPLICATION_LINES);
    let judgement = context.said(&node.name).and_then(|statement| match &statement.view.replication {
        Replication::Replica { link_up: true, offset, .. } => Ok(format!("up, at offset {offset}")),
        Replication::Replica { link_up: false, .. } => Err("it is down".to_owned()),
        Replication::Primary { .. } => Err("there is no link: the node acts as primary".to_owned()),
    });
    Check::judged(LINK, Some(&node.name), judgement, transcript)
}

fn lag(context: &CheckContext<'_>, roles: &ShardRoles<'_>) -> Check {
    let primary = match &roles.primary {
        Ok(primary) => &primary.name,
        Err(reason) => return without_primary(LAG, roles, reason),
    };
    let key = context.key(LAG.0, roles);
    let replicas = roles.others.len();
    // WAIT blocks the connection: the check has its own.
    let connection = CheckConnection::Private(primary.clone());
    let wait = CheckCommand::new(["WAIT", &replicas.to_string(), ACKNOWLEDGE_WITHIN]);
    let all = i64::try_from(replicas).unwrap_or(i64::MAX);
    let requests = vec![
        Request::send(connection.clone(), CheckContext::set(&key, "acknowledged"), Expectation::Status("OK")),
        Request::send(connection.clone(), wait, Expectation::Integer(all..=i64::MAX)),
    ];
    let found = format!("{} acknowledged a write", counted(replicas, "replica"));
    Check::asked(LAG, Some(primary), requests, found).removing(connection, &key)
}

fn replicated_read(context: &CheckContext<'_>, roles: &ShardRoles<'_>, replica: &Node) -> Check {
    let primary = match &roles.primary {
        Ok(primary) => &primary.name,
        Err(reason) => {
            return Check::judged(REPLICATED_READ, Some(&replica.name), Err(reason.clone()), Vec::new());
        }
    };
    let key = context.key(&format!("{}:{}", REPLICATED_READ.0, replica.name), roles);
    let write = CheckConnection::Shared(primary.clone());
    let mut requests =
        vec![Request::send(write.clone(), CheckContext::set(&key, "copied"), Expectation::Status("OK"))];
    let read = if context.is_cluster() {
        // READONLY changes the state of the connection: the check has its own.
        let private = CheckConnection::Private(replica.name.clone());
        let read_only = CheckCommand::new(["READONLY"]);
        requests.push(Request::send(private.clone(), read_only, Expectation::Status("OK")));
        private
    } else {
        CheckConnection::Shared(replica.name.clone())
    };
    let copied = Expectation::Text("copied".to_owned());
    requests.push(Request::send(read, CheckCommand::new(["GET", &key]), copied).patiently());
    let found = format!("a key written at {primary} was read");
    Check::asked(REPLICATED_READ, Some(&replica.name), requests, found).removing(write, &key)
}

/// Whether the replica is read-only by the spec.
fn refuses_writes(node: &Node) -> bool {
    let given = node.settings.get("replica-read-only").or_else(|| node.settings.get("slave-read-only"));
    given != Some("no")
}

fn read_only(context: &CheckContext<'_>, replica: &Node) -> Check {
    let key = format!("{}:{}:{}", context.unique, READ_ONLY.0, replica.name);
    let connection = CheckConnection::Shared(replica.name.clone());
    let requests = vec![Request::send(
        connection.clone(),
        CheckContext::set(&key, "refused"),
        Expectation::Error("READONLY"),
    )];
    Check::asked(READ_ONLY, Some(&replica.name), requests, "a write got READONLY").removing(connection, &key)
}

#[cfg(test)]
mod tests {
    use super::super::testing::TestDeployment;
    use crate::observation::Replication;

    fn deployment() -> TestDeployment {
        TestDeployment::healthy("kind: replication\nreplicas: 2\n")
    }

    #[test]
    fn roles_are_judged_as_they_are_played() {
        let mut deployment = deployment();
        let found = |deployment: &TestDeployment, number| deployment.judged("roles", Some(number)).unwrap();
        assert_eq!(found(&deployment, 1), "primary with 2 replicas online");
        assert_eq!(found(&deployment, 2), "replica of shop-1");
        deployment.swap(1, 2);
        deployment.follow(3, 2);
        assert!(found(&deployment, 2).ends_with("after the roles were swapped"));
        assert_eq!(found(&deployment, 1), "replica of shop-2");
        assert!(deployment.requests("lag", Some(2))[1].contains("WAIT 2"));
    }

    #[test]
    fn wrong_roles_are_named() {
        let mut two = deployment();
        two.promote(3);
        assert_eq!(two.judged("roles", Some(3)), Err("it is a primary, and so is shop-1".to_owned()));
        assert!(two.judged("link", Some(3)).is_err_and(|wrong| wrong.contains("acts as primary")));

        let mut chained = deployment();
        chained.follow(3, 2);
        let wrong = Err("it is a replica of shop-2 instead of shop-1".to_owned());
        assert_eq!(chained.judged("roles", Some(3)), wrong);

        let mut leaderless = deployment();
        leaderless.follow(1, 2);
        let nobody = Err("no node of the deployment acts as primary".to_owned());
        for (check, number) in [("roles", 1), ("lag", 1), ("replicated-read", 2), ("pubsub", 2)] {
            assert_eq!(leaderless.judged(check, Some(number)), nobody, "{check}");
        }
    }

    #[test]
    fn a_link_that_is_down_is_found() {
        let mut deployment = deployment();
        assert_eq!(deployment.judged("link", Some(2)), Ok("up, at offset 14".to_owned()));
        if let Replication::Replica { link_up, .. } = &mut deployment.statement(2).view.replication {
            *link_up = false;
        }
        assert_eq!(deployment.judged("link", Some(2)), Err("it is down".to_owned()));
    }

    #[test]
    fn replicas_are_read_with_patience_and_refuse_writes() {
        let requests = deployment().requests("replicated-read", Some(3));
        assert!(
            requests[0].starts_with("shop-1 SET") && requests[1].starts_with("shop-3 GET"),
            "{requests:?}"
        );
        assert!(deployment().requests("read-only", Some(2))[0].contains("Error(\"READONLY\")"));
        let writable = TestDeployment::healthy("kind: replication\nconfig: {replica-read-only: no}\n");
        assert!(writable.find("read-only", Some(2)).is_none());

        let cluster = TestDeployment::cluster(3, 1);
        assert!(cluster.requests("replicated-read", Some(4))[1].starts_with("shop-4 READONLY"));
        // In a cluster, a replica answers a write with MOVED.
        assert!(cluster.find("read-only", Some(4)).is_none());
    }
}
