//! The primary of a deployment that has one primary, with or without sentinels.

use super::{Arrangement, Member};
use crate::observation::{Replication, Watched};
use crate::topology::{Address, NodeName};

impl<'a> Arrangement<'a> {
    /// The primary: the sentinels' choice; if they name none, the server that acts as primary.
    #[must_use]
    pub fn primary(&self) -> Option<&Member<'a>> {
        self.chosen_primary().or_else(|| self.followed_primary())
    }

    /// The server that the sentinels call the primary. The choice with the highest epoch counts, because it will
    /// reach the other sentinels. Without a choice, or with two choices of that epoch, the majority counts.
    #[must_use]
    pub fn chosen_primary(&self) -> Option<&Member<'a>> {
        let servers = || self.staying().filter(|member| !member.is_sentinel);
        let watched = self.watched();
        let named = watched.filter_map(|watched| {
            let named = servers().find(|member| watched.primary == Some(member.address))?;
            Some((watched.epoch, named))
        });
        let named: Vec<(u64, &Member<'a>)> = named.collect();
        let votes = |member: &Member<'_>| named.iter().filter(|(_, named)| named.name == member.name).count();
        let latest = named.iter().map(|(epoch, _)| *epoch).max().filter(|epoch| *epoch > 0);
        let mut by_latest = named.iter().filter(|(epoch, _)| Some(*epoch) == latest).map(|(_, named)| *named);
        let first = by_latest.next().filter(|first| by_latest.all(|other| other.name == first.name));
        let sentinels = self.staying().filter(|member| member.is_sentinel).count();
        let by_votes = || servers().find(|member| votes(member) * 2 > sentinels);
        first.or_else(|| by_votes().filter(|named| latest.is_some() || !self.follows_a_primary(named)))
    }

    /// The server that all answering sentinels name, even if they are few.
    #[must_use]
    pub fn named_primary(&self) -> Option<&Member<'a>> {
        let first = self.watched().next()?.primary?;
        let all_agree = self.watched().all(|watched| watched.primary == Some(first));
        self.staying().find(|member| all_agree && !member.is_sentinel && member.address == first)
    }

    /// Whether a server replicates another server that reports to be a primary. Sentinels that still name the
    /// replica, and never made a choice, missed the change.
    fn follows_a_primary(&self, member: &Member<'_>) -> bool {
        let primary = self.followed(&member.name).and_then(|address| self.at(address));
        primary.is_some_and(|primary| self.says_primary(&primary.name))
    }

    /// The server that acts as primary, by the servers' answers: the primary with the most replicas. Among equals,
    /// the highest offset counts: that server would lose its keys as a replica. If no node is a primary, it is the
    /// replica with the highest offset.
    #[must_use]
    pub fn followed_primary(&self) -> Option<&Member<'a>> {
        let servers = || self.members().filter(|member| !member.is_sentinel);
        let followers =
            |member: &Member<'_>| servers().filter(|other| self.follows(&other.name, member.address)).count();
        let rank = |member: &&Member<'_>| match member.view.map(|view| &view.replication) {
            Some(Replication::Primary { offset, .. }) => (1, followers(member), *offset),
            Some(Replication::Replica { offset, .. }) => (0, 0, *offset),
            None => (0, 0, 0),
        };
        // `max_by_key` returns the last of several equal items.
        servers().rev().max_by_key(rank)
    }

    /// Whether a node, outside a cluster, is the replica of the node at an address.
    #[must_use]
    pub fn follows(&self, node: &NodeName, primary: Address) -> bool {
        self.followed(node) == Some(primary)
    }

    /// The address of the primary that a server replicates.
    #[must_use]
    pub fn followed(&self, node: &NodeName) -> Option<Address> {
        match self.view(node)?.replication {
            Replication::Replica { of, .. } => of,
            Replication::Primary { .. } => None,
        }
    }

    /// Whether a server reports that it is a primary.
    #[must_use]
    pub fn says_primary(&self, node: &NodeName) -> bool {
        let view = self.view(node).filter(|view| view.sentinel.is_none());
        view.is_some_and(|view| matches!(view.replication, Replication::Primary { .. }))
    }

    /// Whether a server is becoming primary in another server's place at this moment.
    #[must_use]
    pub fn is_between_primaries(&self) -> bool {
        let is_late = |one: &Watched| {
            self.watched().any(|other| other.epoch > one.epoch && other.primary != one.primary)
        };
        self.any_follow_each_other() || self.sentinels_are_choosing() || self.watched().any(is_late)
    }

    /// Whether a sentinel is doing a failover.
    #[must_use]
    pub fn sentinels_are_choosing(&self) -> bool {
        self.watched().any(|watched| watched.choosing)
    }

    /// The primaries that the answering sentinels watch.
    pub fn watched(&self) -> impl Iterator<Item = &'a Watched> {
        let sentinels = self.staying().filter(|member| member.is_sentinel);
        sentinels.filter_map(|member| member.view?.watched())
    }

    /// Whether two servers replicate each other. The servers were asked before and after a role swap: their answers
    /// do not fit together.
    fn any_follow_each_other(&self) -> bool {
        let servers = || self.staying().filter(|member| !member.is_sentinel);
        let follows = |one: &Member<'_>, other: &Member<'_>| self.follows(&one.name, other.address);
        servers().any(|one| servers().any(|other| follows(one, other) && follows(other, one)))
    }
}
