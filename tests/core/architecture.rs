//! The architecture as a test: which file may use which other file. Files must not use each other in a circle.
//!
//! A failure names the file and its use. Correct the use. The lists of exceptions may only shrink: an exception that
//! no file needs fails the test, too.

use std::path::{Path, PathBuf};

use circles::circular_uses;
use imports::{Crate, Module};
use layers::{CORE, LAYERS, SHELL, forbidden_uses, is_within};

mod circles;
mod imports;
mod layers;
mod tokens;

/// Uses that close a circle and must still be removed: the user and the used module, each with all its descendants.
const CIRCLES_TO_OPEN: &[(&str, &str)] = &[];

/// Uses that the layers forbid and that must still be removed.
const USES_TO_END: &[(&str, &str)] = &[];

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn library() -> Crate {
    Crate::read(&project("src/lib.rs"))
}

fn name(module: &Module) -> String {
    module.join("::")
}

/// The circles of the library, except those in the list. `without` drops one entry of the list.
fn circles_of(library: &Crate, without: Option<usize>) -> Vec<String> {
    let is_excepted = |user: &Module, used: &Module| {
        CIRCLES_TO_OPEN.iter().enumerate().any(|(number, (from, to))| {
            without != Some(number) && is_within(&name(user), from) && is_within(&name(used), to)
        })
    };
    let uses = circular_uses(library, is_excepted);
    uses.iter().map(|(user, used)| format!("{} uses {}", name(user), name(used))).collect()
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    let library = library();
    let found = circles_of(&library, None);
    assert!(found.is_empty(), "these uses form a circle:\n{}", found.join("\n"));
    for (number, exception) in CIRCLES_TO_OPEN.iter().enumerate() {
        let found = circles_of(&library, Some(number));
        assert!(
            !found.is_empty(),
            "no circle needs {exception:?} any longer: take it out of CIRCLES_TO_OPEN"
        );
    }
    for bench in ["benches/soak/main.rs", "benches/up/main.rs"] {
        let found = circular_uses(&Crate::read(&project(bench)), |_, _| false);
        assert!(found.is_empty(), "{bench}: these uses form a circle: {found:?}");
    }
}

#[test]
fn no_part_uses_what_it_must_not_know() {
    let found = forbidden_uses(&library());
    let fits = |(user, used): &(Module, String), (from, to): &(&str, &str)| {
        is_within(&name(user), from) && is_within(used, to)
    };
    let forbidden: Vec<String> = found
        .iter()
        .filter(|found| !USES_TO_END.iter().any(|exception| fits(found, exception)))
        .map(|(user, used)| format!("{} uses {used}", name(user)))
        .collect();
    assert!(forbidden.is_empty(), "see DESIGN.md, section 5:\n{}", forbidden.join("\n"));
    for exception in USES_TO_END {
        let needed = found.iter().any(|found| fits(found, exception));
        assert!(needed, "nothing needs {exception:?} any longer: take it out of USES_TO_END");
    }
}

/// A rename must not disable a rule.
#[test]
fn every_name_in_the_layers_exists() {
    let library = library();
    let exists = |path: &str| {
        let module: Module = path.split("::").map(str::to_owned).collect();
        let Some((item, parent)) = module.split_last() else { return false };
        let file =
            if parent.is_empty() { "src/lib.rs".to_owned() } else { format!("src/{}.rs", parent.join("/")) };
        let text = || std::fs::read_to_string(project(&file)).unwrap_or_default();
        let declares = |text: String| {
            let of_its_own = ["fn", "struct", "enum"].map(|kind| format!("pub {kind} {item}"));
            let of_a_child =
                text.lines().any(|line| line.starts_with("pub use ") && line.contains(item.as_str()));
            of_a_child || of_its_own.iter().any(|declaration| text.contains(declaration))
        };
        library.modules().any(|one| *one == module) || (!parent.is_empty() && declares(text()))
    };
    let parts = LAYERS.iter().flat_map(|layer| layer.part.iter().copied());
    let never =
        LAYERS.iter().flat_map(|layer| layer.never.iter().filter_map(|never| never.strip_prefix("crate::")));
    for path in parts.chain(never) {
        assert!(exists(path), "tests/core/architecture/layers.rs names `{path}`, which does not exist");
    }
}

#[test]
fn the_core_has_no_async() {
    let library = library();
    for module in library.modules() {
        let Some(part) = module.first() else { continue };
        let is_core = CORE.contains(&part.as_str());
        let is_shell = SHELL.contains(&format!("crate::{part}").as_str());
        assert!(
            is_core != is_shell,
            "list `{part}` in CORE or in SHELL of tests/core/architecture/layers.rs"
        );
        assert!(!is_core || !library.is_async(module), "{} is core, and has an `async`", name(module));
    }
}

#[test]
fn every_file_says_first_what_it_is() {
    let mut folders = vec![project("src"), project("tests"), project("benches")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of the project") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("a source file");
                assert!(text.starts_with("//! "), "{} does not begin with `//!`", path.display());
            }
        }
    }
}

/// A module and a module that it uses.
type Use<'a> = (&'a str, &'a str);

#[test]
fn circles_are_found_between_siblings_only() {
    let parent = "mod a; mod b; pub use b::Thing; pub struct Own;";
    let circles = |texts: &[(&str, &str)]| -> Vec<String> {
        let found = circular_uses(&Crate::of_texts(texts), |_, _| false);
        found.iter().map(|(user, used)| format!("{} {}", name(user), name(used))).collect()
    };
    let cases: [(&str, &str, &[Use<'_>]); 7] = [
        // A child and its parent.
        ("use super::Own;", "use crate::p::Own; fn f() { super::super::p::g() }", &[]),
        ("use super::b::{self, Thing};", "", &[]),
        // Directly, through a parent's `pub use`, by a path in a macro, in a group.
        ("use super::b::Thing;", "use crate::p::a::x;", &[("p::a", "p::b"), ("p::b", "p::a")]),
        ("use super::Thing;", "fn f() { super::a::g() }", &[("p::a", "p::b"), ("p::b", "p::a")]),
        (
            "use crate::{p::{Own, b as c}};",
            "fn f() { h!(1, self::super::a::g()) }",
            &[("p::a", "p::b"), ("p::b", "p::a")],
        ),
        // The captures of an `impl` are not imports.
        ("fn f<'a>() -> impl Iterator + use<'a> { x }", "use super::a::f;", &[]),
        // Tests may use everything.
        ("use super::b::Thing;", "#[cfg(test)]\nmod tests { use super::super::a::x; } fn f() {}", &[]),
    ];
    for (a, b, wanted) in cases {
        let found = circles(&[("", "mod p;"), ("p", parent), ("p::a", a), ("p::b", b)]);
        let wanted: Vec<String> = wanted.iter().map(|(user, used)| format!("{user} {used}")).collect();
        assert_eq!(found, wanted, "{a} | {b}");
    }
    // Through descendants of other modules.
    let deep = [
        ("", ""),
        ("p", ""),
        ("p::a", "use crate::q::c::x;"),
        ("q", ""),
        ("q::c", ""),
        ("q::d", "use crate::p;"),
    ];
    assert_eq!(circles(&deep), ["p::a q::c", "q::d p"]);
}

#[test]
fn forbidden_uses_are_found_wherever_they_stand() {
    let found = |text: &str| {
        let texts = [("", "mod verify; mod plan;"), ("plan", "struct Plan;"), ("verify", text)];
        forbidden_uses(&Crate::of_texts(&texts)).into_iter().map(|(_, used)| used).collect::<Vec<_>>()
    };
    assert_eq!(found("use crate::plan::{Plan};"), ["crate::plan::Plan"]);
    assert_eq!(found("fn f(plan: &crate::plan::Plan) {}"), ["crate::plan::Plan"]);
    assert_eq!(found("use crate::{plan as p}; fn f() { p::make() }"), ["crate::plan", "crate::plan::make"]);
    assert_eq!(found("use std::{env, fmt};"), ["std::env"]);
    assert_eq!(found("use std::time; fn f() { g!(time::Instant::now()) }"), ["std::time::Instant::now"]);
    assert_eq!(found("use std::time::Duration; // use tokio::x;\n#[cfg(test)] use tokio::y;").len(), 0);
    assert!(Crate::of_texts(&[("a", "fn f() { async { g().await } }")]).is_async(&vec!["a".to_owned()]));
}
