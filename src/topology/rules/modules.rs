//! Rules of `modules`: each module is one path or one file, and is loaded once.

use crate::spec::{ModuleSpec, ModulesSpec, Problem, Spec};

/// Each module is named as the spec can name it.
pub(super) fn modules_are_named(spec: &Spec) -> Vec<Problem> {
    let list = spec.modules.as_ref().and_then(ModulesSpec::list).unwrap_or_default();
    let mut problems = Vec::new();
    for (position, module) in list.iter().enumerate() {
        let place = position.to_string();
        let at = ["modules", place.as_str()];
        let field = [Some("modules"), Some(place.as_str()), module.field()];
        let field: Vec<&str> = field.into_iter().flatten().collect();
        let earlier = list[..position].iter().any(|earlier| is_same(earlier, module));
        match (module.file(), module.path()) {
            (Some(_), Some(_)) => problems.push(
                Problem::new(&at, "a module has a `path` or a `file`, not both")
                    .hint("`path` is in the image, `file` is on this machine"),
            ),
            (None, None) => problems.push(
                Problem::new(&at, "a module needs a `path` or a `file`")
                    .hint("`path` is in the image, `file` is on this machine"),
            ),
            (None, Some(path)) if !path.starts_with('/') => problems.push(
                Problem::new(&field, format!("`{path}` is no absolute path in the image"))
                    .hint("a file of this machine is named by `file`, as in `{file: ./my.so}`"),
            ),
            _ if earlier => {
                problems
                    .push(Problem::new(&field, "a server loads a module once, and this one is listed twice"));
            }
            _ => {}
        }
    }
    problems
}

fn is_same(one: &ModuleSpec, other: &ModuleSpec) -> bool {
    one.file() == other.file() && one.path() == other.path()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_one_path_or_one_file() {
        let problems = |yaml: &str| -> Vec<String> {
            let spec: Spec =
                serde_yaml::from_str(&format!("{{kind: standalone, modules: {yaml}}}")).expect("a spec");
            modules_are_named(&spec).into_iter().map(|it| format!("{}: {}", it.path, it.message)).collect()
        };
        assert_eq!(problems("[/a.so, {path: /b.so}, {file: b.so}]"), Vec::<String>::new());
        assert_eq!(problems("none"), Vec::<String>::new());
        for (yaml, problem) in [
            ("[a.so]", "modules.0: `a.so` is no absolute path in the image"),
            ("[{path: a.so}]", "modules.0.path: `a.so` is no absolute path in the image"),
            ("[{args: [x]}]", "modules.0: a module needs a `path` or a `file`"),
            ("[{path: /a.so, file: a.so}]", "modules.0: a module has a `path` or a `file`, not both"),
            (
                "[/a.so, {path: /a.so}]",
                "modules.1.path: a server loads a module once, and this one is listed twice",
            ),
        ] {
            assert_eq!(problems(yaml), [problem], "{yaml}");
        }
    }
}
