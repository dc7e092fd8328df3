//! Whether a cluster has the shards and replicas of the spec, by each node's own statement.

use std::collections::BTreeMap;

use crate::counted::counted;
use crate::observation::ClusterRole;
use crate::topology::NodeName;

use super::context::CheckContext;
use super::shard_roles::ShardRoles;
use super::{Check, Judgement};

const SHAPE: (&str, &str) =
    ("shape", "every shard has one primary and the replicas of the spec, and serves its slots");
const SPREAD: (&str, &str) =
    ("spread", "every node of a shard is a server of its own, so that one failure stops one node");

pub(super) fn checks(context: &CheckContext<'_>) -> Vec<Check> {
    let nodes = context.topology.nodes();
    let mut checks = vec![Check::judged(SHAPE, None, judge_shape(context), own_lines(context))];
    if nodes.len() > context.shard_roles.len() {
        checks.push(Check::judged(SPREAD, None, judge_spread(context), own_lines(context)));
    }
    checks
}

/// Each node's own line in its CLUSTER NODES.
fn own_lines(context: &CheckContext<'_>) -> Vec<crate::report::Exchange> {
    let mut transcript = context.transcript(context.topology.nodes(), "CLUSTER NODES", &[]);
    for exchange in &mut transcript {
        let own: Vec<&str> = exchange.reply.lines().filter(|line| line.contains("myself")).collect();
        exchange.reply = own.join("\n");
    }
    transcript
}

fn judge_shape(context: &CheckContext<'_>) -> Judgement {
    let ids: BTreeMap<&str, &NodeName> = context
        .topology
        .nodes()
        .into_iter()
        .filter_map(|node| Some((context.survey.cluster(&node.name)?.own_id.as_str(), &node.name)))
        .collect();
    let problems: Vec<String> =
        context.shard_roles.iter().flat_map(|roles| shard_problems(context, roles, &ids)).collect();
    if !problems.is_empty() {
        return Err(problems.join("; "));
    }
    let primaries = match context.shard_roles.len() {
        1 => "1 primary".to_owned(),
        several => format!("{several} primaries"),
    };
    let replicas = match context.topology.replicas_per_shard().into_inner() {
        (_, 0) => " without replicas".to_owned(),
        (fewest, most) if fewest == most => format!(" with {} each", counted(most, "replica")),
        (fewest, most) => format!(" with {fewest} to {most} replicas each"),
    };
    let swapped: Vec<String> = context
        .shard_roles
        .iter()
        .filter_map(|roles| Some(format!("{} is primary of {}", roles.swapped()?, roles.title)))
        .collect();
    let swapped = match swapped.as_slice() {
        [] => String::new(),
        some => format!("; after a failover {}", some.join(", ")),
    };
    Ok(format!("{primaries}{replicas}{swapped}"))
}

/// The mistakes in a shard.
fn shard_problems(
    context: &CheckContext<'_>,
    roles: &ShardRoles<'_>,
    ids: &BTreeMap<&str, &NodeName>,
) -> Vec<String> {
    let title = &roles.title;
    let mut problems = Vec::new();
    let wanted = &roles.shard.slots;
    match &roles.primary {
        Err(reason) => problems.push(reason.clone()),
        Ok(primary) if roles.slots != *wanted => {
            problems.push(format!("{} serves slots {} instead of {wanted}", primary.name, roles.slots));
        }
        Ok(_) => {}
    }
    for node in roles.shard.nodes() {
        let name = &node.name;
        let own = match context.said(name) {
            Err(silence) => {
                problems.push(format!("{name} {silence}"));
                continue;
            }
            Ok(statement) => statement.view.cluster.as_ref().and_then(|view| view.own()),
        };
        let acts = roles.primary.as_ref().is_ok_and(|primary| primary.name == *name);
        match own.map(|own| &own.role) {
            None => problems.push(format!("{name} is not a cluster node")),
            Some(ClusterRole::Primary) if !acts => {
                problems.push(format!("{name} is a primary instead of a replica of {title}"));
            }
            Some(ClusterRole::Replica(id)) => {
                let follows = ids.get(id.as_str()).copied();
                if roles.primary.as_ref().is_ok_and(|primary| follows != Some(&primary.name)) {
                    let follows = follows.map_or("an unknown node", NodeName::as_str);
                    problems.push(format!("{name} of {title} is a replica of {follows}"));
                }
            }
            Some(ClusterRole::Primary) => {}
        }
    }
    problems
}

/// Every endpoint of a shard leads to another server with another address.
fn judge_spread(context: &CheckContext<'_>) -> Judgement {
    let mut problems = Vec::new();
    for roles in &context.shard_roles {
        let mut ids: BTreeMap<&str, &NodeName> = BTreeMap::new();
        let mut addresses = BTreeMap::new();
        for node in roles.shard.nodes() {
            let name = &node.name;
            let Some(view) = context.survey.cluster(name) else {
                problems.push(format!("{name} {}", context.survey.silence(name).unwrap_or_default()));
                continue;
            };
            if let Some(other) = ids.insert(&view.own_id, name) {
                problems.push(format!("{other} and {name} are one and the same server"));
            }
            let address = view.own().and_then(|own| own.address);
            if let Some(other) = address.and_then(|address| addresses.insert(address, name)) {
                problems.push(format!("{other} and {name} have the same address"));
            }
        }
    }
    if problems.is_empty() {
        Ok("every node of a shard is a server of its own, at an address of its own".to_owned())
    } else {
        Err(problems.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::TestDeployment;

    fn failed(deployment: &TestDeployment, check: &str) -> String {
        deployment.judged(check, None).expect_err("a failure")
    }

    #[test]
    fn a_cluster_as_specified_has_its_shape_and_spread() {
        let deployment = TestDeployment::cluster(3, 1);
        assert_eq!(deployment.judged("shape", None), Ok("3 primaries with 1 replica each".to_owned()));
        assert!(deployment.judged("spread", None).is_ok());
        let bare = TestDeployment::cluster(1, 0);
        assert_eq!(bare.judged("shape", None), Ok("1 primary without replicas".to_owned()));
        assert!(bare.find("spread", None).is_none());
    }

    #[test]
    fn swapped_roles_are_fine_and_said() {
        let mut deployment = TestDeployment::cluster(3, 1);
        deployment.swap(2, 5);
        let found = deployment.judged("shape", None).unwrap();
        assert!(found.contains("shop-5 is primary of shard 2"), "{found}");
    }

    #[test]
    fn a_wrong_shape_is_named() {
        let mut promoted = TestDeployment::cluster(3, 1);
        promoted.promote(4);
        assert!(failed(&promoted, "shape").contains("shop-4 is a primary instead of a replica of shard 1"));

        let mut crossed = TestDeployment::cluster(3, 1);
        crossed.follow(4, 2);
        assert!(failed(&crossed, "shape").contains("shop-4 of shard 1 is a replica of shop-2"));

        let mut slots = TestDeployment::cluster(3, 1);
        slots.serve(1, &[(0, 99)]);
        assert!(failed(&slots, "shape").contains("shop-1 serves slots 0-99 instead of 0-5460"));

        let mut silent = TestDeployment::cluster(3, 1);
        silent.silence(1);
        let message = failed(&silent, "shape");
        assert!(message.contains("no node of shard 1 acts as primary"), "{message}");
        assert!(message.contains("shop-1 does not answer: connection refused"), "{message}");
    }

    #[test]
    fn one_server_behind_two_endpoints_is_found() {
        let mut deployment = TestDeployment::cluster(3, 1);
        deployment.impersonate(4, 1);
        assert!(failed(&deployment, "spread").contains("shop-1 and shop-4 are one and the same server"));
    }
}
