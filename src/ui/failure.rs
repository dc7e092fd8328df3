//! The text of an error: message, causes, details and hint.

use super::Palette;
use crate::output::ErrorDocument;

/// An error, ready for printing.
#[derive(Debug, Clone, Default)]
pub struct Failure {
    /// The failed operation and its subject.
    pub message: String,
    /// The causes, the nearest first.
    pub causes: Vec<String>,
    /// Details, like log lines.
    pub details: Option<String>,
    /// Advice.
    pub hint: Option<String>,
}

impl Failure {
    /// The printed text without colours.
    #[must_use]
    pub fn plain(&self) -> String {
        render(self, Palette::new(false))
    }
}

pub(super) fn render(failure: &Failure, palette: Palette) -> String {
    let Failure { message, causes, details, hint } = failure;
    let mut lines = vec![format!("{} {message}\n", palette.bad("error:"))];
    lines.extend(causes.iter().map(|cause| format!("{} {cause}\n", palette.caution("caused by:"))));
    lines.extend(details.iter().map(|details| format!("\n{details}\n")));
    lines.extend(hint.iter().map(|hint| format!("\n{} {hint}\n", palette.accent("hint:"))));
    lines.concat()
}

/// The error as a document for programs.
pub(super) fn document(failure: &Failure) -> ErrorDocument<'_> {
    let Failure { message, causes, details, hint } = failure;
    ErrorDocument::Failure { error: message, causes, details: details.as_deref(), hint: hint.as_deref() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_its_causes_and_ends_with_the_hint() {
        let failure = Failure {
            message: "could not reach the engine".to_owned(),
            causes: vec!["permission denied".to_owned(), "os error 13".to_owned()],
            details: Some("last log lines of `shop-1`:\n  bad luck".to_owned()),
            hint: Some("join the group `docker`".to_owned()),
        };
        let text = render(&failure, Palette::new(false));
        insta::assert_snapshot!(text, @"
        error: could not reach the engine
        caused by: permission denied
        caused by: os error 13

        last log lines of `shop-1`:
          bad luck

        hint: join the group `docker`
        ");
        let bare = Failure { message: "x".to_owned(), ..Failure::default() };
        assert_eq!(render(&bare, Palette::new(false)), "error: x\n");
    }
}
