//! CLUSTER GETSLOTMIGRATIONS: the atomic migrations of slots at a server, running and past.

use std::collections::BTreeMap;

use redis::Value;

use super::parse::{as_text, items, pairs};
use crate::topology::{SlotRange, SlotSet};

/// An atomic migration, as its source lists it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SlotMigration {
    /// Its name. It is unique.
    pub(super) name: String,
    /// The slots.
    pub(super) slots: SlotSet,
    /// The cluster id of the target.
    pub(super) target: String,
    /// Its state.
    pub(super) state: MigrationState,
    /// The reason of a failure.
    pub(super) message: String,
    /// All fields. They change while the migration goes on.
    fields: BTreeMap<String, Value>,
}

/// The state of a migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MigrationState {
    /// It goes on, or waits for earlier migrations.
    Running,
    /// The target owns the slots.
    Done,
    /// It failed, or it was cancelled.
    Failed,
}

/// The migrations that the server sends.
pub(super) fn sent(reply: &Value) -> Vec<SlotMigration> {
    let sent = |entry: &Value| {
        let fields: BTreeMap<String, Value> =
            pairs(entry).into_iter().map(|(name, value)| (name, value.clone())).collect();
        let text = |name: &str| fields.get(name).and_then(as_text);
        let is_sent = text("operation")?.eq_ignore_ascii_case("export");
        let state = match text("state")?.as_str() {
            "success" => MigrationState::Done,
            "failed" | "cancelled" => MigrationState::Failed,
            _ => MigrationState::Running,
        };
        let migration = SlotMigration {
            name: text("name")?,
            slots: slots(&text("slot_ranges")?)?,
            target: text("target_node")?,
            state,
            message: text("message").unwrap_or_default().trim().to_owned(),
            fields,
        };
        is_sent.then_some(migration)
    };
    items(reply).iter().filter_map(sent).collect()
}

/// The slots of running migrations, by target.
pub(super) fn exports(reply: &Value) -> BTreeMap<String, SlotSet> {
    let mut exports: BTreeMap<String, SlotSet> = BTreeMap::new();
    for migration in sent(reply).into_iter().filter(|migration| migration.state == MigrationState::Running) {
        let slots = exports.entry(migration.target).or_default();
        *slots = slots.joined_with(&migration.slots);
    }
    exports
}

/// `0-99 200-200`
fn slots(text: &str) -> Option<SlotSet> {
    let range = |word: &str| {
        let (start, end) = word.split_once('-').unwrap_or((word, word));
        SlotRange::new(start.parse().ok()?, end.parse().ok()?)
    };
    text.split_whitespace().map(range).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn migration(operation: &str, ranges: &str, state: &str) -> Value {
        let fields = [
            ("name", "a"),
            ("operation", operation),
            ("slot_ranges", ranges),
            ("target_node", "t"),
            ("state", state),
            ("message", "NOPERM\n"),
        ];
        let text = |text: &str| Value::BulkString(text.as_bytes().to_vec());
        Value::Array(fields.iter().flat_map(|(name, value)| [text(name), text(value)]).collect())
    }

    #[test]
    fn running_migrations_are_told_from_past_ones() {
        let reply = Value::Array(vec![
            migration("EXPORT", "0-0 5-9", "snapshotting"),
            migration("EXPORT", "10-19", "success"),
            migration("IMPORT", "20-29", "snapshotting"),
            migration("EXPORT", "30-39", "failed"),
        ]);
        let found = sent(&reply);
        let states: Vec<MigrationState> = found.iter().map(|migration| migration.state).collect();
        assert_eq!(states, [MigrationState::Running, MigrationState::Done, MigrationState::Failed]);
        assert_eq!(found[2].message, "NOPERM");
        let exports = exports(&reply);
        assert_eq!(exports.len(), 1);
        assert_eq!(exports["t"].to_string(), "0,5-9");
    }
}
