//! The login with which a source sends keys to a target. It ends with the move.
//!
//! Redis 6.0 shows the password of MIGRATE in MONITOR, and in its slow log if MIGRATE fails. So the password is
//! worthless afterwards.

use rand::RngExt as _;
use rand::distr::Alphanumeric;
use redis::aio::MultiplexedConnection;
use redis::cmd;

use super::ServerError;
use super::command::run;
use super::connect::Login;
use crate::spec::SecretText;
use crate::topology::files::password_hash;

/// The length of a password that is valid for minutes.
const LENGTH: usize = 32;

/// Creates a user at the target that may restore keys. `source` is the cluster id of the source: each source has its
/// own user. Outside of these moves, `up` removes such a user.
pub(super) async fn create(target: &mut MultiplexedConnection, source: &str) -> Result<Login, ServerError> {
    let characters = rand::rng().sample_iter(Alphanumeric).take(LENGTH).map(char::from);
    let password = SecretText::new(characters.collect::<String>());
    let user = format!("redisctl-move-{}", source.get(..8).unwrap_or(source));
    let set = &mut cmd("ACL");
    set.arg("SETUSER").arg(&user).arg("reset").arg("on").arg(format!("#{}", password_hash(&password)));
    run(target, "ACL SETUSER", set.arg("~*").arg("+restore-asking").arg("+select")).await?;
    Ok(Login { user, password })
}

/// Removes the user, and with it the connections that have logged in as the user.
pub(super) async fn remove(target: &mut MultiplexedConnection, login: &Login) -> Result<(), ServerError> {
    run(target, "ACL DELUSER", cmd("ACL").arg("DELUSER").arg(&login.user)).await
}
