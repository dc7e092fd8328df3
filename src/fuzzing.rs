//! Properties of the parsers for text from outside. The fuzz targets in `fuzz/` check them on any input. Each part of
//! the crate lists its own properties, and ordinary tests check them on the committed corpora.

use crate::{command_file, docker, redis, snapshot, spec, topology, verify};

/// The check of a target. It panics if the property does not hold.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Property {
    /// For text.
    Text(fn(&str)),
    /// For bytes, which may not be text.
    Bytes(fn(&[u8])),
}

/// A target's name, its file in `fuzz/fuzz_targets` and the name of its corpus.
pub(crate) type Target = (&'static str, Property);

fn targets() -> impl Iterator<Item = &'static Target> {
    let parts: [&[Target]; 7] = [
        spec::fuzzing::TARGETS,
        topology::fuzzing::TARGETS,
        redis::fuzzing::TARGETS,
        docker::fuzzing::TARGETS,
        verify::fuzzing::TARGETS,
        command_file::fuzzing::TARGETS,
        snapshot::fuzzing::TARGETS,
    ];
    parts.into_iter().flatten()
}

/// Checks the property of a target on an input. Properties of texts skip bytes that are not text.
///
/// # Panics
/// The property does not hold, or the target does not exist.
pub fn check(name: &str, input: &[u8]) {
    let found = targets().find(|(target, _)| *target == name);
    let (_, property) = found.unwrap_or_else(|| panic!("there is no target `{name}`"));
    match property {
        Property::Bytes(check) => check(input),
        Property::Text(check) => {
            if let Ok(text) = std::str::from_utf8(input) {
                check(text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;

    fn folder(path: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(path)
    }

    fn names_in(path: &Path) -> BTreeSet<String> {
        let entries = fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn every_property_holds_for_its_corpus() {
        for (name, _) in targets() {
            let corpus = folder("corpus").join(name);
            let inputs = names_in(&corpus);
            assert!(inputs.len() > 1, "{} is too small", corpus.display());
            for input in inputs {
                println!("{name}: {input}");
                check(name, &fs::read(corpus.join(input)).unwrap());
            }
        }
    }

    #[test]
    fn every_target_has_its_program() {
        let names: BTreeSet<String> = targets().map(|(name, _)| (*name).to_owned()).collect();
        let programs = names.iter().map(|name| format!("{name}.rs")).collect();
        assert_eq!(names_in(&folder("fuzz_targets")), programs);
        let manifest = fs::read_to_string(folder("Cargo.toml")).unwrap();
        for name in &names {
            let program = fs::read_to_string(folder("fuzz_targets").join(format!("{name}.rs"))).unwrap();
            assert!(program.contains(&format!("check(\"{name}\", data)")), "{name}: {program}");
            assert!(manifest.contains(&format!("name = \"{name}\"")), "{name} is not in the manifest");
        }
    }
}
