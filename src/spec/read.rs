//! From a spec's text to a [`Spec`]: parse, override, replace variables, check, deserialize.

use std::path::Path;

use super::check::check;
use super::config_file::{self, ConfigFiles, Parts};
use super::error::{Rest, Sources};
use super::interpolate::{Lookup, interpolate};
use super::leave_out::leave_out;
use super::mask::{Secrecy, mark_secrets, secret_lines};
use super::places::Places;
use super::schema::Schema;
use super::tree::{Content, SpecFinding, TextId, Variables, YamlNode, YamlPlace};
use super::{Override, Problem, Remarks, Spec, SpecError, SpecPath, describe, document};

/// The text of a spec.
#[derive(Clone)]
pub struct Source {
    /// The path as the user wrote it, or `shipped:cluster`.
    pub name: String,
    /// The YAML.
    pub text: String,
}

/// Whether a file has the name of a spec.
pub(crate) fn is_file_name(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}

/// Variables and overrides for a spec.
pub struct Inputs<'a> {
    /// The value of a variable: from the environment, or an env file.
    pub variable: Lookup<'a>,
    /// The overrides of the command line. The last override of a field counts.
    pub overrides: &'a [Override],
    /// The folder in which relative paths begin.
    pub folder: &'a Path,
    /// The files that `config_file` may name.
    pub files: &'a dyn ConfigFiles,
}

/// A well-formed spec, with the places of its fields for problems that are found later.
#[derive(Debug, Clone)]
pub struct Document {
    /// The spec.
    pub spec: Spec,
    pub(super) sources: Sources,
    pub(super) places: Places,
}

/// Reads the spec in `source`.
///
/// # Errors
/// All problems of its syntax, structure, variables and overrides.
pub fn read(source: Source, inputs: &Inputs<'_>) -> Result<Document, SpecError> {
    let Source { name, text } = source;
    let mut root = match document::parse(&text, TextId::File, 0).and_then(require_mapping) {
        Ok(root) => root,
        Err(findings) => {
            let covered: Vec<YamlPlace> =
                secret_lines(&text).into_iter().map(|span| YamlPlace { text: TextId::File, span }).collect();
            return Err(SpecError::new(Sources::new(name, &text, &[], &covered), findings));
        }
    };

    let schema = Schema::new();
    let mut covered = Vec::new();
    let mut findings = Vec::new();
    mark_secrets(&mut root, Secrecy::OPEN, &mut covered);
    for (index, item) in inputs.overrides.iter().enumerate() {
        findings.extend(item.apply(index, &mut root, &schema, &mut covered).err().unwrap_or_default());
    }
    interpolate(&mut root, &SpecPath::default(), &text, inputs.variable, &mut findings);
    findings.extend(check(&schema, &mut root));

    let sources = Sources::new(name, &text, inputs.overrides, &covered);
    let places = Places::in_tree(&root);
    if !findings.is_empty() {
        leave_out(&mut root, &findings);
    }
    match deserialize(&root) {
        Ok(spec) => {
            let document = Document { spec, sources, places };
            document.with_config_files(findings, inputs.folder, inputs.files)
        }
        Err(_) if !findings.is_empty() => Err(SpecError::new(sources, findings)),
        Err(problem) => Err(SpecError::new(sources, vec![places.locate(problem)])),
    }
}

impl Document {
    /// The document with the directives of its configuration files. `findings` are its problems so far.
    pub(super) fn with_config_files(
        self,
        mut findings: Vec<SpecFinding>,
        folder: &Path,
        files: &dyn ConfigFiles,
    ) -> Result<Self, SpecError> {
        let Self { mut spec, mut sources, mut places } = self;
        let parts = Parts { spec: &mut spec, places: &mut places, sources: &mut sources };
        findings.extend(config_file::add(parts, folder, files));
        if findings.is_empty() {
            Ok(Self { spec, sources, places })
        } else {
            Err(SpecError::new(sources, findings).with_rest(Some(Rest { spec, places })))
        }
    }

    /// The source of the spec: a path, or `shipped:cluster`.
    #[must_use]
    pub fn source_name(&self) -> &str {
        &self.sources.name
    }

    /// The error with these problems. Each is shown at its field's value, or at the key of the nearest parent in the
    /// spec.
    #[must_use]
    pub fn locate(&self, problems: Vec<Problem>) -> SpecError {
        let findings = problems.into_iter().map(|problem| self.places.locate(problem)).collect();
        SpecError::new(self.sources.clone(), findings)
    }

    /// Warnings, at the places where [`Document::locate`] would show problems.
    #[must_use]
    pub fn remark(&self, warnings: Vec<Problem>) -> Remarks {
        Remarks(self.locate(warnings))
    }
}

fn require_mapping(root: Option<YamlNode>) -> Result<YamlNode, Vec<SpecFinding>> {
    const HINT: &str = "`kind: cluster` alone is a spec";
    let start = YamlPlace { text: TextId::File, span: 0..0 };
    let Some(root) = root.filter(|root| !root.is_null()) else {
        return Err(vec![SpecFinding::new(Problem::new::<&str>(&[], "the spec is empty").hint(HINT), start)]);
    };
    if matches!(root.content, Content::Mapping(_)) {
        return Ok(root);
    }
    let message = format!("expected fields such as `kind: cluster`, found {}", describe::found(&root));
    Err(vec![SpecFinding::new(Problem::new::<&str>(&[], message).hint(HINT), root.point(None))])
}

/// The typed spec. After the check, serde should find no errors. An error of serde is shown at the field, unless it
/// may reveal a secret.
fn deserialize(root: &YamlNode) -> Result<Spec, Problem> {
    serde_path_to_error::deserialize(root.to_value()).map_err(|error| {
        let path = path_of(error.path());
        let message = if hides_something(root) {
            "this value does not fit here".to_owned()
        } else {
            error.into_inner().to_string()
        };
        Problem { path, message, hint: None }
    })
}

fn path_of(path: &serde_path_to_error::Path) -> SpecPath {
    use serde_path_to_error::Segment;
    path.iter().fold(SpecPath::default(), |path, segment| match segment {
        Segment::Seq { index } => path.join(index.to_string()),
        Segment::Map { key } => path.join(key),
        Segment::Enum { .. } | Segment::Unknown => path,
    })
}

/// Whether there is a secret or a variable's value below `node`.
fn hides_something(node: &YamlNode) -> bool {
    match &node.content {
        Content::Leaf(leaf) => leaf.secret || leaf.variables != Variables::None,
        Content::Sequence(items) => items.iter().any(hides_something),
        Content::Mapping(entries) => entries.iter().any(|entry| hides_something(&entry.value)),
    }
}

#[cfg(test)]
mod tests;
