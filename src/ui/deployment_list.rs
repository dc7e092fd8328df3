//! The table of `ls`.

use std::time::Duration;

use console::Alignment::{Left, Right};

use super::Palette;
use super::table::Table;
use crate::event::in_words;
use crate::status::{DeploymentLine, LineEngine, LineState};

pub(super) fn render(lines: &[DeploymentLine], palette: Palette) -> String {
    if lines.is_empty() {
        return "no deployments\n".to_owned();
    }
    let has_limits = lines.iter().any(|line| line.seconds_left.is_some());
    let mut columns = vec![
        ("NAME", Left),
        ("KIND", Left),
        ("STATE", Left),
        ("NODES", Right),
        ("PORTS", Left),
        ("IMAGE", Left),
    ];
    let has_engines = lines.iter().any(|line| !line.engines.is_empty());
    columns.extend(has_limits.then_some(("TIME LEFT", Left)));
    columns.extend(has_engines.then_some(("ENGINES", Left)));
    let mut table = Table::new(&columns);
    for line in lines {
        let state = match line.state {
            LineState::Running => palette.good(line.state.as_str()),
            LineState::Partial | LineState::Restarting => palette.caution(line.state.as_str()),
            LineState::Stopped => palette.faint(line.state.as_str()),
        };
        let nodes = match line.state {
            LineState::Running => line.nodes.to_string(),
            _ => format!("{}/{}", line.running, line.nodes),
        };
        let kind = line.kind.clone().unwrap_or_else(|| "?".to_owned());
        let mut row =
            vec![palette.strong(&line.name), kind, state, nodes, in_short(&line.ports), line.image.clone()];
        if has_limits {
            row.push(match line.seconds_left {
                None => String::new(),
                Some(0) => palette.caution("over"),
                Some(seconds) => in_words(Duration::from_secs(seconds)),
            });
        }
        if has_engines {
            row.push(line.engines.iter().map(|engine| short(engine, palette)).collect::<Vec<_>>().join(", "));
        }
        table.row(row);
    }
    table.render(palette)
}

/// The name of an engine in the spec, otherwise its address.
fn short(engine: &LineEngine, palette: Palette) -> String {
    let name = engine.name.as_ref().unwrap_or(&engine.at);
    if engine.answers { name.clone() } else { palette.caution(format!("{name} (out of reach)")) }
}

/// Consecutive ports as a range: `7001-7006, 7104`.
fn in_short(ports: &[u16]) -> String {
    let runs = ports.chunk_by(|one, next| one.checked_add(1) == Some(*next));
    let texts = runs.filter_map(|run| match run {
        [] => None,
        [only] => Some(only.to_string()),
        [first, .., last] => Some(format!("{first}-{last}")),
    });
    texts.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deployments_are_listed_with_their_ports_in_short() {
        let line = |name: &str, running, ports: &[u16]| DeploymentLine {
            name: name.to_owned(),
            kind: Some("cluster".to_owned()),
            state: LineState::from_counts(6, running),
            nodes: 6,
            running,
            image: "redis:8".to_owned(),
            ports: ports.to_vec(),
            seconds_left: None,
            engines: Vec::new(),
        };
        let lines = [
            line("shop", 6, &[7001, 7002, 7003, 7004, 7005, 7104]),
            line("till", 4, &[65535]),
            DeploymentLine { kind: None, ..line("old", 0, &[]) },
        ];
        insta::assert_snapshot!(render(&lines, Palette::new(false)), @"
        NAME  KIND     STATE    NODES  PORTS            IMAGE
        shop  cluster  running      6  7001-7005, 7104  redis:8
        till  cluster  partial    4/6  65535            redis:8
        old   ?        stopped    0/6                   redis:8
        ");
        let limited = [
            DeploymentLine { seconds_left: Some(1790), ..line("ci", 6, &[]) },
            DeploymentLine { seconds_left: Some(0), ..line("old", 6, &[]) },
            line("shop", 6, &[]),
        ];
        insta::assert_snapshot!(render(&limited, Palette::new(false)), @"
        NAME  KIND     STATE    NODES  PORTS  IMAGE    TIME LEFT
        ci    cluster  running      6         redis:8  29 min 50 s
        old   cluster  running      6         redis:8  over
        shop  cluster  running      6         redis:8
        ");
        let engine = |name: &str, answers| LineEngine {
            name: Some(name.to_owned()),
            at: format!("tcp://{name}:2375"),
            answers,
        };
        let alone = LineEngine { name: None, ..engine("a", true) };
        let spread = [
            DeploymentLine { engines: vec![alone], ..line("ci", 6, &[]) },
            DeploymentLine { engines: vec![engine("a", true), engine("b", false)], ..line("shop", 4, &[]) },
        ];
        insta::assert_snapshot!(render(&spread, Palette::new(false)), @"
        NAME  KIND     STATE    NODES  PORTS  IMAGE    ENGINES
        ci    cluster  running      6         redis:8  tcp://a:2375
        shop  cluster  partial    4/6         redis:8  a, b (out of reach)
        ");
        assert_eq!(render(&[], Palette::new(false)), "no deployments\n");
    }
}
