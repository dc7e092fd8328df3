//! The table of `doctor`, its hints, and a summary.

use console::Alignment::Left;

use super::Palette;
use super::table::Table;
use crate::doctor::{Diagnosis, Severity};

pub(super) fn render(diagnosis: &Diagnosis, palette: Palette) -> String {
    let paint = |severity: Severity, text: &str| match severity {
        Severity::Ok => palette.good(text),
        Severity::Warning => palette.caution(text),
        Severity::Problem => palette.bad(text),
    };
    let mut table = Table::new(&[("", Left), ("CHECK", Left), ("FOUND", Left)]);
    for finding in &diagnosis.findings {
        let severity = paint(finding.severity, finding.severity.as_str());
        table.row(vec![severity, finding.check.to_owned(), finding.detail.clone()]);
    }
    let mut text = format!("{}\n", table.render(palette));
    let hints = diagnosis.findings.iter().filter_map(|finding| Some((finding, finding.hint.as_ref()?)));
    let hints: Vec<String> = hints
        .map(|(finding, hint)| format!("{} {}: {hint}\n", palette.accent("hint:"), finding.check))
        .collect();
    if !hints.is_empty() {
        text.push_str(&hints.concat());
        text.push('\n');
    }
    text.push_str(&summary(diagnosis, paint));
    text
}

fn summary(diagnosis: &Diagnosis, paint: impl Fn(Severity, &str) -> String) -> String {
    let counted = |count: usize, noun: &str| match count {
        1 => format!("1 {noun}"),
        count => format!("{count} {noun}s"),
    };
    let (warnings, problems) = (diagnosis.count(Severity::Warning), diagnosis.count(Severity::Problem));
    let line = match (problems, warnings) {
        (0, 0) => paint(Severity::Ok, "`redisctl up` can work here"),
        (0, warnings) => {
            let text = format!("`redisctl up` can work here, with {}", counted(warnings, "warning"));
            paint(Severity::Warning, &text)
        }
        (problems, warnings) => {
            let text = format!("{}, {}", counted(problems, "problem"), counted(warnings, "warning"));
            paint(Severity::Problem, &text)
        }
    };
    format!("{line}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::DoctorFinding;

    #[test]
    fn what_is_wrong_comes_with_what_to_do() {
        let findings = vec![
            DoctorFinding::ok("engine", "unix:///var/run/docker.sock (the platform's default)"),
            DoctorFinding::warning("ports", "7001 is held", "`--port-base auto`"),
            DoctorFinding::problem("image", "`redis:8` cannot be had", "`docker load`"),
        ];
        insta::assert_snapshot!(render(&Diagnosis { findings }, Palette::new(false)), @"
                 CHECK   FOUND
        ok       engine  unix:///var/run/docker.sock (the platform's default)
        warning  ports   7001 is held
        problem  image   `redis:8` cannot be had

        hint: ports: `--port-base auto`
        hint: image: `docker load`

        1 problem, 1 warning
        ");
        let findings = vec![DoctorFinding::ok("engine", "here")];
        insta::assert_snapshot!(render(&Diagnosis { findings }, Palette::new(false)), @"
            CHECK   FOUND
        ok  engine  here

        `redisctl up` can work here
        ");
    }
}
