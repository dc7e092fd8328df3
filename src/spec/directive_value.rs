//! The value of a directive in a spec: one value, or a list for a directive that repeats.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Scalar;

/// A directive's value, or several for a directive that repeats, such as `save`.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum DirectiveValue {
    /// One value, its words as in `redis.conf`.
    One(Scalar),
    /// One value for each line of the directive.
    Several(Vec<Scalar>),
}

impl DirectiveValue {
    /// Each value as Redis spells it in its configuration.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        match self {
            Self::One(value) => vec![value.directive_value()],
            Self::Several(values) => values.iter().map(Scalar::directive_value).collect(),
        }
    }
}

impl From<Scalar> for DirectiveValue {
    fn from(value: Scalar) -> Self {
        Self::One(value)
    }
}
