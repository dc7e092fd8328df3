//! The difference between a user and the spec.

use std::fmt;

/// The difference between a user and the spec.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserDrift {
    /// The server does not have the user.
    NotFound,
    /// The user has other rules.
    Rules,
    /// The user's password is not accepted, or another password is accepted too.
    Password,
    /// Rules and password differ.
    RulesAndPassword,
    /// The spec does not have the user.
    Surplus,
}

impl fmt::Display for UserDrift {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NotFound => "not found",
            Self::Rules => "differs in its rules",
            Self::Password => "differs in its password",
            Self::RulesAndPassword => "differs in its rules and its password",
            Self::Surplus => "is not of the spec",
        })
    }
}
