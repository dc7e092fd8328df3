//! The shards of a cluster in a spec: their number, or a list with the slots and replicas of each.

use schemars::JsonSchema;
use serde::Deserialize;

/// The shards of a cluster.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ShardsSpec {
    /// This many shards with equal parts of the slots.
    Count(u32),
    /// These shards, in this order.
    List(Vec<ShardSpec>),
}

/// One shard of a list. Slots that no shard lists are divided among the shards without `slots`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShardSpec {
    /// The shard's slots: a range, a slot, or several: `0-99`, `"0-99,200"`, `[0-99, 200]`.
    pub slots: Option<SlotsSpec>,
    /// The shard's part of the slots that no shard lists, relative to the other shards without `slots`. Default 1.
    #[schemars(range(min = 1))]
    pub weight: Option<u32>,
    /// The number of the shard's replicas. Default: the spec's `replicas`.
    pub replicas: Option<u32>,
}

/// Slots of a shard.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum SlotsSpec {
    /// A single slot.
    Slot(u32),
    /// Slots and ranges, with commas between them.
    Text(String),
    /// Slots and ranges.
    List(Vec<SlotsItem>),
}

/// A slot, or slots and ranges with commas between them.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum SlotsItem {
    /// A single slot.
    Slot(u32),
    /// Slots and ranges, with commas between them.
    Text(String),
}

impl From<u32> for ShardsSpec {
    fn from(count: u32) -> Self {
        Self::Count(count)
    }
}

impl ShardsSpec {
    /// How many shards there are.
    #[must_use]
    pub fn count(&self) -> usize {
        match self {
            Self::Count(count) => *count as usize,
            Self::List(list) => list.len(),
        }
    }

    /// The list, if it is a list.
    #[must_use]
    pub fn list(&self) -> Option<&[ShardSpec]> {
        match self {
            Self::Count(_) => None,
            Self::List(list) => Some(list),
        }
    }
}

impl SlotsSpec {
    /// The texts of slots and ranges. In a list, each text has its position.
    #[must_use]
    pub fn texts(&self) -> Vec<(Option<usize>, String)> {
        match self {
            Self::Slot(slot) => vec![(None, slot.to_string())],
            Self::Text(text) => vec![(None, text.clone())],
            Self::List(items) => items
                .iter()
                .enumerate()
                .map(|(position, item)| {
                    let text = match item {
                        SlotsItem::Slot(slot) => slot.to_string(),
                        SlotsItem::Text(text) => text.clone(),
                    };
                    (Some(position), text)
                })
                .collect(),
        }
    }
}
