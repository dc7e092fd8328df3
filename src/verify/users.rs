//! Checks of an ACL user: what its rules allow works, and what they do not gets NOPERM.

use crate::spec::SecretText;
use crate::topology::slots::slot_of;
use crate::topology::users::DEFAULT;
use crate::topology::{Node, SlotSet, User};

use super::access::guest;
use super::permissions::{Permissions, Use};
use super::scene::{Scene, count};
use super::{Check, Command, Expectation, KEY_LIFETIME, Session, Step};

const USER_ALLOWS: (&str, &str) = ("user-allows", "a user may do what its rules allow");
const USER_DENIES: (&str, &str) = ("user-denies", "a user is refused what its rules do not allow");

/// A harmless command: nothing is lost should a server permit what it must not.
struct Sample {
    /// The command in lower case, `config|get` for a subcommand.
    name: &'static str,
    /// Its ACL categories, the same from Redis 6.0 to 8 and in Valkey.
    categories: &'static [&'static str],
    usage: Use,
    /// What follows the command's name and its key or channel.
    rest: &'static [&'static str],
}

const SAMPLES: [Sample; 7] = [
    Sample { name: "ping", categories: &["fast", "connection"], usage: Use::Nothing, rest: &[] },
    Sample {
        name: "set",
        categories: &["write", "string", "slow"],
        usage: Use::Write,
        rest: &["theirs", "PX"],
    },
    Sample { name: "get", categories: &["read", "string", "fast"], usage: Use::Read, rest: &[] },
    Sample { name: "del", categories: &["keyspace", "write", "slow"], usage: Use::Write, rest: &[] },
    Sample { name: "publish", categories: &["pubsub", "fast"], usage: Use::Publish, rest: &["heard"] },
    Sample { name: "dbsize", categories: &["keyspace", "read", "fast"], usage: Use::Nothing, rest: &[] },
    Sample {
        name: "config|get",
        categories: &["admin", "slow", "dangerous"],
        usage: Use::Nothing,
        rest: &["maxmemory"],
    },
];

impl Sample {
    /// The command, with a key or channel where it takes one.
    fn command(&self, subject: Option<&str>) -> Command {
        let name = self.name.to_ascii_uppercase();
        let words = name.split('|').chain(subject).chain(self.rest.iter().copied()).map(str::to_owned);
        let lifetime = (self.rest.last() == Some(&"PX")).then(|| KEY_LIFETIME.as_millis().to_string());
        Command::new(words.chain(lifetime))
    }
}

/// What a user can do at a node, and what it cannot.
pub(super) fn checks(scene: &Scene<'_>, user: &User, node: &Node) -> Vec<Check> {
    let password = match scene.credentials.of(&user.name, scene.topology.starts_as_primary(&node.name)) {
        Some(password) => Some(password.clone()),
        // Any will do, as `nopass` says, or a default user that has none.
        None if !user.needs_password() || user.name == DEFAULT => Some(SecretText::new("any")),
        None => None,
    };
    let Some(password) = password else {
        let unknown = Err(format!("the password of `{}` is not known", user.name));
        return vec![Check::judged(USER_ALLOWS, Some(&node.name), unknown, Vec::new())];
    };
    let permissions = Permissions::of(&user.rules, scene.topology.server);
    let log_in =
        |expectation| Step::send(guest(node), Command::log_in(&user.name, password.clone()), expectation);
    if !permissions.enabled {
        let steps = vec![log_in(Expectation::Error("WRONGPASS"))];
        let found = format!("`{}` is switched off, and may not log in", user.name);
        return vec![Check::asked(USER_DENIES, Some(&node.name), steps, found)];
    }
    let serves = Served::by(scene, node);
    let (mut allowed, mut denied) = (Vec::new(), Vec::new());
    let mut keys = Vec::new();
    for sample in &SAMPLES {
        let permitted = permissions.permit_command(sample.name, sample.categories);
        let send = |subject: Option<&str>, expectation| {
            Step::send(guest(node), sample.command(subject), expectation)
        };
        if sample.usage == Use::Nothing {
            if permitted {
                allowed.push(send(None, Expectation::Granted));
            } else {
                denied.push(send(None, Expectation::Error("NOPERM")));
            }
            continue;
        }
        let subjects =
            serves.subjects(&permissions, sample.usage, &format!("{}:{}", scene.unique, user.name));
        let of_verdict = |wanted: bool| {
            subjects.iter().find(|subject| {
                permissions.permit(sample.usage, subject).is_some_and(|fits| (fits && permitted) == wanted)
            })
        };
        if let Some(subject) = of_verdict(true) {
            // Behind the permission a replica sends writers and, in a cluster, readers elsewhere.
            let keyed = matches!(sample.usage, Use::Read | Use::Write);
            let elsewhere = keyed && serves.as_primary.is_none();
            allowed.push(send(
                Some(subject),
                if elsewhere { Expectation::Permitted } else { Expectation::Granted },
            ));
            if keyed && !keys.contains(subject) {
                keys.push(subject.clone());
            }
        }
        if let Some(subject) = of_verdict(false) {
            denied.push(send(Some(subject), Expectation::Error("NOPERM")));
        }
    }
    let mut checks = Vec::new();
    let found = format!("`{}` logged in, and {} went through", user.name, count(allowed.len(), "command"));
    allowed.insert(0, log_in(Expectation::Status("OK")));
    let check = Check::asked(USER_ALLOWS, Some(&node.name), allowed, found);
    checks.push(
        keys.iter()
            .filter(|_| serves.as_primary.is_some())
            .fold(check, |check, key| check.removing(Session::Shared(node.name.clone()), key)),
    );
    // A selector may allow what the rest of the rules does not.
    if !denied.is_empty() && !permissions.has_selectors {
        let found = format!("`{}` got NOPERM for {}", user.name, count(denied.len(), "command"));
        denied.insert(0, log_in(Expectation::Status("OK")));
        checks.push(Check::asked(USER_DENIES, Some(&node.name), denied, found));
    }
    checks
}

/// What a node serves.
struct Served {
    /// The slots that it serves as primary, empty where it is no cluster; `None`: as replica.
    as_primary: Option<SlotSet>,
}

impl Served {
    fn by(scene: &Scene<'_>, node: &Node) -> Self {
        let lineup = scene
            .lineups
            .iter()
            .find(|lineup| lineup.primary.as_ref().is_ok_and(|primary| primary.name == node.name));
        Self { as_primary: lineup.map(|lineup| lineup.slots.clone()) }
    }

    /// Keys or channels to try: of each of the user's patterns one, and one of nobody's; keys that
    /// the node serves, where it serves any.
    fn subjects(&self, permissions: &Permissions, usage: Use, prefix: &str) -> Vec<String> {
        let slots = self.as_primary.as_ref().filter(|slots| !slots.is_empty() && usage != Use::Publish);
        let candidates = |filler: &str| {
            let mut candidates = permissions.instances(usage, filler);
            candidates.push(filler.to_owned());
            candidates
        };
        let Some(slots) = slots else { return candidates(prefix) };
        let mut subjects = Vec::new();
        for position in 0..candidates(prefix).len() {
            // A key's slot is as good as random: a few thousand tags reach any shard but the tiniest.
            let key = (0..100_000_u32)
                .filter_map(|number| candidates(&format!("{prefix}:{{{number}}}")).into_iter().nth(position))
                .find(|key| slots.contains(slot_of(key)));
            subjects.extend(key);
        }
        subjects
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Deployment, SECURE};
    use crate::verify::Trial;

    fn steps(user: &str, check: &str) -> Vec<String> {
        let deployment = Deployment::of(SECURE);
        let mut checks = deployment.checks().into_iter().filter(|one| one.name == check);
        let log_in = format!("AUTH {user} ***");
        checks
            .find_map(|check| match check.trial {
                Trial::Asked { steps, .. } if steps[0].deed.to_string() == log_in => Some(
                    steps.iter().map(|step| format!("{} -> {:?}", step.deed, step.expectation)).collect(),
                ),
                _ => None,
            })
            .unwrap_or_default()
    }

    #[test]
    fn users_are_tried_by_their_rules() {
        assert_eq!(steps("admin", "user-allows").len(), 8);
        assert!(steps("admin", "user-denies").is_empty());

        let reads = steps("regular", "user-allows").join("\n");
        assert!(
            reads.contains("GET probe:regular -> Granted") && reads.contains("DBSIZE -> Granted"),
            "{reads}"
        );
        let refused = steps("regular", "user-denies").join("\n");
        for command in
            ["SET probe:regular theirs PX 15000", "DEL probe:regular", "PING", "CONFIG GET maxmemory"]
        {
            assert!(refused.contains(&format!("{command} -> Error(\"NOPERM\")")), "{command} in\n{refused}");
        }

        let allowed = steps("app", "user-allows").join("\n");
        assert!(
            allowed.contains("SET app:probe:app theirs") && allowed.contains("PUBLISH app:probe:app"),
            "{allowed}"
        );
        let refused = steps("app", "user-denies").join("\n");
        for command in ["SET shared:probe:app", "GET probe:app", "PUBLISH probe:app", "CONFIG GET maxmemory"]
        {
            assert!(refused.contains(command), "{command} in\n{refused}");
        }

        assert_eq!(steps("gone", "user-denies"), ["AUTH gone *** -> Error(\"WRONGPASS\")"]);
        assert!(steps("gone", "user-allows").is_empty());
    }
}
