//! Former primaries: nodes that still report to be primaries after another node has taken their place.
//!
//! A primary that restarts after a failover does not know of the failover. Sentinels tell it after about ten seconds
//! (measured on Redis 7.0). A cluster node learns it from the first gossip.

use super::{Arrangement, Member};
use crate::topology::{NodeName, SlotSet};

impl<'a> Arrangement<'a> {
    /// The node that has taken the place of a former primary: the sentinels' choice, or in a cluster the owner of its
    /// slots with a higher config epoch. `None`: the node has no successor.
    #[must_use]
    pub fn successor(&self, node: &NodeName) -> Option<&Member<'a>> {
        if !self.says_primary(node) {
            return None;
        }
        if self.cluster(node).is_some() { self.later_owner(node) } else { self.chosen_instead(node) }
    }

    /// The primary that the sentinels have chosen, if it is another node and reports to be a primary.
    fn chosen_instead(&self, node: &NodeName) -> Option<&Member<'a>> {
        self.chosen_primary().filter(|chosen| chosen.name != *node && self.says_primary(&chosen.name))
    }

    /// The first node that owns all slots of a node with a higher config epoch.
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
