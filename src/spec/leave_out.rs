//! Removes the entries of a document that have problems, so that the rest can be checked.

use super::tree::{Content, Entry, SpecFinding, YamlNode};

/// Removes every entry with a finding, so that the rest is well formed.
pub(super) fn leave_out(root: &mut YamlNode, findings: &[SpecFinding]) {
    for finding in findings {
        if finding.earlier.is_some() {
            remove(root, finding.problem.path.segments(), &|entry| entry.key_place == finding.place);
        } else {
            remove(root, finding.problem.path.segments(), &|_| true);
        }
    }
}

/// Removes the entries at `path` that are `meant`. For an item of a list, the whole list is removed, because the
/// positions of the other items would change.
fn remove(node: &mut YamlNode, path: &[String], meant: &dyn Fn(&Entry) -> bool) {
    let (Some((key, below)), Content::Mapping(entries)) = (path.split_first(), &mut node.content) else {
        // The document lacks a field, or the entry does not exist.
        return;
    };
    entries.retain_mut(|entry| {
        if entry.key != *key {
            return true;
        }
        if below.is_empty() || matches!(entry.value.content, Content::Sequence(_)) {
            return !meant(entry);
        }
        remove(&mut entry.value, below, meant);
        true
    });
}
