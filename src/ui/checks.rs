//! The results of the checks: a table, failed checks first, and a summary.

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

/// All checks, and the summary.
pub(super) fn render(checks: &[CheckLine], took: Duration, palette: Palette) -> String {
    let sorted =
        checks.iter().filter(|check| !check.passed).chain(checks.iter().filter(|check| check.passed));
    format!("{}\n{}", table(sorted, palette), summary(checks, took, palette))
}

/// The failed checks, if any, and the summary.
pub(super) fn in_short(checks: &[CheckLine], took: Duration, palette: Palette) -> String {
    let failed: Vec<&CheckLine> = checks.iter().filter(|check| !check.passed).collect();
    let summary = summary(checks, took, palette);
    if failed.is_empty() { summary } else { format!("{}\n{summary}", table(failed.into_iter(), palette)) }
}

fn table<'a>(checks: impl Iterator<Item = &'a CheckLine>, palette: Palette) -> String {
    let mut table = Table::new(&[("", Left), ("CHECK", Left), ("NODE", Left), ("FOUND", Left)]);
    for check in checks {
        table.row(vec![
            outcome(check.passed, palette),
            check.name.clone(),
            check.node.clone().unwrap_or_default(),
            check.detail.clone(),
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
