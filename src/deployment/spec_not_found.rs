//! Errors for a spec that does not exist. Each suggests similar names.

use std::path::Path;

use super::Error;
use super::shipped_topologies::SHIPPED;
use crate::spec::{is_file_name, nearest};

/// The most names that a hint lists.
const MOST_NAMES: usize = 8;

/// No spec and no shipped topology has that name.
pub(crate) fn no_such_topology(name: &str) -> Error {
    let names = SHIPPED.map(|shipped| shipped.name);
    Error::Invalid {
        message: format!(
            "there is no topology `{name}`: no file `topologies/{name}.yaml`, and no shipped topology"
        ),
        hint: match nearest(name, &names) {
            Some(near) => {
                format!("did you mean `{near}`? `redisctl topologies` lists the shipped topologies")
            }
            None => {
                format!("shipped topologies are `{}`; for a YAML file, give its path", names.join("`, `"))
            }
        },
    }
}

/// There is no file at that path.
pub(super) fn no_such_file(path: &Path) -> Error {
    let parent = path.parent().unwrap_or(Path::new(""));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let specs = specs_in(parent);
    let names: Vec<&str> = specs.iter().map(String::as_str).collect();
    let hint = match nearest(&name, &names) {
        Some(near) => format!("did you mean `{}`?", parent.join(near).display()),
        None if specs.is_empty() => {
            "`redisctl topologies` lists the shipped topologies, `redisctl init` writes one to a file"
                .to_owned()
        }
        None => specs_of_folder(&specs),
    };
    Error::Invalid { message: format!("there is no file `{}`", path.display()), hint }
}

/// The path leads to a folder.
pub(super) fn is_folder(path: &Path) -> Error {
    let specs = specs_in(path);
    let hint =
        if specs.is_empty() { "give the path of a YAML file".to_owned() } else { specs_of_folder(&specs) };
    Error::Invalid { message: format!("`{}` is a folder, not a spec", path.display()), hint }
}

fn specs_of_folder(names: &[String]) -> String {
    let more = if names.len() > MOST_NAMES { " and others" } else { "" };
    format!("specs in that folder: `{}`{more}", names[..names.len().min(MOST_NAMES)].join("`, `"))
}

/// The names of the YAML files in a folder, sorted; empty if the folder cannot be read.
fn specs_in(folder: &Path) -> Vec<String> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| is_file_name(name)).collect();
    names.sort();
    names
}
