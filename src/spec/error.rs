//! The problems of a spec, shown at their places in the text.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use schemars::JsonSchema;
use serde::Serialize;

use super::mask::Masked;
use super::places::Places;
use super::tree::{SpecFinding, TextId, YamlPlace};
use super::{Override, Problem, Spec, SpecPath};

/// The source name of overrides.
const COMMAND_LINE: &str = "command line";

/// The texts of a spec for output: secrets are covered.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sources {
    pub(super) name: String,
    pub(super) file: Masked,
    pub(super) overrides: Vec<Masked>,
    pub(super) config_files: Vec<(String, Masked)>,
}

impl Sources {
    /// The texts, with all places in `covered` covered.
    pub(super) fn new(name: String, text: &str, overrides: &[Override], covered: &[YamlPlace]) -> Self {
        let mask = |id: TextId, text: &str| {
            let secrets = covered.iter().filter(|place| place.text == id).map(|place| place.span.clone());
            Masked::new(text, secrets.collect())
        };
        Self {
            name,
            file: mask(TextId::File, text),
            overrides: overrides
                .iter()
                .enumerate()
                .map(|(index, item)| mask(TextId::Override(index), &item.text()))
                .collect(),
            config_files: Vec::new(),
        }
    }

    /// Adds the text of a configuration file with its secrets covered. A file that was added before has one text.
    pub(super) fn add_config_file(&mut self, name: String, text: &str, secrets: Vec<Range<usize>>) -> TextId {
        let file = (name, Masked::new(text, secrets));
        let known = self.config_files.iter().position(|known| *known == file);
        TextId::ConfigFile(known.unwrap_or_else(|| {
            self.config_files.push(file);
            self.config_files.len() - 1
        }))
    }

    fn text(&self, id: TextId) -> (&str, &Masked) {
        match id {
            TextId::Override(index) => (COMMAND_LINE, self.overrides.get(index).unwrap_or(&self.file)),
            TextId::ConfigFile(index) => match self.config_files.get(index) {
                Some((name, text)) => (name, text),
                None => (&self.name, &self.file),
            },
            TextId::File => (&self.name, &self.file),
        }
    }
}

/// A spec that cannot be used, with all its problems.
#[derive(Debug, Clone, PartialEq)]
pub struct SpecError(Box<Contents>);

#[derive(Debug, Clone, PartialEq)]
struct Contents {
    sources: Sources,
    findings: Vec<SpecFinding>,
    rest: Option<Rest>,
}

/// The rest of a spec without the entries that have problems.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rest {
    pub(super) spec: Spec,
    pub(super) places: Places,
}

/// One problem of a spec, for programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Located {
    /// The file as the user named it, a configuration file that the spec names, or `command line` for an override.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
    /// The field's path, such as `nodes.shop-4.port`; empty for the whole document.
    pub path: String,
    /// The message.
    pub message: String,
    /// The way to correct it.
    pub hint: Option<String>,
}

impl SpecError {
    /// The error with these findings, in the order of the file, of the command line and of configuration files.
    pub(super) fn new(sources: Sources, mut findings: Vec<SpecFinding>) -> Self {
        findings.sort_by_key(|finding| {
            let text = match finding.place.text {
                TextId::File => (0, 0),
                TextId::Override(index) => (1, index),
                TextId::ConfigFile(index) => (2, index),
            };
            (text, finding.place.span.start)
        });
        // A problem of an anchored value is one problem, even if several aliases use the anchor.
        findings
            .dedup_by(|one, other| one.place == other.place && one.problem.message == other.problem.message);
        Self(Box::new(Contents { sources, findings, rest: None }))
    }

    /// The same error, for a spec whose `rest` can be read.
    pub(super) fn with_rest(mut self, rest: Option<Rest>) -> Self {
        self.0.rest = rest;
        self
    }

    /// The rest of the spec without the entries at [`SpecError::paths`], so that its problems are found too. `None`
    /// if the rest is not a spec.
    #[must_use]
    pub fn rest(&self) -> Option<&Spec> {
        self.0.rest.as_ref().map(|rest| &rest.spec)
    }

    /// The fields with problems.
    pub fn paths(&self) -> impl Iterator<Item = &SpecPath> {
        self.0.findings.iter().map(|finding| &finding.problem.path)
    }

    /// This error together with the problems of [`SpecError::rest`].
    #[must_use]
    pub fn with_problems_of_rest(self, problems: Vec<Problem>) -> Self {
        let Contents { sources, mut findings, rest } = *self.0;
        if let Some(rest) = &rest {
            findings.extend(problems.into_iter().map(|problem| rest.places.locate(problem)));
        }
        Self::new(sources, findings).with_rest(rest)
    }

    /// Every problem with its lines, a caret below them and a hint, in the style of rustc. The text ends with
    /// a line break. Secrets are covered.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        self.render_as(&Level::ERROR, colour)
    }

    fn render_as(&self, level: &Level<'_>, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let problems: Vec<String> =
            self.0.findings.iter().map(|finding| self.render_one(&renderer, level, finding)).collect();
        problems.join("\n")
    }

    fn render_one(&self, renderer: &Renderer, level: &Level<'_>, finding: &SpecFinding) -> String {
        let (name, masked) = self.0.sources.text(finding.place.text);
        let span = visible(masked.text(), &masked.span(&finding.place.span));
        let mut snippet = Snippet::source(masked.text())
            .path(name)
            .line_numbering(!matches!(finding.place.text, TextId::Override(_)))
            .annotation(AnnotationKind::Primary.span(span));
        if let Some(earlier) = &finding.earlier {
            let earlier = visible(masked.text(), &masked.span(earlier));
            snippet = snippet.annotation(AnnotationKind::Context.span(earlier).label("first given here"));
        }
        let mut group = level.clone().primary_title(&finding.problem.message).element(snippet);
        if let Some(hint) = &finding.problem.hint {
            group = group.element(Level::HELP.message(hint));
        }
        let mut text = renderer.render(&[group]);
        text.push('\n');
        text
    }

    /// Every problem with its position.
    #[must_use]
    pub fn located(&self) -> Vec<Located> {
        self.0
            .findings
            .iter()
            .map(|finding| {
                let (name, masked) = self.0.sources.text(finding.place.text);
                let start = visible(masked.text(), &masked.span(&finding.place.span)).start;
                let before = &masked.text()[..start];
                let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
                Located {
                    file: name.to_owned(),
                    line: before.matches('\n').count() + 1,
                    column: before[line_start..].chars().count() + 1,
                    path: finding.problem.path.to_string(),
                    message: finding.problem.message.clone(),
                    hint: finding.problem.hint.clone(),
                }
            })
            .collect()
    }
}

/// The warnings of a valid spec, shown and located like problems.
#[derive(Debug, Clone, PartialEq)]
pub struct Remarks(pub(super) SpecError);

impl Remarks {
    /// Every warning, shown as [`SpecError::render`] shows problems.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        self.0.render_as(&Level::WARNING, colour)
    }

    /// Every remark with its position.
    #[must_use]
    pub fn located(&self) -> Vec<Located> {
        self.0.located()
    }
}

impl fmt::Display for Located {
    /// The message with its position, in one line.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, message, .. } = self;
        if file == COMMAND_LINE {
            write!(formatter, "{message} ({file})")
        } else {
            write!(formatter, "{message} ({file}:{line}:{column})")
        }
    }
}

/// `span` without white space at its end: the span of a plain scalar may reach into the next line.
fn visible(text: &str, span: &Range<usize>) -> Range<usize> {
    match text.get(span.clone()) {
        Some(spanned) => span.start..span.start + spanned.trim_end().len(),
        None => 0..0,
    }
}

impl fmt::Display for SpecError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.findings.len();
        let noun = if count == 1 { "problem" } else { "problems" };
        write!(formatter, "the spec `{}` has {count} {noun}", self.0.sources.name)
    }
}

impl std::error::Error for SpecError {}
