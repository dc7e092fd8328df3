//! Rules of `auth`: passwords and users.

use crate::spec::{AuthSpec, Problem, Spec, SpecKind, SpecPath, Switch, UserSpec};
use crate::topology::Server;
use crate::topology::acl::{Rule, commands};
use crate::topology::users::{DEFAULT, is_own};

/// A password for replicas needs a password for the primary.
pub(super) fn replica_password_has_its_counterpart(spec: &Spec) -> Option<Problem> {
    let auth = spec.auth.as_ref()?;
    let is_alone = auth.replica_password.is_some() && auth.password.is_none();
    // Another rule refuses the field for other kinds.
    let fits = spec.kind == SpecKind::Replication;
    let message = "`auth.replica_password` is set, but `auth.password` is not";
    let problem = Problem::new(&["auth", "replica_password"], message);
    (is_alone && fits).then(|| problem.hint("set `auth.password` for the primary"))
}

/// Users have valid names, and rules without passwords.
pub(super) fn users_are_sane(auth: Option<&AuthSpec>) -> Vec<Problem> {
    let Some(auth) = auth else { return Vec::new() };
    let mut problems = Vec::new();
    let switched_off = auth.default == Some(Switch::Off);
    if switched_off && auth.password.is_some() {
        let message = "`auth.password` is the default user's, which is switched off";
        problems.push(
            Problem::new(&["auth", "password"], message).hint("remove it, or remove `auth.default: off`"),
        );
    }
    let users = auth.users.as_deref().unwrap_or_default();
    for (position, user) in users.iter().enumerate() {
        let at = SpecPath::new(&["auth", "users", &position.to_string()]);
        let problem = |field: &str, message: String| Problem { path: at.join(field), message, hint: None };
        let name = &user.name;
        if name == DEFAULT && switched_off {
            let message = "the rules of `default` have no effect: `auth.default` is `off`".to_owned();
            problems.push(problem("name", message));
        } else if is_own(name) {
            let message = format!("`{name}` is the name of redisctl's own user");
            problems.push(problem("name", message).hint("choose another name"));
        } else if name.is_empty()
            || name.contains(|character: char| character.is_whitespace() || character == '\0')
        {
            let message = "a user's name must not be empty or have spaces in it".to_owned();
            problems.push(problem("name", message));
        } else if users[..position].iter().any(|other| other.name == *name) {
            problems.push(problem("name", format!("two users have the name `{name}`")));
        }
        if name == DEFAULT && user.password.is_some() {
            let message = "the default user's password is `auth.password`".to_owned();
            problems.push(problem("password", message).hint("set it there"));
        }
        problems.extend(rules_are_rules(user, &at));
    }
    problems
}

/// Problems of single rules, and of rules that contradict each other.
fn rules_are_rules(user: &UserSpec, at: &SpecPath) -> Vec<Problem> {
    const HINT: &str = "rules look like `~key:*`, `&channel`, `+get` and `+@read`";
    let mut problems = Vec::new();
    let (mut all_keys, mut all_channels) = (false, false);
    for (position, text) in user.rules.iter().enumerate() {
        let path = at.join("rules").join(position.to_string());
        let mut problem = |message: String, hint: &str| {
            problems.push(Problem { path: path.clone(), message, hint: Some(hint.to_owned()) });
        };
        match Rule::parse(text) {
            _ if text.starts_with(['>', '<', '#', '!']) => {
                let message = "a password does not belong in a rule: set the user's `password`".to_owned();
                problem(message, HINT);
            }
            _ if text.eq_ignore_ascii_case("resetpass") || text.eq_ignore_ascii_case("reset") => {
                let hint = "every user begins without rules; with `off` no client can log in as the user, with \
                            `nopass` every client can";
                problem(format!("`{text}` has no effect in a rule"), hint);
            }
            Err(message) => {
                let hint = meant(text).map(|meant| format!("did you mean `{meant}`?"));
                problem(message, hint.as_deref().unwrap_or(HINT));
            }
            Ok(Rule::NoPassword) if user.password.is_some() => {
                problem(
                    "`nopass` lets every client log in, so that `password` has no effect".to_owned(),
                    "remove one of them",
                );
            }
            Ok(Rule::NoPassword | Rule::Enabled(false)) if user.name == DEFAULT => {
                let hint = "leave `auth.password` out for no password; `auth.default: off` switches it off";
                problem(format!("`{text}` is not for the rules of `default`"), hint);
            }
            Ok(Rule::Keys { .. }) if all_keys => {
                problem(
                    format!("`{text}` adds nothing to `~*`: servers refuse it"),
                    "remove `~*`, or this rule",
                );
            }
            Ok(Rule::Channels(_)) if all_channels => {
                problem(
                    format!("`{text}` adds nothing to `&*`: servers refuse it"),
                    "remove `&*`, or this rule",
                );
            }
            Ok(Rule::Keys { pattern, read: true, write: true }) if pattern == "*" => all_keys = true,
            Ok(Rule::ResetKeys) => all_keys = false,
            Ok(Rule::Channels(pattern)) if pattern == "*" => all_channels = true,
            Ok(Rule::ResetChannels) => all_channels = false,
            Ok(_) => {}
        }
    }
    problems
}

/// The rule that a word without a sign probably means.
fn meant(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let word = lower.trim_start_matches('@');
    if commands::categories().contains(&word) {
        Some(format!("+@{word}"))
    } else {
        commands::commands().contains(&word).then(|| format!("+{word}"))
    }
}

/// Rules that this server refuses at its start.
pub(super) fn server_knows_the_rules(spec: &Spec, server: Server) -> Vec<Problem> {
    let users = spec.auth.iter().flat_map(|auth| auth.users.iter().flatten());
    let mut problems = Vec::new();
    for (number, user) in users.enumerate() {
        for (position, text) in user.rules.iter().enumerate() {
            let needs = Rule::parse(text).ok().and_then(|rule| rule.needs(server));
            if let Some(needed) = needs {
                let path =
                    ["auth", "users", &number.to_string(), "rules", &position.to_string()].map(str::to_owned);
                problems.push(Problem::new(
                    &path,
                    format!("`{text}` needs {needed}, and the image has {server}"),
                ));
            }
        }
    }
    problems
}
