//! A note about nodes that the spec leaves unformed: whether clients have made a cluster of them.

use super::reading::Reading;
use crate::observation::ClusterView;
use crate::topology::SlotSet;
use crate::topology::slots::SLOT_COUNT;

/// What the nodes are now; `None` for all other deployments, and if no node answers.
pub(super) fn note(reading: &Reading<'_>) -> Option<String> {
    if reading.topology.formed {
        return None;
    }
    let clusters = || reading.arrangement.clusters().map(|(_, cluster)| cluster);
    clusters().next()?;
    let meets = |cluster: &&ClusterView| cluster.nodes.len() > 1;
    let owned: SlotSet =
        clusters().filter_map(ClusterView::own).flat_map(|own| own.slots.ranges()).copied().collect();
    if clusters().filter(meets).count() == 0 && owned.is_empty() {
        return Some("not formed: no node knows another node, and no slot has an owner".to_owned());
    }
    let (met, all) = (clusters().filter(meets).count(), clusters().count());
    Some(format!(
        "formed by clients: {met} of {all} nodes know others, and {} of {SLOT_COUNT} slots have an owner; `redisctl reset` \
         takes it apart",
        owned.len()
    ))
}
