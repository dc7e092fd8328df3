//! Why a primary refuses writes, or a server refuses all commands, from the server's own report.

use std::fmt;

use super::ability::Ability;
use super::replication::Replication;
use super::server::ServerView;

/// The reason of a server's refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// It still loads its data.
    Loading,
    /// MISCONF: it cannot save a snapshot.
    Snapshot,
    /// MISCONF: it cannot write its append-only file.
    AppendOnlyFile,
    /// NOREPLICAS: too few replicas are up to date.
    FewReplicas {
        /// The number of replicas that are up to date.
        good: u64,
        /// The required number.
        needed: u64,
    },
    /// OOM: it has reached `maxmemory`, and has no key to evict.
    Memory {
        /// `maxmemory`, bytes.
        limit: u64,
    },
}

impl fmt::Display for Refusal {
    /// The text after the node's name.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loading => formatter.write_str("is loading its data"),
            Self::Snapshot => formatter
                .write_str("refuses writes (MISCONF): it cannot save a snapshot; is the disk full? its log says more"),
            Self::AppendOnlyFile => formatter.write_str(
                "refuses writes (MISCONF): it cannot write its append-only file; is the disk full? its log says more",
            ),
            Self::FewReplicas { good, needed } => write!(
                formatter,
                "refuses writes (NOREPLICAS): {good} replicas are up to date, and `min-replicas-to-write` is {needed}"
            ),
            Self::Memory { limit } => write!(
                formatter,
                "refuses writes (OOM): it has reached `maxmemory` ({limit} bytes), and its `maxmemory-policy` finds no \
                 key to evict"
            ),
        }
    }
}

impl ServerView {
    /// Why it refuses commands that it should execute. Its settings must be known.
    #[must_use]
    pub fn refusals(&self) -> Vec<Refusal> {
        let Ability { loading, snapshot_failed, append_failed, good_replicas, exceeded_limit } = self.ability;
        let is_primary = self.sentinel.is_none() && matches!(self.replication, Replication::Primary { .. });
        let mut found = Vec::new();
        if loading {
            found.push(Refusal::Loading);
        }
        if !is_primary {
            return found;
        }
        let is = |name: &str, value: &str| self.settings.get(name).is_some_and(|found| found == value);
        let number =
            |name: &str| self.settings.get(name).and_then(|value| value.parse::<u64>().ok()).unwrap_or(0);
        let saves = self.settings.get("save").is_some_and(|points| !points.is_empty());
        if snapshot_failed && saves && is("stop-writes-on-bgsave-error", "yes") {
            found.push(Refusal::Snapshot);
        }
        if append_failed {
            found.push(Refusal::AppendOnlyFile);
        }
        let needed = number("min-replicas-to-write");
        if let Some(good) = good_replicas.filter(|good| *good < needed) {
            found.push(Refusal::FewReplicas { good, needed });
        }
        found.extend(exceeded_limit.map(|limit| Refusal::Memory { limit }));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::Settings;

    /// A primary that may refuse writes for each reason, and its refusals after a change.
    fn refusals(change: impl FnOnce(&mut ServerView)) -> Vec<Refusal> {
        let settings =
            [("save", "60 1"), ("stop-writes-on-bgsave-error", "yes"), ("min-replicas-to-write", "2")];
        let ability = Ability { good_replicas: Some(2), ..Ability::default() };
        let settings: Settings = settings.into_iter().collect();
        let mut view = ServerView { ability, settings, ..ServerView::default() };
        assert_eq!(view.refusals(), []);
        change(&mut view);
        view.refusals()
    }

    #[test]
    fn each_reason_is_found() {
        assert_eq!(refusals(|view| view.ability.loading = true), [Refusal::Loading]);
        assert_eq!(refusals(|view| view.ability.snapshot_failed = true), [Refusal::Snapshot]);
        assert_eq!(refusals(|view| view.ability.append_failed = true), [Refusal::AppendOnlyFile]);
        let few = Refusal::FewReplicas { good: 1, needed: 2 };
        assert_eq!(refusals(|view| view.ability.good_replicas = Some(1)), [few]);
        assert_eq!(
            refusals(|view| view.ability.exceeded_limit = Some(100)),
            [Refusal::Memory { limit: 100 }]
        );
    }

    #[test]
    fn what_the_server_still_accepts_is_no_refusal() {
        type Change = fn(&mut ServerView);
        let changes: [Change; 3] = [
            |view| {
                view.ability.snapshot_failed = true;
                view.settings.set("save", "");
            },
            |view| {
                view.ability.snapshot_failed = true;
                view.settings.set("stop-writes-on-bgsave-error", "no");
            },
            |view| {
                view.ability.append_failed = true;
                view.replication = Replication::Replica { of: None, link_up: true, offset: 0 };
            },
        ];
        for (number, change) in changes.into_iter().enumerate() {
            assert_eq!(refusals(change), [], "change {number}");
        }
    }
}
