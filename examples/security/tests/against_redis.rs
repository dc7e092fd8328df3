//! The users of the example at a real server.

use redis::ErrorKind;
use security::{Answer, COMMANDS, connect, execute};

#[path = "../../rust/tests/support/mod.rs"]
mod support;

use support::{AnyError, TIME_TO_LIVE};

#[tokio::test]
async fn each_user_may_do_what_its_rules_say() -> Result<(), AnyError> {
    let redis = support::deployment(include_str!("../security.yaml"), TIME_TO_LIVE).await?;
    let url = format!("redis://{}", redis.endpoints()[0]);
    for (user, expected) in [
        (None, ["NOAUTH", "NOAUTH", "NOAUTH", "NOAUTH"]),
        (Some(("admin", "admin-secret")), ["", "", "", ""]),
        (Some(("regular", "regular-secret")), ["NOPERM", "", "NOPERM", "NOPERM"]),
        (Some(("keyless", "keyless-secret")), ["NOPERM", "NOPERM", "NOPERM", "NOPERM"]),
    ] {
        let mut connection = connect(&url, user).await?;
        for (command, expected) in COMMANDS.into_iter().zip(expected) {
            let answer = execute(&mut connection, command).await?;
            let code = match &answer {
                Answer::Allowed => "",
                Answer::Refused { code, .. } => code,
            };
            assert_eq!(code, expected, "{user:?}: {command}: {answer}");
        }
    }
    // The same command is refused for two reasons: here the command is allowed, and the key is not.
    let mut keyless = connect(&url, Some(("keyless", "keyless-secret"))).await?;
    let refused = execute(&mut keyless, "GET greeting").await?.to_string();
    assert!(refused.contains("key"), "{refused}");
    let refused = execute(&mut keyless, "SET greeting hello").await?.to_string();
    assert!(refused.contains("command"), "{refused}");

    let wrong = connect(&url, Some(("admin", "regular-secret"))).await;
    assert_eq!(wrong.err().map(|error| error.kind()), Some(ErrorKind::AuthenticationFailed));
    redis.down().await?;
    Ok(())
}
