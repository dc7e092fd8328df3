//! A doubt about the rules of one user: a text, and the rule that it is about.

/// A doubtful rule of a user.
pub(super) struct Doubt {
    /// The text after the user's name.
    pub(super) what: String,
    /// A part of the rule, if a single rule is doubtful.
    pub(super) word: Option<String>,
}

impl Doubt {
    pub(super) fn of_all(what: impl Into<String>) -> Self {
        Self { what: what.into(), word: None }
    }

    pub(super) fn about(word: impl Into<String>, what: impl Into<String>) -> Self {
        Self { what: what.into(), word: Some(word.into()) }
    }
}
