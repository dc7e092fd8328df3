//! Checks of an ACL user: commands that its rules permit succeed, and all others get NOPERM.

use crate::counted::counted;
use crate::spec::SecretText;
use crate::topology::acl::Rule;
use crate::topology::slots::slot_of;
use crate::topology::users::DEFAULT;
use crate::topology::{Node, SlotSet, User};

use super::context::{CheckContext, guest};
use super::{Check, CheckCommand, CheckConnection, Expectation, Request};
use permissions::Permissions;
use probes::{AclProbe, AclProbes, ProbeChooser, ProbeTarget, ProbeTargets, SentOrDryRun, patterns};

mod comparison;
mod dry_runs;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod glob;
mod permissions;
mod probes;
mod sample_commands;

pub(super) use comparison::permit_the_same;
pub(super) use dry_runs::dry_runs;
pub(super) use permissions::ServerCommands;

use dry_runs::dry_run;

const USER_ALLOWS: (&str, &str) = ("user-allows", "a user can run the commands that its rules permit");
const USER_DENIES: (&str, &str) =
    ("user-denies", "the server refuses commands that the rules of a user do not permit");

/// Sample commands that work on strings, the type that `set` writes, or on every type.
const OF_STRINGS: [&str; 6] = ["set", "get", "del", "unlink", "expire", "strlen"];

const USER_DISCOVERS: (&str, &str) =
    ("user-discovers", "a user can ask the sentinel for the primary, and cannot change the sentinel");

/// The password of a user at a node, or the reason why there is none.
fn password_of(context: &CheckContext<'_>, user: &User, node: &Node) -> Result<SecretText, String> {
    match context.credentials.password(&user.name, context.topology.starts_as_primary(&node.name)) {
        Some(password) => Ok(password.clone()),
        // The user has `nopass`, or is the default user without a password: the server accepts any.
        None if !user.needs_password() || user.name == DEFAULT => Ok(SecretText::new("any")),
        None => Err(format!("the password of `{}` is not known", user.name)),
    }
}

/// Whether a user can ask a sentinel for the primary; no check for a user that is off.
pub(super) fn discovers(context: &CheckContext<'_>, user: &User, node: &Node) -> Option<Check> {
    if !user.is_on() {
        return None;
    }
    let password = match password_of(context, user, node) {
        Ok(password) => password,
        Err(unknown) => {
            return Some(Check::judged(USER_DISCOVERS, Some(&node.name), Err(unknown), Vec::new()));
        }
    };
    let send = |command, expectation| Request::send(guest(node), command, expectation);
    let primary = CheckCommand::new(["SENTINEL", "GET-MASTER-ADDR-BY-NAME", context.topology.name.as_str()]);
    let requests = vec![
        send(CheckCommand::log_in(&user.name, password), Expectation::Status("OK")),
        send(primary, Expectation::Granted),
        // A forbidden command that changes nothing, even if the sentinel runs it.
        send(CheckCommand::new(["SENTINEL", "PENDING-SCRIPTS"]), Expectation::Error("NOPERM")),
    ];
    let found = format!("`{}` got the primary, and NOPERM for another command", user.name);
    Some(Check::asked(USER_DISCOVERS, Some(&node.name), requests, found))
}

/// The commands that a user can run at a node, and the commands that it cannot run.
pub(super) fn checks(context: &CheckContext<'_>, user: &User, node: &Node) -> Vec<Check> {
    let password = match password_of(context, user, node) {
        Ok(password) => password,
        Err(unknown) => {
            return vec![Check::judged(USER_ALLOWS, Some(&node.name), Err(unknown), Vec::new())];
        }
    };
    let rules: Vec<(&str, Rule)> =
        user.rules.iter().filter_map(|text| Some((text.as_str(), Rule::parse(text).ok()?))).collect();
    let parsed: Vec<Rule> = rules.iter().map(|(_, rule)| rule.clone()).collect();
    let permissions = Permissions::from_rules(&parsed, context.topology.server_of(node));
    let log_in = |expectation| {
        Request::send(guest(node), CheckCommand::log_in(&user.name, password.clone()), expectation)
    };
    if !permissions.enabled {
        let requests = vec![log_in(Expectation::Error("WRONGPASS"))];
        let found = format!("`{}` is switched off, and may not log in", user.name);
        return vec![Check::asked(USER_DENIES, Some(&node.name), requests, found)];
    }
    let serves = ServedSlots::by(context, node);
    let targets = serves.targets(&parsed, &format!("{}:{}", context.unique, user.name));
    let access = context.said(&node.name).ok().and_then(|statement| statement.view.access.as_ref());
    let vocabulary = access.map(|access| ServerCommands::by_category(&access.categories)).unwrap_or_default();
    let chooser = ProbeChooser::new(vocabulary, &permissions, &targets, context.topology.server_of(node));
    let AclProbes { probes, unshown } = chooser.choose(&rules);
    let shared = CheckConnection::Shared(node.name.clone());
    let requests = |permitted| {
        let (sent, asked): (Vec<&AclProbe<'_>>, Vec<&AclProbe<'_>>) = probes
            .iter()
            .filter(|probe| probe.permitted == permitted)
            .partition(|probe| probe.method == SentOrDryRun::Sent);
        let (sent_count, asked_count) = (sent.len(), asked.len());
        let sent = sent.into_iter().map(|probe| serves.send(node, probe));
        let asked = asked.into_iter().map(|probe| dry_run(&shared, &user.name, probe));
        let log_in = log_in(Expectation::Status("OK"));
        (std::iter::once(log_in).chain(sent).chain(asked).collect::<Vec<_>>(), sent_count, asked_count)
    };
    let by_dry_run = |asked: usize| match asked {
        0 => String::new(),
        asked => format!(", {asked} more by dry run"),
    };
    let mut checks = Vec::new();
    let (allowed, sent, asked) = requests(true);
    let not_shown = if unshown.is_empty() {
        String::new()
    } else {
        let rules: Vec<String> = unshown.iter().map(|rule| format!("`{rule}`")).collect();
        format!("; no request shows {}", rules.join(", "))
    };
    let found = format!(
        "`{}` logged in, and {} went through{}{not_shown}",
        user.name,
        counted(sent, "command"),
        by_dry_run(asked)
    );
    let written = probes.iter().filter(|probe| {
        probe.method == SentOrDryRun::Sent && probe.permitted && probe.sample.takes_channel() == Some(false)
    });
    let mut keys: Vec<&str> =
        written.filter_map(|probe| probe.target).map(|target| target.text.as_str()).collect();
    keys.sort_unstable();
    keys.dedup();
    let check = Check::asked(USER_ALLOWS, Some(&node.name), allowed, found);
    checks.push(
        keys.into_iter()
            .filter(|_| serves.as_primary.is_some())
            .fold(check, |check, key| check.removing(CheckConnection::Shared(node.name.clone()), key)),
    );
    let (denied, sent, asked) = requests(false);
    if sent + asked > 0 {
        let found =
            format!("`{}` got NOPERM for {}{}", user.name, counted(sent, "command"), by_dry_run(asked));
        checks.push(Check::asked(USER_DENIES, Some(&node.name), denied, found));
    }
    checks
}

/// The slots that a node serves.
struct ServedSlots {
    /// The slots of a primary, empty without a cluster; `None` for a replica.
    as_primary: Option<SlotSet>,
}

impl ServedSlots {
    fn by(context: &CheckContext<'_>, node: &Node) -> Self {
        let roles = context
            .shard_roles
            .iter()
            .find(|roles| roles.primary.as_ref().is_ok_and(|primary| primary.name == node.name));
        Self { as_primary: roles.map(|roles| roles.slots.clone()) }
    }

    /// A request as the user, and its expected reply.
    fn send(&self, node: &Node, probe: &AclProbe<'_>) -> Request {
        let keyed = probe.sample.takes_channel() == Some(false);
        // A permitted command may still fail: at a replica with READONLY or MOVED, or with WRONGTYPE.
        let may_disappoint = keyed && (self.as_primary.is_none() || !OF_STRINGS.contains(&probe.sample.name));
        let expectation = match (probe.permitted, may_disappoint) {
            (false, _) => Expectation::Error("NOPERM"),
            (true, true) => Expectation::Permitted,
            (true, false) => Expectation::Granted,
        };
        let target = probe.target.map(|target| target.text.as_str());
        Request::send(guest(node), CheckCommand::new(probe.sample.full(target)), expectation)
    }

    /// Keys and channels to try: one for each pattern of the user, and one without a pattern. The node serves the
    /// slots of these keys if it serves any.
    fn targets(&self, rules: &[Rule], prefix: &str) -> ProbeTargets {
        let slots = self.as_primary.as_ref().filter(|slots| !slots.is_empty());
        let key = |pattern: Option<&str>| {
            let plain = ProbeTarget::matching(pattern, prefix)?;
            let Some(slots) = slots.filter(|_| plain.own) else { return Some(plain) };
            // The hash tag in a pattern decides the slot.
            if pattern.is_some_and(|pattern| pattern.contains('{')) {
                return Some(ProbeTarget { own: slots.contains(slot_of(&plain.text)), ..plain });
            }
            // The slots of tags are spread evenly: some of these tags are in every shard.
            let served = (0..100_000_u32)
                .filter_map(|number| ProbeTarget::matching(pattern, &format!("{prefix}:{{{number}}}")))
                .find(|target| slots.contains(slot_of(&target.text)));
            Some(served.unwrap_or(ProbeTarget { own: false, ..plain }))
        };
        let of = |of_channels| patterns(rules, of_channels).into_iter().map(Some).chain([None]);
        ProbeTargets {
            keys: of(false).filter_map(key).collect(),
            channels: of(true).filter_map(|pattern| ProbeTarget::matching(pattern, prefix)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SECURE, TestDeployment};
    use crate::verify::CheckMethod;

    fn requests(user: &str, check: &str) -> Vec<String> {
        let deployment = TestDeployment::healthy(SECURE);
        let mut checks = deployment.checks().into_iter().filter(|one| one.name == check);
        let log_in = format!("AUTH {user} ***");
        checks
            .find_map(|check| match check.method {
                CheckMethod::Asked { requests, .. } if requests[0].action.to_string() == log_in => Some(
                    requests
                        .iter()
                        .map(|request| format!("{} -> {:?}", request.action, request.expectation))
                        .collect(),
                ),
                _ => None,
            })
            .unwrap_or_default()
    }

    #[test]
    fn users_are_tried_by_their_rules() {
        // The log-in and the usual commands.
        assert_eq!(requests("admin", "user-allows").len(), 8);
        assert!(requests("admin", "user-denies").is_empty());

        let reads = requests("regular", "user-allows").join("\n");
        assert!(
            reads.contains("GET probe:regular -> Granted") && reads.contains("DBSIZE -> Granted"),
            "{reads}"
        );
        let refused = requests("regular", "user-denies").join("\n");
        for command in
            ["SET probe:regular theirs PX 15000", "DEL probe:regular", "PING", "CONFIG GET maxmemory"]
        {
            assert!(refused.contains(&format!("{command} -> Error(\"NOPERM\")")), "{command} in\n{refused}");
        }

        let allowed = requests("app", "user-allows").join("\n");
        assert!(
            allowed.contains("SET app:probe:app theirs") && allowed.contains("PUBLISH app:probe:app"),
            "{allowed}"
        );
        let refused = requests("app", "user-denies").join("\n");
        for command in ["SET shared:probe:app", "GET probe:app", "PUBLISH probe:app", "CONFIG GET maxmemory"]
        {
            assert!(refused.contains(command), "{command} in\n{refused}");
        }

        assert_eq!(requests("gone", "user-denies"), ["AUTH gone *** -> Error(\"WRONGPASS\")"]);
        assert!(requests("gone", "user-allows").is_empty());
    }
}
