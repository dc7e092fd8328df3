//! Reads YAML text into a [`YamlNode`] tree: one document, bounded in depth and size.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, Tag};

use super::tree::{Content, Entry, Leaf, SpecFinding, TextId, YamlNode, YamlPlace};
use super::{Problem, describe};

/// The deepest nesting. It is deeper than any spec (`auth.users[].password.file` has five levels), and shallow enough
/// for recursion.
const DEEPEST: usize = 32;
/// The limit for expanded aliases, in values and bytes of text: a few hundred copies of a large spec. Nested aliases
/// can expand to billions.
const LARGEST_EXPANSION: usize = 1_000_000;

/// The tree of the only document in `text`, which begins at `start` of the text `text_id`. `None` if there are only
/// comments.
pub(super) fn parse(text: &str, text_id: TextId, start: usize) -> Result<Option<YamlNode>, Vec<SpecFinding>> {
    if let Some(finding) = control_character(text, text_id, start) {
        return Err(vec![finding]);
    }
    let mut builder = Builder {
        text_id,
        start,
        offsets: byte_offsets(text),
        open: Vec::new(),
        anchors: BTreeMap::new(),
        expansion: 0,
        root: None,
        documents: 0,
        findings: Vec::new(),
    };
    for event in Parser::new_from_str(text) {
        let result = match event {
            Ok((event, span)) => builder.take(event, span),
            Err(error) => Err(builder.syntax_error(text, &error).into()),
        };
        if let Err(finding) = result {
            builder.findings.push(*finding);
            break;
        }
    }
    if builder.findings.is_empty() { Ok(builder.root) } else { Err(builder.findings) }
}

/// The first control character. YAML does not allow control characters.
fn control_character(text: &str, text_id: TextId, start: usize) -> Option<SpecFinding> {
    let is_foreign = |character: char| character.is_ascii_control() && !"\t\n\r".contains(character);
    let (offset, character) = text.char_indices().find(|(_, character)| is_foreign(*character))?;
    let message = match character {
        '\0' => "there is a NUL byte here, which is not text".to_owned(),
        other => format!("there is the control character U+{:04X} here", u32::from(other)),
    };
    let problem =
        Problem::new::<&str>(&[], message).hint("remove it; between double quotes, write `\\x..` instead");
    Some(SpecFinding::new(problem, YamlPlace { text: text_id, span: start + offset..start + offset + 1 }))
}

/// The byte offset of each character, and of the end: the parser counts characters.
fn byte_offsets(text: &str) -> Vec<usize> {
    text.char_indices().map(|(offset, _)| offset).chain([text.len()]).collect()
}

/// A collection that is not complete yet.
enum Open {
    Sequence { start: usize, anchor: usize, items: Vec<YamlNode> },
    Mapping { start: usize, anchor: usize, entries: Vec<Entry>, key: Option<(String, YamlPlace)> },
}

struct Builder {
    text_id: TextId,
    start: usize,
    offsets: Vec<usize>,
    open: Vec<Open>,
    anchors: BTreeMap<usize, YamlNode>,
    expansion: usize,
    root: Option<YamlNode>,
    documents: usize,
    findings: Vec<SpecFinding>,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Box<SpecFinding>> {
        let range = self.range(&span);
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    let problem = Problem::new::<&str>(&[], "there is more than one document in this file")
                        .hint("keep each deployment in a file of its own");
                    return Err(self.finding(range, problem).into());
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                let plain = self.is_plain(style, tag.as_deref(), &range);
                let content = Content::Leaf(Leaf::new(Cow::into_owned(text), plain));
                self.complete(YamlNode { place: self.place(range), content }, anchor)?;
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse_tag(tag.as_deref(), &range);
                self.open(Open::Sequence { start: range.start, anchor, items: Vec::new() }, range)?;
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse_tag(tag.as_deref(), &range);
                let mapping = Open::Mapping { start: range.start, anchor, entries: Vec::new(), key: None };
                self.open(mapping, range)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(range.end)?,
            Event::Alias(anchor) => self.alias(anchor, range)?,
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        Ok(())
    }

    fn open(&mut self, collection: Open, range: Range<usize>) -> Result<(), Box<SpecFinding>> {
        if self.open.len() >= DEEPEST {
            return Err(self.too_deep(range).into());
        }
        self.open.push(collection);
        Ok(())
    }

    fn close(&mut self, end: usize) -> Result<(), Box<SpecFinding>> {
        let (start, anchor, content) = match self.open.pop() {
            Some(Open::Sequence { start, anchor, items }) => (start, anchor, Content::Sequence(items)),
            Some(Open::Mapping { start, anchor, entries, .. }) => (start, anchor, Content::Mapping(entries)),
            None => return Ok(()),
        };
        self.complete(YamlNode { place: self.place(start..end), content }, anchor)
    }

    /// Adds a finished value as a key, a value, an item or the root.
    fn complete(&mut self, node: YamlNode, anchor: usize) -> Result<(), Box<SpecFinding>> {
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::Sequence { items, .. }) => items.push(node),
            Some(Open::Mapping { entries, key, .. }) => match (key.take(), node.content) {
                (Some((key, key_place)), content) => {
                    entries.push(Entry { key, key_place, value: YamlNode { place: node.place, content } });
                }
                (None, Content::Leaf(leaf)) => *key = Some((leaf.text, node.place)),
                (None, _) => {
                    let problem = Problem::new::<&str>(&[], "a key must be text, not a list or a mapping");
                    return Err(Box::new(SpecFinding::new(problem, node.place)));
                }
            },
        }
        Ok(())
    }

    /// Copies the anchored value. The copy keeps the places, so that problems are shown at the anchor.
    fn alias(&mut self, anchor: usize, range: Range<usize>) -> Result<(), Box<SpecFinding>> {
        let Some(node) = self.anchors.get(&anchor).cloned() else {
            let problem = Problem::new::<&str>(&[], "an alias cannot stand inside the value that it names");
            return Err(self.finding(range, problem).into());
        };
        let (size, depth) = measure(&node);
        self.expansion = self.expansion.saturating_add(size);
        if self.expansion > LARGEST_EXPANSION {
            let problem = Problem::new::<&str>(&[], "the aliases of this document expand to too much")
                .hint("write the values out where they are needed");
            return Err(self.finding(range, problem).into());
        }
        if self.open.len() + depth > DEEPEST {
            return Err(self.too_deep(range).into());
        }
        self.complete(node, 0)
    }

    /// A quoted scalar and a scalar with the tag `!!str` are text. Other tags are refused, because no field needs
    /// them.
    fn is_plain(&mut self, style: ScalarStyle, tag: Option<&Tag>, range: &Range<usize>) -> bool {
        if tag.is_some_and(|tag| tag.is_yaml_core_schema() && tag.suffix == "str") {
            return false;
        }
        self.refuse_tag(tag, range);
        style == ScalarStyle::Plain
    }

    fn refuse_tag(&mut self, tag: Option<&Tag>, range: &Range<usize>) {
        if tag.is_some() {
            let problem =
                Problem::new::<&str>(&[], "YAML tags have no meaning in a spec").hint("leave the tag out");
            let finding = self.finding(range.clone(), problem);
            self.findings.push(finding);
        }
    }

    fn too_deep(&self, range: Range<usize>) -> SpecFinding {
        self.finding(
            range,
            Problem::new::<&str>(&[], format!("values are nested more than {DEEPEST} levels deep")),
        )
    }

    fn syntax_error(&self, text: &str, error: &ScanError) -> SpecFinding {
        let offset = self.byte(error.marker().index());
        let problem = Problem::new::<&str>(&[], format!("this is not YAML: {}", error.info()));
        let problem = match describe::syntax_hint(text, offset, error.info()) {
            Some(hint) => problem.hint(hint),
            None => problem,
        };
        self.finding(self.start + offset..self.start + offset, problem)
    }

    fn finding(&self, range: Range<usize>, problem: Problem) -> SpecFinding {
        SpecFinding::new(problem, self.place(range))
    }

    fn place(&self, span: Range<usize>) -> YamlPlace {
        YamlPlace { text: self.text_id, span }
    }

    fn range(&self, span: &Span) -> Range<usize> {
        let start = self.byte(span.start.index());
        self.start + start..self.start + self.byte(span.end.index()).max(start)
    }

    fn byte(&self, character: usize) -> usize {
        self.offsets[character.min(self.offsets.len() - 1)]
    }
}

/// The size of a tree, in values and bytes of text, and its depth.
fn measure(node: &YamlNode) -> (usize, usize) {
    let add =
        |(size, depth): (usize, usize), (more, below): (usize, usize)| (size + more, depth.max(below + 1));
    match &node.content {
        Content::Leaf(leaf) => (1 + leaf.text.len(), 0),
        Content::Sequence(items) => items.iter().map(measure).fold((1, 1), add),
        Content::Mapping(entries) => entries.iter().fold((1, 1), |sum, entry| {
            let (size, depth) = measure(&entry.value);
            add(sum, (size + entry.key.len(), depth))
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    fn tree(text: &str) -> YamlNode {
        parse(text, TextId::File, 0).unwrap().unwrap()
    }

    fn get<'n>(node: &'n YamlNode, key: &str) -> &'n YamlNode {
        let Content::Mapping(entries) = &node.content else { panic!("a mapping") };
        &entries.iter().find(|entry| entry.key == key).unwrap().value
    }

    fn message(text: &str) -> String {
        parse(text, TextId::File, 0).unwrap_err().remove(0).problem.message
    }

    #[test]
    fn spans_are_bytes_even_after_multi_byte_text() {
        let text = "é: ä  # ö\nb: {c: 'ü', d: e}\n";
        let root = tree(text);
        let Content::Mapping(entries) = &root.content else { panic!("a mapping") };
        assert_eq!(&text[entries[0].key_place.span.clone()], "é");
        assert_eq!(&text[entries[0].value.place.span.clone()], "ä");
        let inner = get(&root, "b");
        assert_eq!(&text[get(inner, "c").place.span.clone()], "'ü'");
        assert_eq!(&text[get(inner, "d").place.span.clone()], "e");
    }

    #[test]
    fn aliases_are_copies_that_point_at_what_they_copy() {
        let text = "a: &x {c: 1}\nb: *x\n";
        let copy = tree(text);
        let inner = get(get(&copy, "b"), "c");
        assert_eq!(inner.place.span, 10..11);
    }

    #[test]
    fn alias_bombs_are_refused() {
        let mut text = "a0: &a0 [x]\n".to_owned();
        for level in 1..30 {
            let alias = format!("*a{}", level - 1);
            writeln!(text, "a{level}: &a{level} [{}]", vec![alias; 9].join(", ")).unwrap();
        }
        assert_eq!(message(&text), "the aliases of this document expand to too much");
        let mut chain = "a0: &a0 [x]\n".to_owned();
        for level in 1..100 {
            writeln!(chain, "a{level}: &a{level} [*a{}]", level - 1).unwrap();
        }
        assert_eq!(message(&chain), "values are nested more than 32 levels deep");
    }

    #[test]
    fn what_cannot_be_a_spec_is_refused() {
        assert_eq!(message(&"[".repeat(100)), "values are nested more than 32 levels deep");
        assert_eq!(message("a: &x [*x]"), "an alias cannot stand inside the value that it names");
        assert_eq!(message("[a]: b"), "a key must be text, not a list or a mapping");
        assert_eq!(message("a: !foo b"), "YAML tags have no meaning in a spec");
        assert_eq!(message("a: 1\n---\nb: 2\n"), "there is more than one document in this file");
        assert!(message("a: b: c").starts_with("this is not YAML: "));
        assert_eq!(message("a: b\0c"), "there is a NUL byte here, which is not text");
        assert_eq!(message("a: 'b\u{7}'"), "there is the control character U+0007 here");
        assert_eq!(parse("# nothing\n", TextId::File, 0), Ok(None));
    }
}
