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

    /// The problem at its field's value, otherwise at the key of the nearest parent in the document.
    pub(super) fn locate(&self, problem: Problem) -> SpecFinding {
        let parents = std::iter::successors(Some(problem.path.clone()), SpecPath::parent);
        let place = parents.into_iter().find_map(|path| self.0.get(&path).cloned());
        SpecFinding::new(problem, place.unwrap_or(YamlPlace { text: TextId::File, span: 0..0 }))
    }
}
