//! Checks of a deployment with passwords: which passwords the servers accept, and which users they have.

use crate::counted::counted;
use crate::spec::SecretText;
use crate::topology::users::DEFAULT;
use crate::topology::{Node, User};

use super::context::{CheckContext, guest};
use super::{Check, CheckCommand, Expectation, Request, acl_agreement, users};

const NO_PASSWORD: (&str, &str) = ("no-password", "a client that has not logged in is refused");
const WRONG_PASSWORD: (&str, &str) = ("wrong-password", "a wrong password is refused");
const DEFAULT_OFF: (&str, &str) = ("default-off", "the default user is switched off");
const RIGHT_PASSWORD: (&str, &str) = ("right-password", "the right password is accepted");

/// The checks of passwords alone. They need no keys.
pub(super) fn of_passwords(context: &CheckContext<'_>) -> Vec<Check> {
    let Some(auth) = &context.topology.auth else { return Vec::new() };
    let (nodes, servers) = (context.topology.nodes(), context.topology.servers());
    let mut checks = Vec::new();
    if auth.default_password || auth.default_rules.is_none() {
        checks.extend(nodes.iter().map(|node| no_password(node)));
    }
    if auth.default_password {
        // Sentinels before Redis 6.2 have one password and no users.
        let users = if context.topology.has_sentinel_users() { &nodes } else { &servers };
        checks.extend(users.iter().map(|node| wrong_password(context, node)));
        checks.extend(users.iter().map(|node| right_password(context, node)));
    }
    if auth.default_rules.is_none() {
        checks.extend(servers.iter().map(|node| default_off(context, node)));
    }
    checks
}

pub(super) fn checks(context: &CheckContext<'_>) -> Vec<Check> {
    let Some(auth) = &context.topology.auth else { return Vec::new() };
    let servers = context.topology.servers();
    let mut checks = of_passwords(context);
    let mut to_be_tried = auth.users.clone();
    if let Some(rules) = auth.default_rules.as_ref().filter(|_| !auth.default_does_everything()) {
        to_be_tried.insert(0, User { name: DEFAULT.to_owned(), rules: rules.clone() });
    }
    for user in &to_be_tried {
        checks.extend(servers.iter().flat_map(|node| users::checks(context, user, node)));
    }
    if context.topology.has_sentinel_users() {
        let at_sentinels = |user| {
            let discovers = move |node| users::discovers(context, user, node);
            context.topology.sentinels.iter().filter_map(discovers)
        };
        checks.extend(auth.users.iter().flat_map(at_sentinels));
    }
    // The users of sentinels have rules of their own.
    checks.push(acl_agreement::check(context, &servers));
    checks
}

fn no_password(node: &Node) -> Check {
    let request = Request::send(guest(node), CheckCommand::new(["PING"]), Expectation::Error("NOAUTH"));
    Check::asked(NO_PASSWORD, Some(&node.name), vec![request], "PING without a log-in got NOAUTH")
}

/// The default user is off: the server refuses a random password and the passwords of all other users.
fn default_off(context: &CheckContext<'_>, node: &Node) -> Check {
    let users = context.credentials.users.values().cloned();
    let passwords = std::iter::once(SecretText::new(format!("{}:wrong", context.unique))).chain(users);
    let refused = |password| {
        Request::send(guest(node), CheckCommand::log_in(DEFAULT, password), Expectation::Error("WRONGPASS"))
    };
    let requests: Vec<Request> = passwords.map(refused).collect();
    let found = format!("the default user got WRONGPASS for {}", counted(requests.len(), "password"));
    Check::asked(DEFAULT_OFF, Some(&node.name), requests, found)
}

fn wrong_password(context: &CheckContext<'_>, node: &Node) -> Check {
    let refused = |password| {
        Request::send(guest(node), CheckCommand::log_in(DEFAULT, password), Expectation::Error("WRONGPASS"))
    };
    // No real password begins with the prefix of this run.
    let mut requests = vec![refused(SecretText::new(format!("{}:wrong", context.unique)))];
    let mut found = "a wrong password got WRONGPASS";
    let own = context.credentials.default_on(context.topology.starts_as_primary(&node.name));
    let others = context.credentials.default_on(!context.topology.starts_as_primary(&node.name));
    if let Some(others) = others.filter(|others| own != Some(*others)) {
        requests.push(refused(others.clone()));
        found = "a wrong password got WRONGPASS, and so did the other role's";
    }
    Check::asked(WRONG_PASSWORD, Some(&node.name), requests, found)
}

fn right_password(context: &CheckContext<'_>, node: &Node) -> Check {
    let password = context.credentials.default_on(context.topology.starts_as_primary(&node.name));
    let Some(password) = password else {
        let unknown = Err("the default user's password is not known".to_owned());
        return Check::judged(RIGHT_PASSWORD, Some(&node.name), unknown, Vec::new());
    };
    let requests = vec![
        Request::send(
            guest(node),
            CheckCommand::log_in(DEFAULT, password.clone()),
            Expectation::Status("OK"),
        ),
        // The rules of the user may forbid PING. NOAUTH would show that the log-in failed.
        Request::send(guest(node), CheckCommand::new(["PING"]), Expectation::LoggedIn),
    ];
    Check::asked(RIGHT_PASSWORD, Some(&node.name), requests, "the default user logged in")
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SECURE, TestDeployment};

    #[test]
    fn passwords_are_tried_wrong_right_and_not_at_all() {
        let deployment = TestDeployment::healthy(SECURE);
        assert_eq!(deployment.requests("no-password", Some(1)), ["shop-1 PING -> Error(\"NOAUTH\")"]);
        let wrong = deployment.requests("wrong-password", Some(2));
        assert_eq!(wrong, ["shop-2 AUTH default *** -> Error(\"WRONGPASS\")"; 2]);
        let right = deployment.requests("right-password", Some(2));
        assert_eq!(right[0], "shop-2 AUTH default *** -> Status(\"OK\")");
        assert!(TestDeployment::healthy("kind: standalone\n").find("no-password", Some(1)).is_none());
        let users_only =
            TestDeployment::healthy("kind: standalone\nauth: {users: [{name: a, rules: ['+@all', '~*']}]}\n");
        assert!(users_only.find("no-password", Some(1)).is_none());
        assert!(users_only.find("user-allows", Some(1)).is_some());
    }

    #[test]
    fn a_default_user_that_is_off_or_limited_is_tried() {
        let off = TestDeployment::healthy(
            "kind: standalone\nauth: {default: off, users: [{name: a, rules: ['+get']}]}\n",
        );
        assert_eq!(off.requests("no-password", Some(1)), ["shop-1 PING -> Error(\"NOAUTH\")"]);
        assert_eq!(
            off.requests("default-off", Some(1)),
            ["shop-1 AUTH default *** -> Error(\"WRONGPASS\")"; 2]
        );
        assert!(off.find("right-password", Some(1)).is_none());
        let rules = "users: [{name: default, rules: ['~*', '+get']}]";
        let limited = TestDeployment::healthy(&format!("kind: standalone\nauth: {{password: p, {rules}}}\n"));
        let denied = limited.requests("user-denies", Some(1));
        assert!(
            denied.iter().any(|request| request.contains("SET ") && request.contains("NOPERM")),
            "{denied:?}"
        );
    }
}
