//! The progress of a transfer: the number of commands or keys that are sent, read or written.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

/// The progress of a transfer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Transfer {
    /// The file that they come from or go to.
    pub subject: String,
    /// The unit of both numbers.
    pub unit: TransferUnit,
    /// The number of moved commands or keys.
    pub done: u64,
    /// The number of all commands or keys. Clients may change it meanwhile.
    pub total: u64,
}

/// The unit of a transfer.
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
