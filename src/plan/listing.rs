//! A plan as lines of text: in full, or in short with equal steps of many nodes on a single line. Both are stable.

use std::fmt;

use super::group::Group;
use super::{Plan, StageId};
use crate::counted::counted;

/// The maximum width of the columns for subjects and actions. Longer texts exceed their column, and other lines stay
/// aligned.
const WIDEST_SUBJECT: usize = 30;
const WIDEST_ACTION: usize = 58;

/// A line of a plan's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListingLine {
    /// The deployment, and the number of changes.
    Heading(String),
    /// The stage of the following steps.
    Stage(String),
    /// A step, or several equal steps.
    Step {
        /// Subject and action, padded.
        text: String,
        /// The cause.
        cause: String,
        /// Its effect on the deployment.
        effect: StepEffect,
    },
    /// A note beside the steps.
    Remark(String),
}

/// The effect of a step on the deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepEffect {
    /// It removes something.
    Removes,
    /// It changes something else.
    Changes,
    /// It changes nothing.
    Waits,
}

/// Lines of a plan's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing(pub Vec<ListingLine>);

/// Stages that are listed under one heading.
struct Section<'p> {
    names: Vec<&'static str>,
    /// How often they repeat.
    rounds: usize,
    groups: Vec<Vec<Group<'p>>>,
}

impl Plan {
    /// All steps, each on its own line.
    #[must_use]
    pub fn listing(&self) -> Listing {
        let single = |step| Group { first: step, others: Vec::new() };
        let section = |(stage, id): (&super::Stage, StageId)| Section {
            names: vec![stage.name],
            rounds: 1,
            groups: vec![self.steps_of(id).map(single).collect()],
        };
        let sections: Vec<_> = self.stages.iter().zip(self.stage_ids()).map(section).collect();
        self.lines(&sections, self.notes())
    }

    /// Equal steps of several nodes on a line. Equal stages that follow each other have a common heading.
    #[must_use]
    pub fn listing_in_short(&self) -> Listing {
        let section = |(stage, id): (&super::Stage, StageId)| Section {
            names: vec![stage.name],
            rounds: 1,
            groups: vec![self.groups(id)],
        };
        let sections = self.stages.iter().zip(self.stage_ids()).map(section);
        // A replica is replaced, and then awaited. So a round has at most two stages.
        self.lines(&fold_rounds(fold_rounds(sections.collect(), 1), 2), self.notes_in_short())
    }

    fn lines(&self, sections: &[Section<'_>], notes: impl Iterator<Item = String>) -> Listing {
        let mut lines = Vec::new();
        if self.is_empty() {
            lines.push(ListingLine::Heading(format!("{}: nothing to do", self.deployment)));
        } else {
            let (changes, stages) = (counted(self.changes(), "change"), counted(self.stages.len(), "stage"));
            lines.push(ListingLine::Heading(format!("{}: {changes} in {stages}", self.deployment)));
            self.list(sections, &mut lines);
            if !self.complete {
                lines.push(ListingLine::Remark(
                    "then plan again: the answers of the servers decide the further steps".to_owned(),
                ));
            }
        }
        lines.extend(notes.map(|note| ListingLine::Remark(format!("note: {note}"))));
        Listing(lines)
    }

    fn list(&self, sections: &[Section<'_>], lines: &mut Vec<ListingLine>) {
        let groups = || sections.iter().flat_map(|section| section.groups.iter().flatten());
        let width = |text: &dyn Fn(&Group<'_>) -> String| {
            groups().map(|group| text(group).chars().count()).max().unwrap_or(0)
        };
        let subjects = width(&|group| group.subject(self)).min(WIDEST_SUBJECT);
        let actions = width(&|group| group.action()).min(WIDEST_ACTION);
        for section in sections {
            lines.push(ListingLine::Stage(section.heading()));
            for group in section.groups.iter().flatten() {
                let (subject, action) = (group.subject(self), group.action());
                let text = format!("  {subject:subjects$}  {action:actions$}");
                lines.push(ListingLine::Step { text, cause: group.cause(), effect: group.first.1.effect() });
            }
        }
    }
}

impl fmt::Display for Listing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|line| match line {
            ListingLine::Heading(text) | ListingLine::Stage(text) | ListingLine::Remark(text) => {
                writeln!(formatter, "{text}")
            }
            ListingLine::Step { text, cause, .. } => writeln!(formatter, "{text}  # {cause}"),
        })
    }
}

impl Section<'_> {
    fn heading(&self) -> String {
        let names = self.names.join(" and ");
        if self.rounds == 1 { names } else { format!("{names}, {} times one after another", self.rounds) }
    }

    /// Whether another section has equal steps at other nodes.
    fn is_like(&self, other: &Self) -> bool {
        let alike = |one: &Vec<Group<'_>>, other: &Vec<Group<'_>>| {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one.is_like(other))
        };
        self.rounds == 1
            && other.rounds == 1
            && self.names == other.names
            && self.groups.iter().zip(&other.groups).all(|(one, other)| alike(one, other))
    }

    /// Adds the steps of an equal section.
    fn append(&mut self, other: &Self) {
        let groups = self.groups.iter_mut().flatten().zip(other.groups.iter().flatten());
        groups.for_each(|(group, again)| group.append(again));
    }
}

/// Puts repeated rounds of `length` sections under a common heading.
fn fold_rounds(sections: Vec<Section<'_>>, length: usize) -> Vec<Section<'_>> {
    let mut folded: Vec<Section<'_>> = Vec::new();
    let mut rest = sections.into_iter().collect::<std::collections::VecDeque<_>>();
    while !rest.is_empty() {
        let repeats = |rest: &std::collections::VecDeque<Section<'_>>| {
            rest.len() >= 2 * length
                && (0..length).all(|position| rest[position].is_like(&rest[position + length]))
        };
        if !repeats(&rest) {
            folded.extend(rest.pop_front());
            continue;
        }
        let mut round: Vec<Section<'_>> = rest.drain(..length).collect();
        let mut rounds = 1;
        while rest.len() >= length && (0..length).all(|position| round[position].is_like(&rest[position])) {
            for (section, again) in round.iter_mut().zip(rest.drain(..length)) {
                section.append(&again);
            }
            rounds += 1;
        }
        folded.push(Section {
            names: round.iter().flat_map(|section| section.names.iter().copied()).collect(),
            rounds,
            groups: round.into_iter().flat_map(|section| section.groups).collect(),
        });
    }
    folded
}
