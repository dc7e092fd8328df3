//! The files with passwords that a spec names. They are read with the spec, so that a missing file is a problem of the
//! spec.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::spec::{Password, Problem, SecretText, Spec, SpecPath};

/// The passwords in the files of a spec, by the path in the spec.
#[derive(Default)]
pub(super) struct PasswordFiles(BTreeMap<PathBuf, SecretText>);

impl PasswordFiles {
    /// Reads the first line of each file. `folder` is the folder of relative paths.
    pub(super) fn read(spec: &Spec, folder: &Path) -> (Self, Vec<Problem>) {
        let (mut files, mut problems) = (Self::default(), Vec::new());
        for (field, path) in named(spec) {
            match first_line(&folder.join(path)) {
                Ok(password) => {
                    files.0.insert(path.to_owned(), password);
                }
                Err((reason, hint)) => {
                    let message = format!("the password file `{}` {reason}", path.display());
                    let problem = Problem::new(field.join("file").segments(), message);
                    problems.push(problem.hint(hint));
                }
            }
        }
        (files, problems)
    }

    /// The password in a file that the spec names.
    pub(super) fn password(&self, path: &Path) -> &SecretText {
        self.0.get(path).expect("the files were read with the spec")
    }
}

/// The files, and the fields that name them.
fn named(spec: &Spec) -> impl Iterator<Item = (SpecPath, &Path)> {
    let auth = spec.auth.iter();
    let passwords = auth.flat_map(|auth| {
        let users = auth.users.iter().flatten().enumerate();
        let of_users = users.map(|(position, user)| {
            let position = position.to_string();
            (SpecPath::new(&["auth", "users", &position, "password"]), user.password.as_ref())
        });
        let own =
            [("password", auth.password.as_ref()), ("replica_password", auth.replica_password.as_ref())];
        own.map(|(field, password)| (SpecPath::new(&["auth", field]), password)).into_iter().chain(of_users)
    });
    passwords.filter_map(|(field, password)| match password {
        Some(Password::File(path)) => Some((field, path.as_path())),
        _ => None,
    })
}

/// The password on the first line of a file, or why there is none and what helps.
fn first_line(path: &Path) -> Result<SecretText, (String, &'static str)> {
    let unreadable = "a relative path begins at the folder of the spec file";
    let text =
        std::fs::read_to_string(path).map_err(|error| (format!("cannot be read: {error}"), unreadable))?;
    let first = text.lines().next().map(str::trim_end).filter(|line| !line.is_empty());
    first
        .map(SecretText::new)
        .ok_or_else(|| ("has no password".to_owned(), "put the password on its first line"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_holds_the_password_on_its_first_line() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("first"), "secret \nand more\n").expect("a file");
        std::fs::write(folder.path().join("empty"), "\nsecret\n").expect("a file");
        let yaml = "
            kind: standalone
            auth:
              password: {file: first}
              replica_password: {file: none}
              users:
                - {name: a, password: text, rules: ['+@read']}
                - {name: b, password: {file: empty}, rules: ['+@read']}
        ";
        let spec: Spec = serde_yaml::from_str(yaml).expect("a spec");
        let (files, problems) = PasswordFiles::read(&spec, folder.path());
        assert_eq!(files.password(Path::new("first")).expose(), "secret");
        let problems: Vec<String> =
            problems.iter().map(|problem| format!("{}: {}", problem.path, problem.message)).collect();
        let [none, empty] = &problems[..] else { panic!("{problems:?}") };
        assert!(none.starts_with("auth.replica_password.file: the password file `none` cannot be read: "));
        assert_eq!(empty, "auth.users.1.password.file: the password file `empty` has no password");
    }
}
