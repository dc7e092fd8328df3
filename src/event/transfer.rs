//! The progress of commands or keys that are being moved.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

/// Commands or keys that are being moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Transfer {
    /// The file that they come from or go to.
    pub subject: String,
    /// What is counted.
    pub unit: TransferUnit,
    /// How many have been moved.
    pub done: u64,
    /// How many there are. Clients may change the number meanwhile.
    pub total: u64,
}

/// What is moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TransferUnit {
    /// Commands of a file.
    Commands,
    /// Keys with their values.
    Keys,
}

impl fmt::Display for TransferUnit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Commands => "commands",
            Self::Keys => "keys",
        })
    }
}

impl fmt::Display for Transfer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { subject, unit, done, total } = self;
        write!(formatter, "{subject}: {done} of {total} {unit}")
    }
}
