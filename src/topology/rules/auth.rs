//! Rules of `auth`: passwords and users.

use crate::spec::{AuthSpec, Problem, Spec, SpecKind};

/// Replicas take a password of their own only where the primary has one.
pub(super) fn replica_password_has_its_counterpart(spec: &Spec) -> Option<Problem> {
    let auth = spec.auth.as_ref()?;
    let is_alone = auth.replica_password.is_some() && auth.password.is_none();
    // For other kinds it is the wrong field altogether.
    let fits = spec.kind == SpecKind::Replication;
    let message = "`auth.replica_password` is set, but `auth.password` is not";
    let problem = Problem::new(&["auth", "replica_password"], message);
    (is_alone && fits).then(|| problem.hint("set `auth.password` for the primary"))
}

/// Names of users are the user's to choose, and their rules hold no passwords.
pub(super) fn users_are_sane(auth: Option<&AuthSpec>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let users = auth.and_then(|auth| auth.users.as_deref()).unwrap_or_default();
    for (position, user) in users.iter().enumerate() {
        let at = ["auth", "users", &position.to_string(), "name"].map(str::to_owned);
        let name = &user.name;
        if name == "default" {
            problems.push(
                Problem::new(&at, "`default` is the user that `auth.password` belongs to")
                    .hint("choose another name"),
            );
        } else if name == crate::topology::credentials::OPERATOR {
            problems.push(
                Problem::new(&at, format!("`{name}` is the user as which redisctl connects"))
                    .hint("choose another name"),
            );
        } else if name.is_empty()
            || name.contains(|character: char| character.is_whitespace() || character == '\0')
        {
            problems.push(Problem::new(&at, "a user's name must not be empty or have spaces in it"));
        } else if users[..position].iter().any(|other| other.name == *name) {
            problems.push(Problem::new(&at, format!("there are two users of the name `{name}`")));
        }
        for (rule_position, rule) in user.rules.iter().enumerate() {
            if let Some(message) = rule_problem(rule) {
                let at = ["auth", "users", &position.to_string(), "rules", &rule_position.to_string()]
                    .map(str::to_owned);
                let hint = "rules are such as `~key:*`, `&channel`, `+get` and `+@read`";
                problems.push(Problem::new(&at, message).hint(hint));
            }
        }
    }
    problems
}

/// What is wrong with one ACL rule. Passwords have a field of their own, because rules are printed.
fn rule_problem(rule: &str) -> Option<String> {
    match rule.chars().next() {
        Some('>' | '<' | '#' | '!') => {
            Some("a password does not belong in a rule: set the user's `password`".to_owned())
        }
        Some('~' | '%' | '&' | '+' | '-' | '(') => {
            let broken = rule.contains(['\n', '\r', '\0'])
                || (rule.contains(char::is_whitespace) && !rule.starts_with('('));
            broken.then(|| format!("`{rule}` is more than one rule: write each as an entry of its own"))
        }
        _ if [
            "allkeys",
            "resetkeys",
            "allchannels",
            "resetchannels",
            "allcommands",
            "nocommands",
            "on",
            "off",
            "clearselectors",
        ]
        .contains(&rule) =>
        {
            None
        }
        _ => Some(format!("`{rule}` is not an ACL rule")),
    }
}
