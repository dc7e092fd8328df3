//! Why a node's certificate was replaced.

use std::fmt;

use time::Date;

/// Why a node's certificate was replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    /// The node's names differ from the names in its certificate.
    OtherNames,
    /// The certificate ends on this day.
    Ends(Date),
    /// The spec names another certificate.
    OtherInSpec,
}

impl fmt::Display for Renewal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherNames => formatter.write_str("its names are others than its certificate's"),
            Self::Ends(date) => write!(formatter, "its certificate ends on {date}"),
            Self::OtherInSpec => formatter.write_str("the spec has another certificate"),
        }
    }
}
