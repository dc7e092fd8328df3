//! Checks of a deployment with passwords: who gets in, and whether all nodes know the same users.

use crate::spec::SecretText;
use crate::topology::credentials::OPERATOR;
use crate::topology::{Auth, Node};

use super::scene::{Scene, count};
use super::{Check, Command, Expectation, Reply, Session, Step, Verdict, users};

const NO_PASSWORD: (&str, &str) = ("no-password", "who has not logged in is refused");
const WRONG_PASSWORD: (&str, &str) = ("wrong-password", "a wrong password is refused");
const RIGHT_PASSWORD: (&str, &str) = ("right-password", "the right password lets in");
const ACL_AGREEMENT: (&str, &str) = ("acl-agreement", "every node has the same users with the same rules");

pub(super) fn checks(scene: &Scene<'_>) -> Vec<Check> {
    let Some(auth) = &scene.topology.auth else { return Vec::new() };
    let (nodes, servers) = (scene.topology.nodes(), scene.topology.servers());
    let mut checks = Vec::new();
    if auth.default_password {
        checks.extend(nodes.iter().map(|node| no_password(node)));
        // Old sentinels have a password, but no users to log in as.
        let users = if scene.topology.server.has_sentinel_users() { &nodes } else { &servers };
        checks.extend(users.iter().map(|node| wrong_password(scene, node)));
        checks.extend(users.iter().map(|node| right_password(scene, node)));
    }
    for user in &auth.users {
        checks.extend(servers.iter().flat_map(|node| users::checks(scene, user, node)));
    }
    // Sentinels know no users but the default one and redisctl's.
    let transcript = access_lists(scene, &servers);
    checks.push(Check::judged(ACL_AGREEMENT, None, judge_access_lists(scene, auth, &servers), transcript));
    checks
}

pub(super) fn guest(node: &Node) -> Session {
    Session::Guest(node.name.clone())
}

fn no_password(node: &Node) -> Check {
    let step = Step::send(guest(node), Command::new(["PING"]), Expectation::Error("NOAUTH"));
    Check::asked(NO_PASSWORD, Some(&node.name), vec![step], "PING without a log-in got NOAUTH")
}

fn wrong_password(scene: &Scene<'_>, node: &Node) -> Check {
    let refused = |password| {
        Step::send(guest(node), Command::log_in("default", password), Expectation::Error("WRONGPASS"))
    };
    // Every password is random or a person's own: none begins with this run's prefix by chance.
    let mut steps = vec![refused(SecretText::new(format!("{}:wrong", scene.unique)))];
    let mut found = "a wrong password got WRONGPASS";
    let own = scene.credentials.default_on(scene.topology.starts_as_primary(&node.name));
    let others = scene.credentials.default_on(!scene.topology.starts_as_primary(&node.name));
    if let Some(others) = others.filter(|others| own != Some(*others)) {
        steps.push(refused(others.clone()));
        found = "a wrong password got WRONGPASS, and so did the other role's";
    }
    Check::asked(WRONG_PASSWORD, Some(&node.name), steps, found)
}

fn right_password(scene: &Scene<'_>, node: &Node) -> Check {
    let password = scene.credentials.default_on(scene.topology.starts_as_primary(&node.name));
    let Some(password) = password else {
        let unknown = Err("the default user's password is not known".to_owned());
        return Check::judged(RIGHT_PASSWORD, Some(&node.name), unknown, Vec::new());
    };
    let steps = vec![
        Step::send(guest(node), Command::log_in("default", password.clone()), Expectation::Status("OK")),
        Step::send(guest(node), Command::new(["PING"]), Expectation::Status("PONG")),
    ];
    Check::asked(RIGHT_PASSWORD, Some(&node.name), steps, "the default user logged in")
}

/// What each node answers to ACL LIST, password hashes masked.
fn access_lists(scene: &Scene<'_>, nodes: &[&Node]) -> Vec<crate::report::Exchange> {
    let mut transcript = scene.transcript(nodes.iter().copied(), "ACL LIST", &[]);
    for exchange in &mut transcript {
        let words = exchange.reply.split(' ').map(|word| if word.starts_with('#') { "#***" } else { word });
        exchange.reply = words.collect::<Vec<_>>().join(" ");
    }
    transcript
}

/// A node's users and their rules, sorted. The default user's password is left out where it is
/// not the same everywhere.
fn users_of(reply: &Reply, auth: &Auth) -> Vec<String> {
    let line = |line: &str| {
        let differs = auth.replica_password && line.starts_with("user default ");
        let words = line.split(' ').filter(|word| !(differs && word.starts_with('#')));
        words.collect::<Vec<_>>().join(" ")
    };
    let mut users: Vec<String> = reply.items().iter().filter_map(Reply::as_text).map(line).collect();
    users.sort();
    users
}

fn judge_access_lists(scene: &Scene<'_>, auth: &Auth, nodes: &[&Node]) -> Verdict {
    let mut first: Option<(&Node, Vec<String>)> = None;
    for node in nodes {
        let name = &node.name;
        let statement = scene.said(name).map_err(|silence| format!("{name} {silence}"))?;
        let reply = statement.replies.get("ACL LIST");
        let users = match reply {
            Some(reply @ Reply::Array(_)) => users_of(reply, auth),
            Some(other) => return Err(format!("{name} answered ACL LIST with {other}")),
            None => return Err(format!("{name} was not asked for its users")),
        };
        let mut wanted = vec!["default", OPERATOR];
        wanted.extend(auth.users.iter().map(|user| user.name.as_str()));
        let missing =
            wanted.iter().find(|user| !users.iter().any(|line| line.split(' ').nth(1) == Some(**user)));
        if let Some(user) = missing {
            return Err(format!("{name} has no user `{user}`"));
        }
        match &first {
            None => first = Some((node, users)),
            Some((_, same)) if *same == users => {}
            Some((other, _)) => return Err(format!("{name} has other users or rules than {}", other.name)),
        }
    }
    let users = first.map_or(0, |(_, users)| users.len());
    Ok(format!("{} on {}", count(users, "user"), count(nodes.len(), "node")))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Deployment, SECURE};
    use crate::verify::{Reply, Trial};

    #[test]
    fn passwords_are_tried_wrong_right_and_not_at_all() {
        let deployment = Deployment::of(SECURE);
        assert_eq!(deployment.steps("no-password", Some(1)), ["shop-1 PING -> Error(\"NOAUTH\")"]);
        let wrong = deployment.steps("wrong-password", Some(2));
        assert_eq!(wrong, ["shop-2 AUTH default *** -> Error(\"WRONGPASS\")"; 2]);
        let right = deployment.steps("right-password", Some(2));
        assert_eq!(right[0], "shop-2 AUTH default *** -> Status(\"OK\")");
        assert!(Deployment::of("kind: standalone\n").find("no-password", Some(1)).is_none());
        let users_only =
            Deployment::of("kind: standalone\nauth: {users: [{name: a, rules: ['+@all', '~*']}]}\n");
        assert!(users_only.find("no-password", Some(1)).is_none());
        assert!(users_only.find("user-allows", Some(1)).is_some());
    }

    #[test]
    fn access_lists_must_be_the_same_but_for_the_replicas_password() {
        let agreed = Deployment::of(SECURE).judged("acl-agreement", None);
        assert_eq!(agreed, Ok("6 users on 2 nodes".to_owned()));

        let spoilt = |change: fn(&mut Vec<Reply>), yaml: &str| {
            let mut deployment = Deployment::of(yaml);
            let Some(Reply::Array(users)) = deployment.statement(2).replies.get_mut("ACL LIST") else {
                panic!("an access list")
            };
            change(users);
            deployment.judged("acl-agreement", None).expect_err("a failure")
        };
        let other_hash: fn(&mut Vec<Reply>) =
            |users| users[0] = Reply::Text("user default on #eee ~* &* +@all".to_owned());
        let common = SECURE.replace("  replica_password: replica\n", "");
        assert_eq!(spoilt(other_hash, &common), "shop-2 has other users or rules than shop-1");
        let fewer_rules: fn(&mut Vec<Reply>) =
            |users| users[3] = Reply::Text("user regular on #ddd ~* +@all".to_owned());
        assert_eq!(spoilt(fewer_rules, SECURE), "shop-2 has other users or rules than shop-1");
        assert_eq!(spoilt(|users| drop(users.remove(3)), SECURE), "shop-2 has no user `regular`");
    }

    #[test]
    fn no_transcript_shows_a_hash() {
        let check = Deployment::of(SECURE).find("acl-agreement", None).expect("the check");
        let Trial::Judged { transcript, .. } = check.trial else { panic!("it is judged") };
        assert!(transcript[0].reply.contains("user default on #*** "), "{}", transcript[0].reply);
        assert!(transcript.iter().all(|exchange| !exchange.reply.contains("#aaa")));
    }
}
