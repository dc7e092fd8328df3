//! The results of all rounds, and their table.

use std::collections::BTreeMap;
use std::time::Duration;

use comfy_table::{Table, presets};

use crate::arguments::Arguments;
use crate::round::Outcome;

/// The results of all rounds so far.
pub(crate) struct Tally {
    seed: u64,
    kinds: BTreeMap<String, Vec<Outcome>>,
}

impl Tally {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, kinds: BTreeMap::new() }
    }

    pub(crate) fn add(&mut self, kind: String, outcome: Outcome) {
        self.kinds.entry(kind).or_default().push(outcome);
    }

    /// Whether nothing failed and nothing was left behind.
    pub(crate) fn holds(&self) -> bool {
        self.kinds.values().flatten().all(Outcome::holds)
    }

    /// The table, with a line above it that names image and seed, to repeat the soak.
    pub(crate) fn table(&self, arguments: &Arguments) -> String {
        let mut table = Table::new();
        table.load_style(presets::UTF8_HORIZONTAL_ONLY);
        table.set_header(["fault", "rounds", "successes", "retries", "failures", "leaks", "mended in"]);
        for (kind, outcomes) in &self.kinds {
            table.add_row(row(kind, outcomes.iter()));
        }
        table.add_row(row("all", self.kinds.values().flatten()));
        format!("image {}, seed {}\n{table}", arguments.image, self.seed)
    }
}

fn row<'a>(title: &str, outcomes: impl Iterator<Item = &'a Outcome>) -> [String; 7] {
    let outcomes: Vec<&Outcome> = outcomes.collect();
    let sum = |count: fn(&Outcome) -> usize| outcomes.iter().map(|outcome| count(outcome)).sum::<usize>();
    let mut mended: Vec<Duration> = outcomes.iter().filter_map(|outcome| outcome.mended).collect();
    mended.sort();
    let median = mended.get(mended.len() / 2);
    [
        title.to_owned(),
        outcomes.len().to_string(),
        sum(|outcome| usize::from(outcome.holds())).to_string(),
        sum(|outcome| outcome.retries as usize).to_string(),
        sum(|outcome| outcome.failures.len()).to_string(),
        sum(|outcome| outcome.leaks.len()).to_string(),
        median.map_or_else(String::new, |median| format!("{:.1} s", median.as_secs_f64())),
    ]
}
