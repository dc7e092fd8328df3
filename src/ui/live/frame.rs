//! A frame of `status --watch`: the lines of a terminal of any size. It is a function of the watched state alone.

use std::time::Duration;

use console::{Alignment, measure_text_width, pad_str, truncate_str};

use super::columns::choose;
use super::numbers::age;
use crate::counted::counted;
use crate::status::{LiveStatus, NodeCondition, NodeStatus};
use crate::ui::{Palette, status};

/// The space between columns.
const GAP: &str = "  ";

/// The most changes below the table.
const MOST_CHANGES: usize = 8;

/// The changes that problems leave room for.
const LEAST_CHANGES: usize = 3;

/// The lines of a frame, at most `height` of at most `width` characters. `now` is the time since the begin of the watch.
pub(in crate::ui) fn frame(
    live: &LiveStatus,
    now: Duration,
    palette: Palette,
    width: usize,
    height: usize,
) -> Vec<String> {
    let mut lines = vec![header(live, palette, width)];
    if let Some(trouble) = &live.trouble {
        lines.push(format!("{} {}", palette.bad("not seen:"), on_a_line(trouble)));
    }
    let nodes = live.nodes();
    if !nodes.is_empty() {
        let table = table(live, &nodes, palette, width, height.saturating_sub(lines.len()));
        // A line stays for a problem.
        if height > lines.len() + table.len() + 1 {
            lines.push(String::new());
        }
        lines.extend(table);
    }
    let problems = problems(live, palette);
    // Changes have some lines, too, where there is room for both.
    let spare = height.saturating_sub(lines.len());
    let kept = if live.changes.is_empty() || spare < 3 * LEAST_CHANGES { 0 } else { LEAST_CHANGES + 1 };
    let most = if spare > 1 { spare - kept - 1 } else { spare };
    append(&mut lines, at_most(problems, most, palette), height);
    append(&mut lines, happened(live, now, palette), height);
    lines.truncate(height);
    lines.into_iter().map(|line| truncate_str(&line, width, "…").into_owned()).collect()
}

/// Appends a paragraph, as much of it as fits.
fn append(lines: &mut Vec<String>, paragraph: Vec<String>, height: usize) {
    let room = height.saturating_sub(lines.len());
    if paragraph.is_empty() || room == 0 {
        return;
    }
    let has_space = room > 1;
    if has_space {
        lines.push(String::new());
    }
    lines.extend(paragraph.into_iter().take(room - usize::from(has_space)));
}

/// A paragraph with a number instead of what does not fit.
fn at_most(mut lines: Vec<String>, most: usize, palette: Palette) -> Vec<String> {
    if lines.len() > most {
        let hidden = lines.len() + 1 - most.max(1);
        lines.truncate(most.saturating_sub(1));
        lines.push(palette.faint(format!("… and {hidden} more")));
    }
    lines
}

fn header(live: &LiveStatus, palette: Palette, width: usize) -> String {
    let name = palette.strong(&live.name);
    let text = match &live.sample {
        None => format!("{name} does not exist {}", palette.faint("(waiting for it)")),
        Some(sample) => {
            let view = &sample.status;
            let state = status::state(view.state, palette);
            format!("{name} is {state}: {}, {}", view.kind.as_str(), view.server)
        }
    };
    let hint = "q quits";
    let room = width.saturating_sub(measure_text_width(&text));
    if room < hint.len() + GAP.len() {
        return text;
    }
    format!("{text}{}", pad_str(&palette.faint(hint), room, Alignment::Right, None))
}

/// The heading and a line for each node, `room` lines at most.
fn table(
    live: &LiveStatus,
    nodes: &[&NodeStatus],
    palette: Palette,
    width: usize,
    room: usize,
) -> Vec<String> {
    let columns = choose(live, nodes, width);
    let row = |cells: Vec<String>| {
        let padded = cells
            .iter()
            .zip(&columns)
            .map(|(cell, (column, width))| pad_str(cell, *width, column.side(), Some("…")).into_owned());
        padded.collect::<Vec<_>>().join(GAP).trim_end().to_owned()
    };
    let headings = columns.iter().map(|(column, _)| column.heading().to_owned()).collect();
    let mut lines = vec![palette.faint(row(headings))];
    let shown = most_important(nodes, room.saturating_sub(1));
    for node in &shown {
        lines.push(row(columns
            .iter()
            .map(|(column, width)| column.cell(live, node, *width, palette))
            .collect()));
    }
    let hidden = nodes.len() - shown.len();
    if hidden > 0 {
        let down = nodes.iter().filter(|node| is_down(node)).count();
        let shown_down = shown.iter().filter(|node| is_down(node)).count();
        let up = if down > shown_down {
            format!("{} of them down", down - shown_down)
        } else {
            "all up".to_owned()
        };
        lines.push(palette.faint(format!("… {}, {up}", counted(hidden, "more node"))));
    }
    lines
}

/// The nodes that fit into `room` lines, in their order. If not all fit, a line tells so, and nodes that are down have
/// precedence.
fn most_important<'a>(nodes: &[&'a NodeStatus], room: usize) -> Vec<&'a NodeStatus> {
    if nodes.len() <= room {
        return nodes.to_vec();
    }
    let room = room.saturating_sub(1);
    let down = nodes.iter().filter(|node| is_down(node)).count().min(room);
    let (mut down_left, mut up_left) = (down, room - down);
    let mut take = |node: &&&NodeStatus| {
        let left = if is_down(node) { &mut down_left } else { &mut up_left };
        let taken = *left > 0;
        *left = left.saturating_sub(1);
        taken
    };
    nodes.iter().filter(|node| take(node)).copied().collect()
}

fn is_down(node: &NodeStatus) -> bool {
    node.condition != NodeCondition::Answering
}

fn problems(live: &LiveStatus, palette: Palette) -> Vec<String> {
    let Some(sample) = &live.sample else { return Vec::new() };
    let problem = |problem: &String| format!("{} {}", palette.bad("problem:"), on_a_line(problem));
    sample.status.problems.iter().map(problem).collect()
}

/// A text without line breaks and other control characters: it may come from a server or an engine.
fn on_a_line(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

/// The last changes, the newest first.
fn happened(live: &LiveStatus, now: Duration, palette: Palette) -> Vec<String> {
    let sentence = |(at, change): &(Duration, crate::status::Change)| {
        let age = age(now.saturating_sub(*at));
        format!("{} {change}", palette.faint(format!("{age:>6} ago ")))
    };
    live.changes.iter().take(MOST_CHANGES).map(sentence).collect()
}

#[cfg(test)]
mod tests;
