//! The results of `run` for several images, as a table.

use console::Alignment::Left;

use super::Palette;
use super::table::Table;
use super::timings::seconds;
use crate::run_report::RunResult;

/// A row for each image, and a summary.
pub(super) fn render(runs: &[RunResult], palette: Palette) -> String {
    let mut table = Table::new(&[
        ("IMAGE", Left),
        ("RESULT", Left),
        ("UP", Left),
        ("COMMAND", Left),
        ("DEPLOYMENT", Left),
        ("BUNDLE", Left),
    ]);
    for run in runs {
        let words = run.outcome.in_words();
        let took = |time: Option<_>| time.map(seconds).unwrap_or_default();
        table.row(vec![
            palette.strong(&run.image),
            if run.outcome.passed() { palette.good(words) } else { palette.bad(words) },
            took(run.up_took),
            took(run.command_took),
            if run.is_kept { run.deployment.to_string() } else { String::new() },
            run.bundle.as_ref().map(|folder| folder.display().to_string()).unwrap_or_default(),
        ]);
    }
    let failed = runs.iter().filter(|run| !run.outcome.passed()).count();
    let summary = match failed {
        0 => palette.good(format!("the command passed with all {} images", runs.len())),
        failed => palette.bad(format!("the command failed with {failed} of {} images", runs.len())),
    };
    format!("\n{}\n{summary}\n", table.render(palette))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run_outcome::RunOutcome;
    use crate::run_report::testing::run;

    #[test]
    fn every_image_has_a_row() {
        let failed = RunOutcome::Failed {
            exit_code: 1,
            message: "the engine has no image `x`\nmore".to_owned(),
            text: String::new(),
        };
        let mut kept = run("redis:7", RunOutcome::Exited(2));
        kept.is_kept = true;
        kept.bundle = Some("out/redis-7".into());
        let runs = [run("redis:8", RunOutcome::Exited(0)), kept, run("x", failed)];
        insta::assert_snapshot!(render(&runs, Palette::new(false)), @"
        IMAGE    RESULT                       UP     COMMAND     DEPLOYMENT   BUNDLE
        redis:8  passed                       1.5 s  1 min 15 s
        redis:7  exit code 2                  1.5 s  1 min 15 s  shop-x7k2q9  out/redis-7
        x        the engine has no image `x`

        the command failed with 2 of 3 images
        ");
    }
}
