//! The node that a client dials if it accepts a single address.

use super::{Arrangement, Member};

impl<'a> Arrangement<'a> {
    /// The node that a client dials if it accepts a single address. In a cluster, it is the first node without a
    /// successor that reports `cluster_state:ok`; otherwise the first without a successor. In other kinds, it is the
    /// sentinels' choice, otherwise the server that acts as primary.
    ///
    /// `None`: no node of a cluster answers, or there is no primary.
    #[must_use]
    pub fn dialled_first(&self) -> Option<&Member<'a>> {
        if self.clusters().next().is_some() {
            let in_place = || {
                let nodes = self.staying().filter(|member| self.cluster(&member.name).is_some());
                nodes.filter(|member| self.successor(&member.name).is_none())
            };
            let sees_it_up =
                |member: &&Member<'_>| self.cluster(&member.name).is_some_and(|cluster| cluster.ok);
            return in_place().find(sees_it_up).or_else(|| in_place().next());
        }
        self.chosen_primary()
            .or_else(|| self.followed_primary().filter(|member| self.says_primary(&member.name)))
    }
}

#[cfg(test)]
mod tests;
