//! A deployment as a drawing (SVG) for a README: shards, slots, nodes, and both addresses of each node. It is readable on
//! light and dark pages.

use std::fmt::Write as _;

use crate::status::StatusView;
use crate::topology::Topology;
use crate::topology::slots::SLOT_COUNT;

mod layout;
mod picture;

use layout::{INDENT, Layout, MARGIN, Panel, Rect};
use picture::{Card, Group, Picture};

/// Colours, and fonts that every system has. Colours of shards are readable on both backgrounds.
const STYLE: &str = "\
    text{font-family:ui-sans-serif,system-ui,sans-serif;font-size:12px;fill:#57606a}\
    .page{fill:#ffffff}.panel{fill:#f6f8fa;stroke:#d0d7de}.card{fill:#ffffff;stroke:#8c959f}\
    .title{font-size:20px;font-weight:700;fill:#1f2328}.name{font-size:14px;font-weight:600;fill:#1f2328}\
    .mono{font-family:ui-monospace,monospace}.inside{fill:#818b98}.end{text-anchor:end}.middle{text-anchor:middle}\
    .link{fill:none;stroke:#8c959f;stroke-width:1.5}.bad{stroke:#d1242f;stroke-dasharray:4 3}.role-bad{fill:#d1242f}\
    .on-colour{fill:#ffffff;font-weight:600}\
    @media (prefers-color-scheme:dark){text{fill:#9198a1}.page{fill:#0d1117}.panel{fill:#151b23;stroke:#3d444d}\
    .card{fill:#0d1117;stroke:#656c76}.title,.name{fill:#f0f6fc}.inside{fill:#7d8590}.role-bad{fill:#f85149}\
    .on-colour{fill:#ffffff}}";

/// The colours of shards. After the last one, the first comes again.
const COLOURS: [&str; 6] = ["#2f6feb", "#bf5b04", "#1a7f37", "#8250df", "#bf3989", "#0f7b8a"];

/// The least width of a part of the slot bar that has room for its number.
const LABEL: usize = 64;

/// The drawing of a topology.
#[must_use]
pub fn render(topology: &Topology) -> String {
    draw(&picture::of_topology(topology))
}

/// The drawing of a running deployment, with its present roles.
#[must_use]
pub fn render_running(topology: &Topology, status: &StatusView) -> String {
    draw(&picture::of_status(topology, status))
}

fn draw(picture: &Picture) -> String {
    let layout = Layout::new(picture);
    let (width, height) = (layout.width, layout.height);
    let mut svg = Svg::default();
    svg.line(0, &format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">"#
    ));
    svg.line(1, &format!("<title>{}: {}</title>", escape(&picture.title), escape(&picture.subtitle)));
    svg.line(1, &format!("<style>{STYLE}</style>"));
    svg.rect(1, Rect { x: 0, y: 0, width, height }, "class=\"page\" rx=\"10\"");
    svg.text(1, MARGIN, MARGIN + 16, "title", &picture.title);
    svg.text(1, MARGIN, MARGIN + 36, "", &picture.subtitle);
    if let Some(bar) = layout.slot_bar {
        slot_bar(&mut svg, picture, bar);
    }
    for (number, (group, panel)) in picture.groups.iter().zip(&layout.panels).enumerate() {
        panel_of(&mut svg, group, panel, colour(number));
    }
    svg.text(1, MARGIN, layout.legend, "", picture.legend);
    svg.line(0, "</svg>");
    svg.0
}

fn colour(number: usize) -> &'static str {
    COLOURS[number % COLOURS.len()]
}

/// All slots from left to right, in the colours of their shards.
fn slot_bar(svg: &mut Svg, picture: &Picture, bar: Rect) {
    let slots = usize::from(SLOT_COUNT);
    let place = |slot: usize| bar.x + slot * bar.width / slots;
    svg.line(1, "<g>");
    svg.rect(2, bar, "class=\"panel\"");
    for (number, group) in picture.groups.iter().enumerate() {
        for range in group.slots.ranges() {
            let (start, end) = (usize::from(range.start()), usize::from(range.end()) + 1);
            let (x, width) = (place(start), place(end) - place(start));
            let part = Rect { x, y: bar.y, width: width.max(1), height: bar.height };
            svg.rect(2, part, &format!("fill=\"{}\"", colour(number)));
            if width >= LABEL {
                svg.text(2, x + width / 2, bar.y + 13, "middle on-colour", &group.title);
            }
        }
    }
    svg.text(2, bar.x, bar.y + bar.height + 16, "mono", "slot 0");
    svg.text(2, bar.x + bar.width, bar.y + bar.height + 16, "mono end", "16383");
    svg.line(1, "</g>");
}

fn panel_of(svg: &mut Svg, group: &Group, panel: &Panel, colour: &str) {
    let Rect { x, y, width, .. } = panel.frame;
    svg.line(1, "<g>");
    svg.rect(2, panel.frame, "class=\"panel\" rx=\"8\"");
    if !group.title.is_empty() {
        svg.text(2, x + 12, y + 24, "name", &group.title);
        svg.text(2, x + width - 12, y + 24, "mono end", &group.slots_text());
    }
    if let (Some(_), Some((lead, replicas))) = (&group.lead, panel.cards.split_first()) {
        // A trunk below the primary, with a branch to each replica.
        for replica in replicas {
            let (trunk, middle) = (lead.x + INDENT / 2, replica.y + replica.height / 2);
            let path = format!("M{trunk} {}V{middle}H{}", lead.y + lead.height, replica.x);
            svg.line(2, &format!("<path class=\"link\" d=\"{path}\"/>"));
        }
    }
    for (position, (card, place)) in group.cards().zip(&panel.cards).enumerate() {
        let is_lead = group.lead.is_some() && position == 0;
        card_of(svg, card, *place, is_lead.then_some(colour));
    }
    svg.line(1, "</g>");
}

/// A node. A primary has the colour of its shard.
fn card_of(svg: &mut Svg, card: &Card, place: Rect, colour: Option<&str>) {
    let class = if card.is_bad { "card bad" } else { "card" };
    let stroke = colour.filter(|_| !card.is_bad);
    let stroke =
        stroke.map_or_else(String::new, |colour| format!(" style=\"stroke:{colour};stroke-width:2\""));
    svg.rect(2, place, &format!("class=\"{class}\" rx=\"6\"{stroke}"));
    svg.text(2, place.x + 12, place.y + 22, "name", &card.name);
    let role = if card.is_bad { "end role-bad" } else { "end" };
    svg.text(2, place.x + place.width - 12, place.y + 22, role, &card.role);
    svg.text(2, place.x + 12, place.y + 41, "mono", &card.endpoint);
    if let Some(address) = &card.address {
        svg.text(2, place.x + 12, place.y + 59, "mono inside", address);
    }
}

/// The text of a drawing.
#[derive(Default)]
struct Svg(String);

impl Svg {
    fn line(&mut self, indent: usize, text: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "{:indent$}{text}", "", indent = indent * 2);
    }

    fn rect(&mut self, indent: usize, Rect { x, y, width, height }: Rect, attributes: &str) {
        self.line(
            indent,
            &format!("<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" {attributes}/>"),
        );
    }

    /// A text with its begin (or its end, or its middle, as its class says) at a place; nothing if it is empty.
    fn text(&mut self, indent: usize, x: usize, y: usize, class: &str, text: &str) {
        if text.is_empty() {
            return;
        }
        let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
        self.line(indent, &format!("<text x=\"{x}\" y=\"{y}\"{class}>{}</text>", escape(text)));
    }
}

/// A text between tags.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // XML has no control characters.
            character if character.is_control() => escaped.push(' '),
            character => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::resolve::{Facts, resolve};

    fn drawing(yaml: &str) -> String {
        render(&resolve(&serde_yaml::from_str(yaml).unwrap(), &Facts::offline("my.shop")).unwrap())
    }

    #[test]
    fn every_kind_has_a_drawing() {
        for (name, yaml) in [
            ("standalone", "kind: standalone"),
            ("replication", "kind: replication\nreplicas: 2"),
            ("sentinel", "kind: sentinel"),
            ("cluster", "kind: cluster"),
            (
                "uneven",
                "kind: cluster\nshards:\n  - {slots: 0-11999, replicas: 2}\n  - {slots: 12000-16383, replicas: 0}",
            ),
            ("unformed", "kind: cluster\nformed: false"),
            ("network", "kind: cluster\naccess: network\nshards: 5\nreplicas: 0"),
        ] {
            insta::assert_snapshot!(name, drawing(yaml));
        }
    }

    #[test]
    fn texts_are_escaped() {
        assert_eq!(escape("a<b> & \"c\"\u{7}"), "a&lt;b&gt; &amp; &quot;c&quot; ");
    }
}
