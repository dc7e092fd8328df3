//! The columns of `status --watch`. A narrow terminal shows fewer of them. Widths do not depend on what changes all the
//! time, so that columns stay where they are.

use std::cmp::Ordering;
use std::fmt::Write as _;

use console::Alignment;

use super::numbers::{bytes, count};
use super::slot_bar;
use crate::status::{Activity, Link, LiveStatus, NodeCondition, NodeStatus, Role};
use crate::topology::Kind;
use crate::ui::Palette;

/// The space between columns.
const GAP: usize = 2;

/// The narrowest bar that shows something.
const LEAST_BAR: usize = 6;

/// The width that is enough to tell shards apart.
const GOOD_BAR: usize = 16;

/// The widest bar: with more, eyes lose the line.
const MOST_BAR: usize = 64;

/// The number of slots and its mark behind a bar.
const SLOTS: usize = 7;

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Column {
    Node,
    Role,
    /// The slots of primaries, and the primaries of replicas.
    Slots,
    /// The primaries of replicas.
    Primary,
    State,
    Memory,
    Keys,
    Operations,
    Clients,
}

/// The columns that fit, in their order, with their widths.
pub(super) fn choose(live: &LiveStatus, nodes: &[&NodeStatus], width: usize) -> Vec<(Column, usize)> {
    let kind = live.sample.as_ref().map_or(Kind::Standalone, |sample| sample.status.kind);
    let name = nodes.iter().map(|node| node.name.as_str().len()).max().unwrap_or(0).max("NODE".len());
    let role = if nodes.iter().any(|node| node.role == Role::Sentinel) { 8 } else { 7 };
    let mut columns = vec![(Column::Node, name), (Column::State, 10)];
    let mut used = name + GAP + 10;
    // The most important first.
    let serves = match kind {
        Kind::Cluster => Some((Column::Slots, LEAST_BAR)),
        Kind::Standalone => None,
        Kind::Replication | Kind::Sentinel => Some((Column::Primary, "of ".len() + name)),
    };
    let wanted = [
        serves,
        Some((Column::Operations, 5)),
        Some((Column::Role, role)),
        Some((Column::Memory, 6)),
        Some((Column::Clients, 7)),
    ];
    for (column, needed) in wanted.into_iter().flatten() {
        if used + GAP + needed <= width {
            columns.push((column, needed));
            used += GAP + needed;
        }
    }
    let mut grow = |used: &mut usize, most: usize| {
        if let Some((_, bar)) = columns.iter_mut().find(|(column, _)| *column == Column::Slots) {
            let more = width.saturating_sub(*used).min(most.saturating_sub(*bar));
            *bar += more;
            *used += more;
        }
    };
    grow(&mut used, GOOD_BAR + SLOTS);
    if used + GAP + 5 <= width {
        used += GAP + 5;
        grow(&mut used, MOST_BAR + SLOTS);
        columns.push((Column::Keys, 5));
    }
    columns.sort();
    columns
}

impl Column {
    pub(super) fn heading(self) -> &'static str {
        match self {
            Self::Node => "NODE",
            Self::Role => "ROLE",
            Self::Slots => "SLOTS",
            Self::Primary => "",
            Self::State => "STATE",
            Self::Memory => "MEMORY",
            Self::Keys => "KEYS",
            Self::Operations => "OPS/S",
            Self::Clients => "CLIENTS",
        }
    }

    pub(super) fn side(self) -> Alignment {
        match self {
            Self::Node | Self::Role | Self::Slots | Self::Primary | Self::State => Alignment::Left,
            Self::Memory | Self::Keys | Self::Operations | Self::Clients => Alignment::Right,
        }
    }

    /// The text of a node in this column.
    pub(super) fn cell(self, live: &LiveStatus, node: &NodeStatus, width: usize, palette: Palette) -> String {
        let answers = node.condition == NodeCondition::Answering;
        let Activity { operations_per_second, clients } =
            live.activity.get(&node.name).copied().unwrap_or_default();
        let number = |number: Option<u64>| number.map_or_else(String::new, count);
        match self {
            Self::Node if answers => palette.strong(&node.name),
            Self::Node => palette.bad(&node.name),
            Self::Role if node.role == Role::Primary => node.role.as_str().to_owned(),
            Self::Role => palette.faint(node.role.as_str()),
            Self::Slots if node.primary.is_none() && node.role == Role::Primary => {
                slots(live, node, width, palette)
            }
            Self::Slots | Self::Primary => node
                .primary
                .as_ref()
                .map_or_else(String::new, |primary| palette.faint(format!("of {primary}"))),
            Self::State => state(node, palette),
            Self::Memory => node.memory.map_or_else(String::new, bytes),
            Self::Keys => number(node.keys),
            // A dash: the first sample has no rate.
            Self::Operations if operations_per_second.is_none() && clients.is_some() => palette.faint("-"),
            Self::Operations => number(operations_per_second),
            Self::Clients => number(clients),
        }
    }
}

/// The slots of a primary as a bar, with their number.
fn slots(live: &LiveStatus, node: &NodeStatus, width: usize, palette: Palette) -> String {
    let (bar, number) = if width >= LEAST_BAR + SLOTS { (width - SLOTS, true) } else { (width, false) };
    let runs = slot_bar::runs(&node.slots, bar).into_iter();
    let mut text: String =
        runs.map(|(filled, run)| if filled { palette.accent(run) } else { palette.faint(run) }).collect();
    if number {
        let mark = match live.trends.get(&node.name) {
            Some(Ordering::Greater) => palette.caution("▲"),
            Some(Ordering::Less) => palette.caution("▼"),
            Some(Ordering::Equal) | None => String::new(),
        };
        // Writing to a String cannot fail.
        let _ = write!(text, " {:>5}{mark}", node.slot_count());
    }
    text
}

fn state(node: &NodeStatus, palette: Palette) -> String {
    match (node.condition, node.link, node.lag) {
        (NodeCondition::Answering, Some(Link::Down), _) => palette.bad("link down"),
        (NodeCondition::Answering, Some(Link::Up), Some(lag)) if lag > 0 => {
            palette.caution(format!("lag {}", bytes(lag)))
        }
        (NodeCondition::Answering, _, _) => palette.good("up"),
        (other, _, _) => palette.bad(other.as_str()),
    }
}
