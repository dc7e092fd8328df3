//! The data that a server holds for clients.

use std::fmt;

/// The data that a server holds for clients: keys, functions and scripts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Contents {
    /// The number of keys, in all databases.
    pub keys: u64,
    /// The number of libraries of functions.
    pub libraries: u64,
    /// The number of cached scripts.
    pub scripts: u64,
}

impl Contents {
    /// Whether it holds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl std::ops::Add for Contents {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            keys: self.keys.saturating_add(other.keys),
            libraries: self.libraries.saturating_add(other.libraries),
            scripts: self.scripts.saturating_add(other.scripts),
        }
    }
}

impl fmt::Display for Contents {
    /// `3 keys, 1 cached script`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            (self.keys, "key", "keys"),
            (self.libraries, "library of functions", "libraries of functions"),
            (self.scripts, "cached script", "cached scripts"),
        ];
        let parts = parts.into_iter().filter(|(number, ..)| *number > 0);
        let parts: Vec<String> = parts
            .map(|(number, one, many)| format!("{number} {}", if number == 1 { one } else { many }))
            .collect();
        if parts.is_empty() { formatter.write_str("no data") } else { formatter.write_str(&parts.join(", ")) }
    }
}
