//! An error as the user reads it: what failed, why, and what to do next.

use super::Palette;

pub(super) fn render(message: &str, causes: &[String], hint: Option<&str>, palette: Palette) -> String {
    let mut lines = vec![format!("{} {message}\n", palette.bad("error:"))];
    lines.extend(causes.iter().map(|cause| format!("{} {cause}\n", palette.caution("caused by:"))));
    lines.extend(hint.map(|hint| format!("\n{} {hint}\n", palette.accent("hint:"))));
    lines.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_its_causes_and_ends_with_the_hint() {
        let causes = ["permission denied".to_owned(), "os error 13".to_owned()];
        let text = render(
            "could not reach the engine",
            &causes,
            Some("join the group `docker`"),
            Palette::new(false),
        );
        insta::assert_snapshot!(text, @"
        error: could not reach the engine
        caused by: permission denied
        caused by: os error 13

        hint: join the group `docker`
        ");
        assert_eq!(render("x", &[], None, Palette::new(false)), "error: x\n");
    }
}
