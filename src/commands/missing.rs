//! What to say of a spec that is not there: what there is instead, the likeliest first.

use std::path::Path;

use super::CommandError;
use super::bundled::BUNDLED;
use crate::spec::{is_file_name, nearest};

/// More names than these are no help.
const MOST_NAMES: usize = 8;

/// There is no spec of that name.
pub(super) fn topology(name: &str) -> CommandError {
    let names = BUNDLED.map(|bundled| bundled.name);
    CommandError::Usage {
        message: format!("there is no topology `{name}`: neither `topologies/{name}.yaml` nor a bundled one"),
        hint: match nearest(name, &names) {
            Some(near) => format!("did you mean `{near}`? `redisctl topologies` lists the bundled ones"),
            None => format!("bundled are `{}`; or give the path of a YAML file", names.join("`, `")),
        },
    }
}

/// There is no file at that path.
pub(super) fn file(path: &Path) -> CommandError {
    let parent = path.parent().unwrap_or(Path::new(""));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let there = specs_in(parent);
    let names: Vec<&str> = there.iter().map(String::as_str).collect();
    let hint = match nearest(&name, &names) {
        Some(near) => format!("did you mean `{}`?", parent.join(near).display()),
        None if there.is_empty() => {
            "`redisctl topologies` lists the bundled specs, `redisctl init` writes one to edit".to_owned()
        }
        None => there_are(&there),
    };
    CommandError::Usage { message: format!("there is no file `{}`", path.display()), hint }
}

/// The path is a folder's.
pub(super) fn is_folder(path: &Path) -> CommandError {
    let there = specs_in(path);
    let hint = if there.is_empty() { "give the path of a YAML file".to_owned() } else { there_are(&there) };
    CommandError::Usage { message: format!("`{}` is a folder, not a spec", path.display()), hint }
}

fn there_are(names: &[String]) -> String {
    let more = if names.len() > MOST_NAMES { " and others" } else { "" };
    format!("specs in that folder: `{}`{more}", names[..names.len().min(MOST_NAMES)].join("`, `"))
}

/// The names of the YAML files in a folder, in order; none where it cannot be read.
fn specs_in(folder: &Path) -> Vec<String> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| is_file_name(name)).collect();
    names.sort();
    names
}
