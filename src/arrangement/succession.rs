//! Former primaries: nodes that still say they are primaries after another node has taken their place.
//!
//! A primary that was started again after a failover knows nothing of it. Sentinels leave it in that belief for about
//! ten seconds (measured on Redis 7.0). A cluster node hears of it with the first gossip.

use super::{Arrangement, Member};
use crate::topology::{NodeName, SlotSet};

impl<'a> Arrangement<'a> {
    /// The node that has taken the place of a node that says it is a primary: the sentinels' choice, or in a cluster
    /// the owner of its slots with a higher config epoch. `None`: the node is in its place.
    #[must_use]
    pub fn successor(&self, node: &NodeName) -> Option<&Member<'a>> {
        if !self.says_primary(node) {
            return None;
        }
        if self.cluster(node).is_some() { self.later_owner(node) } else { self.chosen_instead(node) }
    }

    /// The primary that the sentinels have chosen, where it is another node and says that it is one.
    fn chosen_instead(&self, node: &NodeName) -> Option<&Member<'a>> {
        self.chosen_primary().filter(|chosen| chosen.name != *node && self.says_primary(&chosen.name))
    }

    /// The first of the nodes that own all slots of a node, each with a higher config epoch.
    fn later_owner(&self, node: &NodeName) -> Option<&Member<'a>> {
        let (slots, epoch) = (self.slots(node), self.epoch(node));
        let later = || {
            self.members()
                .filter(|member| self.epoch(&member.name) > epoch && self.slots(&member.name).meets(&slots))
        };
        let theirs: SlotSet =
            later().flat_map(|member| self.slots(&member.name).slots().collect::<Vec<_>>()).collect();
        let first = later().next()?;
        slots.without(&theirs).is_empty().then_some(first)
    }
}
