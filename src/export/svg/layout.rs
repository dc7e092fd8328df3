//! Where the parts of a drawing are. Sizes follow from the texts, so that nothing overlaps.

use super::picture::{Card, Group, Picture};

/// The space at the edges.
pub(super) const MARGIN: usize = 24;

/// The space between panels.
const GAP: usize = 16;

/// The space in a panel, around its cards.
const PADDING: usize = 12;

/// The height of the title and the subtitle.
const HEADER: usize = 54;

/// The bar of slots with its numbers, and the space below it.
const SLOT_BAR: usize = 60;

/// The height of a panel's title.
const PANEL_TITLE: usize = 26;

/// The height of a card with one address, and of each further line.
const CARD: usize = 52;
const CARD_LINE: usize = 18;

/// How far replicas are to the right of their primary. The line between them is there.
pub(super) const INDENT: usize = 22;

/// The height of the legend.
const LEGEND: usize = 30;

/// The most panels beside each other.
const MOST_PANELS: usize = 4;

/// Estimated widths of characters, on the safe side: fonts differ. In tenths of a unit.
const BOLD: usize = 88;
const PLAIN: usize = 70;
const MONO: usize = 76;

/// The least width of a card.
const LEAST_CARD: usize = 150;

/// A rectangle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rect {
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) width: usize,
    pub(super) height: usize,
}

/// The places of all parts.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Layout {
    pub(super) width: usize,
    pub(super) height: usize,
    /// The bar of all slots, if there are any.
    pub(super) slot_bar: Option<Rect>,
    /// A panel for each group.
    pub(super) panels: Vec<Panel>,
    /// The bottom line of the legend.
    pub(super) legend: usize,
}

/// The place of a group.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Panel {
    pub(super) frame: Rect,
    /// The places of its cards, the primary's first.
    pub(super) cards: Vec<Rect>,
}

impl Layout {
    pub(super) fn new(picture: &Picture) -> Self {
        let card_width = picture.groups.iter().flat_map(Group::cards).map(card_width).max().unwrap_or(0);
        let title_width = picture.groups.iter().map(panel_title_width).max().unwrap_or(0);
        let inner = (card_width.max(LEAST_CARD) + INDENT).max(title_width);
        let in_row = panels_in_row(picture.groups.len()).max(1);
        let texts = text_width(&picture.title, BOLD * 3 / 2)
            .max(text_width(&picture.subtitle, PLAIN))
            .max(text_width(picture.legend, PLAIN));
        // Panels are as wide together as the texts.
        let panel_width = (inner + 2 * PADDING).max((texts + GAP).div_ceil(in_row).saturating_sub(GAP));
        let body = in_row * (panel_width + GAP) - GAP;
        let has_slots = picture.groups.iter().any(|group| !group.slots.is_empty());
        let mut y = MARGIN + HEADER;
        let slot_bar = has_slots.then_some(Rect { x: MARGIN, y, width: body, height: 18 });
        y += if has_slots { SLOT_BAR } else { 0 };
        let mut panels = Vec::new();
        for row in picture.groups.chunks(in_row) {
            let height = row.iter().map(panel_height).max().unwrap_or(0);
            for (column, group) in row.iter().enumerate() {
                let frame = Rect { x: MARGIN + column * (panel_width + GAP), y, width: panel_width, height };
                panels.push(Panel { frame, cards: cards(group, frame) });
            }
            y += height + GAP;
        }
        let legend = y + LEGEND - GAP;
        Self { width: body + 2 * MARGIN, height: legend + MARGIN / 2, slot_bar, panels, legend }
    }
}

/// The number of panels in a row: rows of about the same length.
fn panels_in_row(panels: usize) -> usize {
    panels.div_ceil(panels.div_ceil(MOST_PANELS).max(1))
}

/// The places of cards, one below the other.
fn cards(group: &Group, frame: Rect) -> Vec<Rect> {
    let indent = if group.lead.is_some() { INDENT } else { 0 };
    let mut y = frame.y + PADDING + panel_title(group);
    let mut places = Vec::new();
    for (position, card) in group.cards().enumerate() {
        let indent = if position == 0 { 0 } else { indent };
        let (x, width) = (frame.x + PADDING + indent, frame.width - 2 * PADDING - indent);
        places.push(Rect { x, y, width, height: card_height(card) });
        y += card_height(card) + PADDING;
    }
    places
}

fn panel_height(group: &Group) -> usize {
    let cards: usize = group.cards().map(|card| card_height(card) + PADDING).sum();
    PADDING + panel_title(group) + cards
}

fn panel_title(group: &Group) -> usize {
    if group.title.is_empty() { 0 } else { PANEL_TITLE }
}

fn panel_title_width(group: &Group) -> usize {
    text_width(&group.title, BOLD) + text_width(&group.slots_text(), MONO) + INDENT
}

fn card_height(card: &Card) -> usize {
    CARD + if card.address.is_some() { CARD_LINE } else { 0 }
}

fn card_width(card: &Card) -> usize {
    let addresses = card.address.iter().chain([&card.endpoint]).map(|text| text_width(text, MONO));
    let name = text_width(&card.name, BOLD) + text_width(&card.role, PLAIN) + INDENT;
    addresses.fold(name, usize::max) + 2 * PADDING
}

/// The estimated width of a text.
fn text_width(text: &str, tenths: usize) -> usize {
    (text.chars().count() * tenths).div_ceil(10)
}

#[cfg(test)]
mod tests;
