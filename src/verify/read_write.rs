//! Whether each shard's primary takes keys, gives them back, and lets them expire.

use super::context::CheckContext;
use super::shard_roles::{ShardRoles, without_primary};
use super::{Check, CheckCommand, CheckConnection, Expectation, KEY_LIFETIME, Request};

const WRITE_READ: (&str, &str) = ("write-read", "a key that was written is read back");
const EXPIRY: (&str, &str) = ("expiry", "a key with an expiry has a time to live, and expires");

/// How long the key of `expiry` lives, in milliseconds: short enough for the check to wait for its end.
const SHORT_LIFE: &str = "40";

pub(super) fn checks(context: &CheckContext<'_>) -> Vec<Check> {
    let mut checks: Vec<Check> = context.shard_roles.iter().map(|roles| write_read(context, roles)).collect();
    checks.extend(context.shard_roles.iter().map(|roles| expiry(context, roles)));
    checks
}

fn write_read(context: &CheckContext<'_>, roles: &ShardRoles<'_>) -> Check {
    let primary = match &roles.primary {
        Ok(primary) => &primary.name,
        Err(reason) => return without_primary(WRITE_READ, roles, reason),
    };
    let key = context.key(WRITE_READ.0, roles);
    let connection = CheckConnection::Shared(primary.clone());
    let requests = vec![
        Request::send(connection.clone(), CheckContext::set(&key, "written"), Expectation::Status("OK")),
        Request::send(
            connection.clone(),
            CheckCommand::new(["GET", &key]),
            Expectation::Text("written".to_owned()),
        ),
    ];
    Check::asked(WRITE_READ, Some(primary), requests, "a key was written and read back")
        .removing(connection, &key)
}

fn expiry(context: &CheckContext<'_>, roles: &ShardRoles<'_>) -> Check {
    let primary = match &roles.primary {
        Ok(primary) => &primary.name,
        Err(reason) => return without_primary(EXPIRY, roles, reason),
    };
    let key = context.key(EXPIRY.0, roles);
    let connection = CheckConnection::Shared(primary.clone());
    let send = |command, expectation| Request::send(connection.clone(), command, expectation);
    let lifetime = i64::try_from(KEY_LIFETIME.as_millis()).unwrap_or(i64::MAX);
    // PTTL comes while the key still lives long: on a busy machine, a short-lived key could expire before PTTL.
    let requests = vec![
        send(CheckContext::set(&key, "fleeting"), Expectation::Status("OK")),
        send(CheckCommand::new(["PTTL", &key]), Expectation::Integer(1..=lifetime)),
        send(CheckCommand::new(["PEXPIRE", &key, SHORT_LIFE]), Expectation::Integer(1..=1)),
        send(CheckCommand::new(["GET", &key]), Expectation::Nil).patiently(),
    ];
    let found = "a key had a time to live, and expired";
    Check::asked(EXPIRY, Some(primary), requests, found).removing(connection.clone(), &key)
}

#[cfg(test)]
mod tests {
    use super::super::testing::TestDeployment;
    use crate::topology::slots::slot_of;
    use crate::verify::CheckMethod;

    #[test]
    fn keys_are_written_where_their_slots_are_served() {
        let mut deployment = TestDeployment::cluster(3, 1);
        deployment.swap(2, 5);
        let check = deployment.find("write-read", Some(5)).expect("a check at the acting primary");
        let CheckMethod::Asked { requests, cleanup, .. } = check.method else { panic!("it asks") };
        let command = requests[0].action.to_string();
        let key = command.split(' ').nth(1).expect("a key");
        assert!(key.starts_with("probe:write-read:") && (5461..=10_922).contains(&slot_of(key)), "{key}");
        assert_eq!(cleanup[0].action.to_string(), format!("DEL {key}"));
        assert!(command.ends_with(" PX 15000"), "{command}");
    }
}
