//! The place of each field in a document, for problems that are found later.

use std::collections::BTreeMap;

use super::tree::{Content, SpecFinding, TextId, YamlNode, YamlPlace};
use super::{Problem, SpecPath};

/// The place of each path of a document.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Places(BTreeMap<SpecPath, YamlPlace>);

impl Places {
    /// The places of all nodes in `root`.
    pub(super) fn in_tree(root: &YamlNode) -> Self {
        let mut places = Self(BTreeMap::new());
        places.gather(root, root.top(), &SpecPath::default());
        places
    }

    fn gather(&mut self, node: &YamlNode, place: YamlPlace, path: &SpecPath) {
        self.0.insert(path.clone(), place);
        match &node.content {
            Content::Leaf(_) => {}
            Content::Sequence(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.gather(item, item.point(None), &path.join(index.to_string()));
                }
            }
            Content::Mapping(entries) => {
                for entry in entries {
                    let place = entry.value.point(Some(&entry.key_place));
                    self.gather(&entry.value, place, &path.join(&entry.key));
                }
            }
        }
    }

    /// The place of a path, else of its nearest parent that the document has.
    pub(super) fn of(&self, path: &SpecPath) -> YamlPlace {
        let mut parents = std::iter::successors(Some(path.clone()), SpecPath::parent);
        let place = parents.find_map(|path| self.0.get(&path).cloned());
        place.unwrap_or(YamlPlace { text: TextId::File, span: 0..0 })
    }

    /// Adds the place of a path that has none.
    pub(super) fn insert_new(&mut self, path: SpecPath, place: YamlPlace) {
        self.0.entry(path).or_insert(place);
    }

    /// Moves the places below one path to another path.
    pub(super) fn rename(&mut self, from: &SpecPath, to: &SpecPath) {
        let moved: Vec<SpecPath> =
            self.0.keys().filter(|path| path.segments().starts_with(from.segments())).cloned().collect();
        for path in moved {
            let below = path.segments()[from.segments().len()..].iter();
            let renamed = below.fold(to.clone(), |path, segment| path.join(segment));
            if let Some(place) = self.0.remove(&path) {
                self.0.insert(renamed, place);
            }
        }
    }

    /// The problem at its field's value, otherwise at the key of the nearest parent in the document.
    pub(super) fn locate(&self, problem: Problem) -> SpecFinding {
        let place = self.of(&problem.path);
        let path = field_of(problem.path, place.text);
        SpecFinding::new(Problem { path, ..problem }, place)
    }
}

/// The path of the field that a problem in this text is about: `config_file` instead of a directive that the spec does
/// not have.
fn field_of(path: SpecPath, text: TextId) -> SpecPath {
    let segments: Vec<&str> = path.segments().iter().map(String::as_str).collect();
    match (text, segments.as_slice()) {
        (TextId::ConfigFile(_), ["config", ..]) => SpecPath::new(&["config_file"]),
        (TextId::ConfigFile(_), ["nodes", node, "config", ..]) => {
            SpecPath::new(&["nodes", node, "config_file"])
        }
        _ => path,
    }
}
