//! A problem of a spec: the path of a field, a message, a hint.

use std::fmt;

/// The path of a field in a spec: `["nodes", "shop-4", "ip"]`, list positions as numbers from 0.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SpecPath(Vec<String>);

impl SpecPath {
    /// The path of these segments; without segments, the whole document.
    #[must_use]
    pub fn new<S: AsRef<str>>(segments: &[S]) -> Self {
        Self(segments.iter().map(|segment| segment.as_ref().to_owned()).collect())
    }

    /// This path with one more segment.
    #[must_use]
    pub fn join(&self, segment: impl Into<String>) -> Self {
        let mut segments = self.0.clone();
        segments.push(segment.into());
        Self(segments)
    }

    /// The segments, outermost first.
    #[must_use]
    pub fn segments(&self) -> &[String] {
        &self.0
    }

    /// The path without its last segment; `None` for the whole document.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let (_, parents) = self.0.split_last()?;
        Some(Self(parents.to_vec()))
    }
}

impl fmt::Display for SpecPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, segment) in self.0.iter().enumerate() {
            let dot = if position == 0 { "" } else { "." };
            // A node's name may have dots. Quotes keep the path readable for `--set`.
            if segment.contains(['.', '=']) {
                write!(formatter, "{dot}\"{segment}\"")?;
            } else {
                write!(formatter, "{dot}{segment}")?;
            }
        }
        Ok(())
    }
}

/// One problem of a spec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The field, or its nearest parent that exists.
    pub path: SpecPath,
    /// The message: lower case, no full stop, literals in backticks.
    pub message: String,
    /// The way to correct it.
    pub hint: Option<String>,
}

impl Problem {
    /// A problem at the field that `segments` name.
    pub fn new<S: AsRef<str>>(segments: &[S], message: impl Into<String>) -> Self {
        Self { path: SpecPath::new(segments), message: message.into(), hint: None }
    }

    /// The same problem with a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
