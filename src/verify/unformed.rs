//! Whether the nodes of an unformed cluster are in cluster mode, and what clients have made of them.

use crate::counted::counted;
use crate::observation::ClusterView;
use crate::topology::Node;

use super::context::CheckContext;
use super::{Check, Judgement};

const UNFORMED: (&str, &str) =
    ("unformed", "the node is in cluster mode, and redisctl has neither introduced it nor given it slots");

pub(super) fn checks(context: &CheckContext<'_>) -> Vec<Check> {
    let check = |node: &Node| {
        let transcript = context.transcript([node], "CLUSTER NODES", &[]);
        Check::judged(UNFORMED, Some(&node.name), judge(context, node), transcript)
    };
    context.topology.nodes().into_iter().map(check).collect()
}

fn judge(context: &CheckContext<'_>, node: &Node) -> Judgement {
    let cluster = context.said(&node.name)?.view.cluster.as_ref();
    let cluster = cluster.ok_or("the node is not in cluster mode")?;
    let slots = cluster.own().map(|own| own.slots.clone()).unwrap_or_default();
    Ok(match (others(cluster), slots.is_empty()) {
        (0, true) => "knows no other node and owns no slots".to_owned(),
        (others, true) => {
            format!("clients formed a cluster: knows {} and owns no slots", counted(others, "other node"))
        }
        (others, false) => {
            format!(
                "clients formed a cluster: knows {} and owns {}",
                counted(others, "other node"),
                counted(slots.len(), "slot")
            )
        }
    })
}

fn others(cluster: &ClusterView) -> usize {
    cluster.nodes.keys().filter(|id| **id != cluster.own_id).count()
}

#[cfg(test)]
mod tests {
    use super::super::testing::TestDeployment;

    #[test]
    fn unformed_nodes_are_judged_one_by_one() {
        let formed = TestDeployment::healthy("{kind: cluster, formed: false}");
        let found = formed.judged("unformed", Some(2)).unwrap();
        assert!(found.starts_with("clients formed a cluster: knows 5 other nodes"), "{found}");
        assert!(formed.find("shape", None).is_none() && formed.find("read-write", Some(1)).is_none());
        let mut silent = TestDeployment::healthy("{kind: cluster, formed: false}");
        silent.silence(2);
        assert!(silent.judged("unformed", Some(2)).is_err_and(|why| why.contains("does not answer")));
    }
}
