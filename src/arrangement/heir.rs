//! The node that stays or becomes primary, in a deployment with one primary.

use super::{Arrangement, Member, Place};
use crate::observation::Replication;

impl<'a> Arrangement<'a> {
    /// The present primary; if it leaves the deployment, its replica with the highest offset.
    #[must_use]
    pub fn heir<'m>(&'m self, primary: &'m Member<'a>) -> &'m Member<'a> {
        if primary.place == Place::Staying {
            return primary;
        }
        let heard = |member: &&Member<'_>| match member.view.map(|view| &view.replication) {
            Some(Replication::Replica { offset, link_up: true, of }) if *of == Some(primary.address) => {
                Some(*offset)
            }
            _ => None,
        };
        let servers = self.staying().filter(|member| !member.is_sentinel);
        // `max_by_key` returns the last of several equal items.
        servers.rev().max_by_key(heard).unwrap_or(primary)
    }

    /// The staying server that acts as primary, by the servers' answers alone. If there is none: the silent server
    /// that a replica replicates.
    #[must_use]
    pub fn primary_by_servers(&self) -> Option<&Member<'a>> {
        let servers = || self.staying().filter(|member| !member.is_sentinel);
        if servers().any(|member| self.says_primary(&member.name)) {
            return self.followed_primary().filter(|primary| primary.place == Place::Staying);
        }
        let followed = servers().find_map(|member| self.followed(&member.name))?;
        servers().find(|member| member.address == followed)
    }
}
