//! The results of the checks: a table, failed checks first, and a summary. A cause that fails many checks has one line.

use std::time::Duration;

use console::Alignment::Left;

use super::Palette;
use super::table::Table;
use super::timings::seconds;

/// The result of a check, ready for printing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckLine {
    /// The name of the check.
    pub name: String,
    /// The checked node; `None`: the whole deployment.
    pub node: Option<String>,
    /// Whether it passed.
    pub passed: bool,
    /// The finding.
    pub detail: String,
}

/// How many checks or nodes a line names.
const MOST_NAMES: usize = 3;

/// A line of the table: checks with the same outcome and the same finding.
struct Line<'a> {
    passed: bool,
    checks: Vec<&'a str>,
    nodes: Vec<&'a str>,
    detail: &'a str,
}

/// All checks, and the summary.
pub(super) fn render(checks: &[CheckLine], took: Duration, palette: Palette) -> String {
    let passed = checks.iter().filter(|check| check.passed).map(Line::of);
    let lines = failed(checks).into_iter().chain(passed);
    format!("{}\n{}", table(lines, palette), summary(checks, took, palette))
}

/// A line for each cause.
fn failed(checks: &[CheckLine]) -> Vec<Line<'_>> {
    let mut lines: Vec<Line<'_>> = Vec::new();
    for check in checks.iter().filter(|check| !check.passed).map(Line::of) {
        match lines.iter_mut().find(|line| line.detail == check.detail) {
            Some(line) => line.add(check),
            None => lines.push(check),
        }
    }
    lines
}

impl<'a> Line<'a> {
    fn of(check: &'a CheckLine) -> Self {
        let nodes = check.node.as_deref().into_iter().collect();
        Self { passed: check.passed, checks: vec![&check.name], nodes, detail: &check.detail }
    }

    fn add(&mut self, other: Self) {
        for (all, more) in [(&mut self.checks, other.checks), (&mut self.nodes, other.nodes)] {
            let new: Vec<&str> = more.into_iter().filter(|name| !all.contains(name)).collect();
            all.extend(new);
        }
    }
}

/// `a, b, c and 4 more`.
fn some_of(names: &[&str]) -> String {
    match names.split_at_checked(MOST_NAMES) {
        Some((first, rest)) if rest.len() > 1 => format!("{} and {} more", first.join(", "), rest.len()),
        _ => names.join(", "),
    }
}

/// The failed checks, if any, and the summary.
pub(super) fn in_short(checks: &[CheckLine], took: Duration, palette: Palette) -> String {
    let failed = failed(checks);
    let summary = summary(checks, took, palette);
    if failed.is_empty() { summary } else { format!("{}\n{summary}", table(failed.into_iter(), palette)) }
}

fn table<'a>(lines: impl Iterator<Item = Line<'a>>, palette: Palette) -> String {
    let mut table = Table::new(&[("", Left), ("CHECK", Left), ("NODE", Left), ("FOUND", Left)]);
    for line in lines {
        table.row(vec![
            outcome(line.passed, palette),
            some_of(&line.checks),
            some_of(&line.nodes),
            line.detail.to_owned(),
        ]);
    }
    table.render(palette)
}

/// Without colours, a word is easier to see and to search for than a sign.
fn outcome(passed: bool, palette: Palette) -> String {
    match (passed, palette.is_enabled()) {
        (true, true) => palette.good("✓"),
        (false, true) => palette.bad("✗"),
        (true, false) => "pass".to_owned(),
        (false, false) => "FAIL".to_owned(),
    }
}

fn summary(checks: &[CheckLine], took: Duration, palette: Palette) -> String {
    let failed = checks.iter().filter(|check| !check.passed).count();
    let noun = if checks.len() == 1 { "check" } else { "checks" };
    let took = seconds(took);
    if failed == 0 {
        format!("{}\n", palette.good(format!("{} {noun} passed in {took}", checks.len())))
    } else {
        format!("{}\n", palette.bad(format!("{failed} of {} {noun} failed in {took}", checks.len())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, node: Option<&str>, passed: bool, detail: &str) -> CheckLine {
        CheckLine { name: name.to_owned(), node: node.map(str::to_owned), passed, detail: detail.to_owned() }
    }

    #[test]
    fn a_cause_is_printed_once() {
        let silent = "does not answer: its container ended with exit code 137";
        let names = ["ping", "version", "settings", "pubsub", "link"];
        let mut checks: Vec<CheckLine> =
            names.iter().map(|name| check(name, Some("shop-1"), false, silent)).collect();
        for node in ["shop-1", "shop-2"] {
            checks.push(check("roles", Some(node), false, "no node of the deployment acts as primary"));
        }
        checks.push(check("ping", Some("shop-2"), true, "PONG"));
        checks.push(check("version", Some("shop-2"), true, "PONG"));
        insta::assert_snapshot!(render(&checks, Duration::from_millis(130), Palette::new(false)), @"
              CHECK                               NODE            FOUND
        FAIL  ping, version, settings and 2 more  shop-1          does not answer: its container ended with exit code 137
        FAIL  roles                               shop-1, shop-2  no node of the deployment acts as primary
        pass  ping                                shop-2          PONG
        pass  version                             shop-2          PONG

        7 of 9 checks failed in 0.1 s
        ");
    }

    #[test]
    fn failed_checks_come_first() {
        let checks = [
            check("ping", Some("shop-1"), true, "PONG"),
            check("slots", None, false, "slots 0-5460 are not served"),
            check("ping", Some("shop-2"), true, "PONG"),
        ];
        let took = Duration::from_millis(130);
        insta::assert_snapshot!(render(&checks, took, Palette::new(false)), @"
              CHECK  NODE    FOUND
        FAIL  slots          slots 0-5460 are not served
        pass  ping   shop-1  PONG
        pass  ping   shop-2  PONG

        1 of 3 checks failed in 0.1 s
        ");
        insta::assert_snapshot!(in_short(&checks, took, Palette::new(false)), @"
              CHECK  NODE  FOUND
        FAIL  slots        slots 0-5460 are not served

        1 of 3 checks failed in 0.1 s
        ");
        assert_eq!(in_short(&checks[..1], took, Palette::new(false)), "1 check passed in 0.1 s\n");
        let coloured = render(&checks, took, Palette::new(true));
        assert!(coloured.contains('✗') && !coloured.contains("FAIL"), "{coloured}");
    }
}
