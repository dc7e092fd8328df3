//! Limits of values, and whether the values keep them.

use serde::Serialize;

/// The limit of a median.
#[derive(Debug, Serialize)]
pub(crate) struct Bar {
    /// The limit as text.
    pub(crate) bound: String,
    /// Its value in the unit of the row; `None` if it depends on a part that was not measured.
    pub(crate) limit: Option<f64>,
    /// Whether the median keeps the limit; `None` if one of the two was not measured.
    holds: Option<bool>,
    #[serde(skip)]
    direction: Direction,
}

/// How a value keeps a limit.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Direction {
    AtMost,
    AtLeast,
    Below,
}

impl Bar {
    /// An upper limit of this value, judged.
    pub(crate) fn at_most(words: &str, limit: f64, value: Option<f64>) -> Self {
        let mut bar = Self::new(Direction::AtMost, words, Some(limit));
        bar.judge(value);
        bar
    }

    /// Whether the limit is not missed. A limit without a value belongs to a part that was left out.
    pub(crate) fn holds(&self) -> bool {
        self.holds != Some(false)
    }

    /// The judgement as text.
    pub(crate) fn outcome(&self) -> &'static str {
        match self.holds {
            Some(true) => "pass",
            Some(false) => "FAIL",
            None => "not judged",
        }
    }

    /// A limit that is not judged yet.
    pub(crate) fn new(direction: Direction, words: &str, limit: Option<f64>) -> Self {
        let sign = match direction {
            Direction::AtMost => "≤",
            Direction::AtLeast => "≥",
            Direction::Below => "<",
        };
        Self { bound: format!("{sign} {words}"), limit, holds: None, direction }
    }

    pub(crate) fn judge(&mut self, median: Option<f64>) {
        self.holds = median.zip(self.limit).map(|(median, limit)| match self.direction {
            Direction::AtMost => median <= limit,
            Direction::AtLeast => median >= limit,
            Direction::Below => median < limit,
        });
    }
}
