//! The sources of passwords: the spec, a file, the existing deployment, or random characters.

use rand::RngExt as _;
use rand::distr::Alphanumeric;

use super::password_files::PasswordFiles;
use crate::spec::{Password, SecretText, Spec, UserSpec};
use crate::topology::{Credentials, Topology};

/// The length of a generated password: 32 characters of 62 have 190 bits.
const GENERATED_LENGTH: usize = 32;

/// All passwords of a spec's deployment. Generated passwords in `stored` are kept.
pub(super) fn passwords(
    spec: &Spec,
    topology: &Topology,
    files: &PasswordFiles,
    stored: Option<&Credentials>,
) -> Credentials {
    let Some(auth) = &spec.auth else { return Credentials::default() };
    let optional = |password: Option<&Password>, kept: Option<&SecretText>| {
        password.map(|password| resolve(password, files, kept))
    };
    let mut credentials = Credentials {
        operator: Some(stored.and_then(|stored| stored.operator.clone()).unwrap_or_else(generate)),
        replication: Some(stored.and_then(|stored| stored.replication.clone()).unwrap_or_else(generate)),
        default: optional(auth.password.as_ref(), stored.and_then(|stored| stored.default.as_ref())),
        replica: optional(auth.replica_password.as_ref(), stored.and_then(|stored| stored.replica.as_ref())),
        ..Credentials::default()
    };
    let with_password = |user: &&UserSpec| {
        let users = topology.auth.iter().flat_map(|auth| &auth.users);
        users.into_iter().any(|resolved| resolved.name == user.name && resolved.needs_password())
    };
    for user in auth.users.iter().flatten().filter(with_password) {
        let kept = stored.and_then(|stored| stored.users.get(&user.name));
        let password = resolve(user.password.as_ref().unwrap_or(&Password::Generate), files, kept);
        credentials.users.insert(user.name.clone(), password);
    }
    credentials
}

fn resolve(password: &Password, files: &PasswordFiles, kept: Option<&SecretText>) -> SecretText {
    match password {
        Password::Literal(text) => text.clone(),
        Password::Generate => kept.cloned().unwrap_or_else(generate),
        Password::File(path) => files.password(path).clone(),
    }
}

fn generate() -> SecretText {
    let characters = rand::rng().sample_iter(Alphanumeric).take(GENERATED_LENGTH).map(char::from);
    SecretText::new(characters.collect::<String>())
}
