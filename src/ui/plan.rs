//! A plan with colours. Equal steps of several nodes share a line.

use super::palette::Palette;
use crate::plan::{ListingLine, Plan, StepEffect};

pub(super) fn render(plan: &Plan, palette: Palette) -> String {
    plan.listing_in_short().0.iter().map(|line| in_colours(line, palette) + "\n").collect()
}

fn in_colours(line: &ListingLine, palette: Palette) -> String {
    match line {
        ListingLine::Heading(text) => palette.strong(text),
        ListingLine::Stage(text) | ListingLine::Remark(text) => palette.accent(text),
        ListingLine::Step { text, cause, effect } => {
            // Removing steps stand out. Waits are faint.
            let step = match effect {
                StepEffect::Removes => palette.bad(text),
                StepEffect::Changes => text.clone(),
                StepEffect::Waits => palette.faint(text),
            };
            step + &palette.faint(format!("  # {cause}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{SwappedRole, testing};

    #[test]
    fn colours_are_all_that_is_added() {
        let plan = testing::starting(2);
        let swapped = SwappedRole { primary: plan.deployment.node(2), by_spec: plan.deployment.node(1) };
        let nothing = Plan { stages: Vec::new(), swapped_roles: vec![swapped], ..plan.clone() };
        for plan in [plan, nothing] {
            let text = plan.listing_in_short().to_string();
            assert_eq!(render(&plan, Palette::new(false)), text);
            let coloured = render(&plan, Palette::new(true));
            assert!(coloured.contains('\u{1b}'));
            assert_eq!(console::strip_ansi_codes(&coloured), text);
        }
    }
}
