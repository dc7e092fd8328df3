//! Whether every node has exactly the users of the spec, with their rules and passwords.
//!
//! The check reads each server's own ACL LIST. If the server has ACL DRYRUN, the check also asks which commands a
//! user may run. It shares no comparison with the planner.

use std::collections::BTreeMap;

use crate::counted::counted;
use crate::report::Exchange;
use crate::topology::acl::{Rule, words};
use crate::topology::files::password_hash;
use crate::topology::users::{ServerUser, users as users_of};
use crate::topology::{Node, Server};

use super::context::CheckContext;
use super::users::{ServerCommands, dry_runs, permit_the_same};
use super::{Check, CheckConnection, Judgement, Request};

const ACL_AGREEMENT: (&str, &str) =
    ("acl-agreement", "every node has the users of the spec, with their rules");

/// A user in a server's ACL LIST.
struct ListedUser {
    rules: Vec<String>,
    /// Hashes of its passwords, each with `#` before it.
    hashes: Vec<String>,
}

/// The rules of a user that do not concern commands, keys or channels.
#[derive(PartialEq, Eq)]
struct UserFlags {
    is_on: bool,
    sanitizes: bool,
    /// `nopass`. It has no effect for a user that is off.
    any_password: bool,
}

pub(super) fn check(context: &CheckContext<'_>, nodes: &[&Node]) -> Check {
    let transcript = access_lists(context, nodes);
    let judgement = judge_access_lists(context, nodes);
    match judgement {
        Ok(found) if context.topology.every_server(Server::has_dry_runs) => {
            let requests = nodes.iter().flat_map(|node| dry_runs_at(context, node)).collect();
            Check::asked(ACL_AGREEMENT, None, requests, found).resting_on(transcript)
        }
        judgement => Check::judged(ACL_AGREEMENT, None, judgement, transcript),
    }
}

/// Each node's reply to ACL LIST, with covered password hashes.
fn access_lists(context: &CheckContext<'_>, nodes: &[&Node]) -> Vec<Exchange> {
    let mut transcript = context.transcript(nodes.iter().copied(), "ACL LIST", &[]);
    for exchange in &mut transcript {
        let words = exchange.reply.split(' ').map(|word| if word.starts_with('#') { "#***" } else { word });
        exchange.reply = words.collect::<Vec<_>>().join(" ");
    }
    transcript
}

fn judge_access_lists(context: &CheckContext<'_>, nodes: &[&Node]) -> Judgement {
    let wanted = users_of(context.topology);
    // Most nodes report the same rules: they are compared once.
    let mut compared: BTreeMap<(String, Vec<String>), bool> = BTreeMap::new();
    for node in nodes {
        let name = &node.name;
        let listed = listed_users(context, node)?;
        for user in &wanted {
            let found =
                listed.get(&user.name).ok_or_else(|| format!("{name} has no user `{}`", user.name))?;
            let key = (user.name.clone(), found.rules.clone());
            let same =
                *compared.entry(key).or_insert_with(|| has_its_rules(context, node, user, &found.rules));
            if !same {
                return Err(format!("{name} has other rules for user `{}` than the spec", user.name));
            }
            if found.hashes != wanted_hashes(context, node, user) {
                return Err(format!("{name} has another password for user `{}`", user.name));
            }
        }
        if let Some(other) = listed.keys().find(|one| wanted.iter().all(|user| user.name != **one)) {
            return Err(format!("{name} has a user `{other}`, which the spec does not have"));
        }
    }
    Ok(format!("{} on {}", counted(wanted.len(), "user"), counted(nodes.len(), "node")))
}

fn listed_users(context: &CheckContext<'_>, node: &Node) -> Result<BTreeMap<String, ListedUser>, String> {
    let name = &node.name;
    let statement = context.said(name).map_err(|silence| format!("{name} {silence}"))?;
    let reply = statement.replies.get("ACL LIST");
    let lines = reply.ok_or_else(|| format!("{name} was not asked for its users"))?.items();
    let user = |line: &str| {
        let mut words = words(line).into_iter();
        let (Some("user"), Some(name)) = (words.next().as_deref(), words.next()) else { return None };
        let (hashes, rules) = words.partition(|word| word.starts_with('#'));
        Some((name, ListedUser { rules, hashes }))
    };
    let users = lines.iter().map(|line| line.as_text().and_then(user));
    users.collect::<Option<_>>().ok_or_else(|| format!("{name} lists a line without a user"))
}

/// The hashes that a user's line in ACL LIST must have.
fn wanted_hashes(context: &CheckContext<'_>, node: &Node, user: &ServerUser) -> Vec<String> {
    let starts_as_primary = context.topology.starts_as_primary(&node.name);
    let password = context.credentials.password(&user.name, starts_as_primary).filter(|_| user.has_password);
    password.map(|password| format!("#{}", password_hash(password))).into_iter().collect()
}

fn has_its_rules(context: &CheckContext<'_>, node: &Node, user: &ServerUser, found: &[String]) -> bool {
    let (Some(wanted), Some(listed)) = (parsed(&user.rules), parsed(found)) else {
        // A rule that redisctl cannot parse is compared as text.
        return user.rules == found;
    };
    let server = context.topology.server_of(node);
    flags(&wanted) == flags(&listed)
        && permit_the_same(&wanted, &listed, &server_commands(context, node), server)
}

fn dry_runs_at(context: &CheckContext<'_>, node: &Node) -> Vec<Request> {
    let connection = CheckConnection::Shared(node.name.clone());
    let commands = server_commands(context, node);
    let of_user = |user: ServerUser| {
        let rules = parsed(&user.rules).unwrap_or_default();
        let filler = format!("{}:{}", context.unique, user.name);
        dry_runs(&connection, (&user.name, &rules), &commands, context.topology.server_of(node), &filler)
    };
    users_of(context.topology).into_iter().flat_map(of_user).collect()
}

fn server_commands<'a>(context: &CheckContext<'a>, node: &Node) -> ServerCommands<'a> {
    let access = context.said(&node.name).ok().and_then(|statement| statement.view.access.as_ref());
    access.map(|access| ServerCommands::by_category(&access.categories)).unwrap_or_default()
}

fn parsed(rules: &[String]) -> Option<Vec<Rule>> {
    rules.iter().map(|rule| Rule::parse(rule).ok()).collect()
}

fn flags(rules: &[Rule]) -> UserFlags {
    let mut flags = UserFlags { is_on: false, sanitizes: true, any_password: false };
    for rule in rules {
        match rule {
            Rule::Enabled(is_on) => flags.is_on = *is_on,
            Rule::Sanitize(sanitizes) => flags.sanitizes = *sanitizes,
            Rule::NoPassword => flags.any_password = true,
            _ => {}
        }
    }
    flags.any_password &= flags.is_on;
    flags
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SECURE, TestDeployment};
    use crate::observation::ObservedUser;
    use crate::verify::{CheckMethod, ProbeReply};

    fn failed(deployment: &TestDeployment) -> String {
        deployment.judged("acl-agreement", None).expect_err("a failure")
    }

    /// The problems after a change of the second node's ACL LIST.
    fn spoilt(change: impl Fn(&mut Vec<String>)) -> String {
        let mut deployment = TestDeployment::healthy(SECURE);
        let replies = &mut deployment.statement(2).replies;
        let mut lines: Vec<String> =
            replies["ACL LIST"].items().iter().filter_map(|line| line.as_text().map(str::to_owned)).collect();
        change(&mut lines);
        replies.insert("ACL LIST", ProbeReply::Array(lines.into_iter().map(ProbeReply::Text).collect()));
        failed(&deployment)
    }

    fn of_user(lines: &mut [String], user: &str, change: impl Fn(&str) -> String) {
        let line = lines.iter_mut().find(|line| line.starts_with(&format!("user {user} "))).expect("a user");
        *line = change(line);
    }

    #[test]
    fn every_node_must_have_the_users_of_the_spec_alone() {
        let check = TestDeployment::healthy(SECURE).find("acl-agreement", None).expect("the check");
        let CheckMethod::Asked { found, .. } = check.method else { panic!("it asks") };
        assert_eq!(found, "7 users on 2 nodes");

        for (change, wanted) in [
            (" -@all", "shop-2 has other rules for user `regular` than the spec"),
            (" ~more +set", "shop-2 has other rules for user `regular` than the spec"),
            (" off", "shop-2 has other rules for user `regular` than the spec"),
            (" #0123", "shop-2 has another password for user `regular`"),
        ] {
            let said = spoilt(|lines| of_user(lines, "regular", |line| format!("{line}{change}")));
            assert_eq!(said, wanted);
        }
        let said = spoilt(|lines| of_user(lines, "app", |line| line.replace("%R~shared:*", "~shared:*")));
        assert_eq!(said, "shop-2 has other rules for user `app` than the spec");
        let said = spoilt(|lines| of_user(lines, "redisctl", |line| line.replace('#', "#0")));
        assert_eq!(said, "shop-2 has another password for user `redisctl`");
        let said = spoilt(|lines| lines.retain(|line| !line.starts_with("user regular ")));
        assert_eq!(said, "shop-2 has no user `regular`");
        let said = spoilt(|lines| lines.push("user x off -@all".to_owned()));
        assert_eq!(said, "shop-2 has a user `x`, which the spec does not have");
        assert_eq!(spoilt(|lines| lines.push("x".to_owned())), "shop-2 lists a line without a user");
    }

    #[test]
    fn what_the_planner_reads_wrongly_is_found() {
        // The view that planner and verification share reports no problem here.
        let said = spoilt(|lines| of_user(lines, "regular", |line| format!("{line} +@all")));
        assert_eq!(said, "shop-2 has other rules for user `regular` than the spec");
        // Here it reports problems everywhere.
        let mut deployment = TestDeployment::healthy(SECURE);
        deployment.statement(2).view.access.as_mut().expect("users").users =
            [("regular".to_owned(), ObservedUser::default())].into();
        let check = deployment.find("acl-agreement", None).expect("the check");
        assert!(matches!(check.method, CheckMethod::Asked { .. }), "{check:?}");
    }

    #[test]
    fn servers_are_asked_what_each_user_may_do() {
        let requests = TestDeployment::healthy(SECURE).requests("acl-agreement", None);
        for wanted in [
            "shop-2 ACL DRYRUN redisctl GET probe:redisctl -> Status(\"OK\")",
            "shop-1 ACL DRYRUN redisctl-replication GET probe:redisctl-replication -> Explanation",
            "shop-1 ACL DRYRUN redisctl-replication PING -> Status(\"OK\")",
            "shop-1 ACL DRYRUN regular GET probe:regular -> Status(\"OK\")",
            "shop-2 ACL DRYRUN regular SET probe:regular theirs PX 15000 -> Explanation",
        ] {
            assert!(requests.iter().any(|request| request == wanted), "{wanted} in {requests:#?}");
        }
        let old =
            TestDeployment::healthy(&format!("image: redis:6.2\n{}", SECURE.replace(", '%R~shared:*'", "")));
        assert_eq!(old.judged("acl-agreement", None), Ok("7 users on 2 nodes".to_owned()));
    }

    #[test]
    fn no_transcript_shows_a_hash() {
        let check = TestDeployment::healthy(SECURE).find("acl-agreement", None).expect("the check");
        let CheckMethod::Asked { transcript, .. } = check.method else { panic!("it asks") };
        assert!(transcript[0].reply.contains("user default #*** on "), "{}", transcript[0].reply);
        let is_hash = |word: &str| word.starts_with('#') && word != "#***";
        assert!(transcript.iter().all(|exchange| !exchange.reply.split(' ').any(is_hash)));
    }
}
