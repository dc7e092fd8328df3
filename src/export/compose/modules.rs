//! Modules in a compose file: paths in the image, and files beside the compose file.

use crate::spec::{ModuleSpec, ModulesSpec, ModulesWord};
use crate::topology::{Node, Topology};

use super::literal;

/// The folder of files of the user's machine in containers.
const FOLDER: &str = "/modules";

/// The modules of a spec.
#[derive(Clone, Copy)]
pub(super) struct Modules<'a>(pub(super) Option<&'a ModulesSpec>);

impl<'a> Modules<'a> {
    /// Whether the image decides about modules. Then its entrypoint must run.
    pub(super) fn are_of_image(self) -> bool {
        matches!(self.0, None | Some(ModulesSpec::Word(ModulesWord::Image)))
    }

    /// The modules that the spec lists, with their paths in containers.
    fn listed(self) -> impl Iterator<Item = (&'a ModuleSpec, String)> {
        let list = self.0.and_then(ModulesSpec::list).unwrap_or_default();
        list.iter().enumerate().filter_map(|(position, module)| {
            let path = match (module.file(), module.path()) {
                (Some(file), _) => {
                    let name = file.file_name()?.to_string_lossy().into_owned();
                    format!("{FOLDER}/{}/{name}", position + 1)
                }
                (None, path) => path?.to_owned(),
            };
            Some((module, path))
        })
    }

    /// The arguments of a server.
    pub(super) fn arguments(self, topology: &Topology, node: &Node) -> Vec<String> {
        if topology.is_sentinel(&node.name) {
            return Vec::new();
        }
        let load = |(module, path): (&ModuleSpec, String)| {
            let words = std::iter::once(path).chain(module.arguments());
            std::iter::once("--loadmodule".to_owned())
                .chain(words.map(|word| literal(&word)))
                .collect::<Vec<_>>()
        };
        self.listed().flat_map(load).collect()
    }

    /// The mounts of files of the user's machine. A relative path starts at the compose file's folder.
    pub(super) fn mounts(self) -> Vec<String> {
        let mount = |(module, path): (&ModuleSpec, String)| {
            let file = module.file()?;
            let beside = if file.is_absolute() || file.starts_with(".") { "" } else { "./" };
            Some(format!("{beside}{}:{}:ro", literal(&file.display().to_string()), literal(&path)))
        };
        self.listed().filter_map(mount).collect()
    }

    /// What to know about them.
    pub(super) fn comment(self) -> Option<Vec<String>> {
        if self.are_of_image() {
            return Some(vec![
                "Modules: the servers load those that the image's entrypoint adds. Modules that the image's command"
                    .to_owned(),
                "adds are missing, as in Redis Stack: list them with `modules` in the spec.".to_owned(),
            ]);
        }
        (!self.mounts().is_empty()).then(|| {
            vec![
                "Modules: put this file into the folder of the spec, as it mounts files of modules from there. The"
                    .to_owned(),
                "servers' user must be allowed to read and to execute them.".to_owned(),
            ]
        })
    }
}
