//! A plan in colours: the text of its `Display`, nothing added and nothing taken away.

use super::Palette;
use crate::plan::Plan;

/// What stands between an action and its cause in the plan's text.
const CAUSE: &str = "  # ";

pub(super) fn render(plan: &Plan, palette: Palette) -> String {
    let text = plan.to_string();
    let mut lines = text.lines();
    let mut coloured = lines.next().map_or_else(String::new, |line| palette.strong(line) + "\n");
    for line in lines {
        match line.split_once(CAUSE).filter(|_| line.starts_with(' ')) {
            Some((step, cause)) => {
                coloured.push_str(&colour_step(step, palette));
                coloured.push_str(&palette.faint(format!("{CAUSE}{cause}")));
            }
            None => coloured.push_str(&palette.accent(line)),
        }
        coloured.push('\n');
    }
    coloured
}

/// What takes something away stands out, and waits change nothing.
fn colour_step(step: &str, palette: Palette) -> String {
    let action = step.trim_start().split_once(' ').map_or("", |(_, action)| action.trim_start());
    match action.split(' ').next() {
        Some("remove" | "forget") => palette.bad(step),
        Some("wait") => palette.faint(step),
        _ => step.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Action, Cause, Condition, EngineAction, Order, Stage, Step};
    use crate::topology::DeploymentName;

    #[test]
    fn colours_are_all_that_is_added() {
        let deployment = DeploymentName::new("shop").unwrap();
        let step = |action| Step { node: Some(deployment.node(1)), action, cause: Cause::NotFound };
        let steps = vec![
            step(Action::Engine(EngineAction::RemoveContainer)),
            step(Action::Engine(EngineAction::StartContainer)),
            step(Action::Await(Condition::Answers)),
        ];
        let stages = vec![Stage { name: "start", order: Order::InTurn, steps }];
        let plan = Plan {
            deployment,
            stages,
            complete: true,
            primaries: Vec::new(),
            notes: Vec::new(),
            at_stake: Vec::new(),
        };
        let nothing = Plan { stages: Vec::new(), notes: vec!["a note".to_owned()], ..plan.clone() };
        for plan in [plan, nothing] {
            assert_eq!(render(&plan, Palette::new(false)), plan.to_string());
            let coloured = render(&plan, Palette::new(true));
            assert!(coloured.contains('\u{1b}'));
            assert_eq!(console::strip_ansi_codes(&coloured), plan.to_string());
        }
    }
}
