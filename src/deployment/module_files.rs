//! Modules that are files of this machine. They are read with the spec, and put into the deployment's volume.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::docker::image_contents::ImageFile;
use crate::spec::{ModuleSpec, ModulesSpec, Problem, Spec};
use crate::topology::Module;
use crate::topology::files::File;
use crate::topology::modules::MODULES_FOLDER;
use crate::topology::paths::MOUNT;

/// The number of digits of a file's digest in its name: enough for the modules of one deployment.
const DIGITS: usize = 12;

/// Modules that are files of this machine, by their paths in the spec.
#[derive(Clone, Default)]
pub(super) struct ModuleFiles(BTreeMap<PathBuf, Arc<[u8]>>);

impl ModuleFiles {
    /// Reads the files of a spec. Also returns their problems.
    pub(super) fn read(spec: &Spec, folder: &Path) -> (Self, Vec<Problem>) {
        let mut files = Self::default();
        let mut problems = Vec::new();
        for (position, file) in
            list(spec).iter().enumerate().filter_map(|(at, module)| Some((at, module.file()?)))
        {
            let problem =
                |message: String| Problem::new(&["modules", &position.to_string(), "file"], message);
            match std::fs::read(folder.join(file)) {
                Err(error) => {
                    problems.push(problem(format!("`{}` cannot be read: {error}", file.display())));
                }
                Ok(content) if ImageFile::of_content(&content) == ImageFile::NoElf => {
                    let message = format!("`{}` is no module: it is not an ELF file", file.display());
                    problems.push(problem(message).hint("a module is a shared library, as in `my.so`"));
                }
                Ok(content) => drop(files.0.insert(file.clone(), content.into())),
            }
        }
        (files, problems)
    }

    /// The content of a file.
    pub(super) fn content(&self, file: &Path) -> Option<&[u8]> {
        self.0.get(file).map(AsRef::as_ref)
    }

    /// The path of each file in containers.
    pub(super) fn paths(&self) -> BTreeMap<PathBuf, String> {
        let path = |(file, content): (&PathBuf, &Arc<[u8]>)| {
            let mut digest = hex::encode(Sha256::digest(content));
            digest.truncate(DIGITS);
            let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            (file.clone(), Module::of_this_machine(&name, &digest))
        };
        self.0.iter().map(path).collect()
    }

    /// The files for the deployment's volume.
    pub(super) fn files(&self) -> Vec<File> {
        let (paths, prefix) = (self.paths(), format!("{MOUNT}/"));
        let file = |(name, content): (&PathBuf, &Arc<[u8]>)| {
            let path = paths.get(name)?.strip_prefix(&prefix)?.to_owned();
            let folder = File::Folder { path: path.rsplit_once('/')?.0.to_owned() };
            Some([folder, File::Program { path, content: Arc::clone(content) }])
        };
        let files: Vec<File> = self.0.iter().filter_map(file).flatten().collect();
        let folder = (!files.is_empty()).then(|| File::Folder { path: MODULES_FOLDER.to_owned() });
        folder.into_iter().chain(files).collect()
    }
}

/// The modules that a spec lists.
pub(super) fn list(spec: &Spec) -> &[ModuleSpec] {
    spec.modules.as_ref().and_then(ModulesSpec::list).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_this_machine_is_read_and_named_after_its_content() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut header = b"\x7fELF\x02\x01\x01".to_vec();
        header.resize(64, 0);
        std::fs::write(folder.path().join("good.so"), &header).expect("written");
        std::fs::write(folder.path().join("text.so"), "#!/bin/sh\n").expect("written");
        let spec = "{kind: standalone, modules: [{file: absent.so}, {file: text.so}, {file: good.so}]}";
        let spec: Spec = serde_yaml::from_str(spec).expect("a spec");
        let (files, problems) = ModuleFiles::read(&spec, folder.path());
        let paths: Vec<String> = files.paths().into_values().collect();
        assert!(paths.len() == 1 && paths[0].ends_with("/good.so"), "{paths:?}");
        let problems: Vec<String> =
            problems.into_iter().map(|it| format!("{}: {}", it.path, it.message)).collect();
        assert!(problems[0].starts_with("modules.0.file: `absent.so` cannot be read: "), "{problems:?}");
        assert_eq!(problems[1..], ["modules.1.file: `text.so` is no module: it is not an ELF file"]);
    }
}
