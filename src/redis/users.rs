//! ACL users: reads them from a server, and changes them. Only this file and the rendered files use password hashes.
//! No hash leaves this file.

use std::collections::{BTreeMap, BTreeSet};

use redis::aio::MultiplexedConnection;
use redis::{Cmd, cmd, pipe};

use super::ServerError;
use crate::observation::{AccessView, ObservedUser, PrimaryLogin};
use crate::spec::SecretText;
use crate::topology::acl::{Categories, words};
use crate::topology::files::password_hash;
use crate::topology::users::{OPERATOR, REPLICATION};
use crate::topology::{Credentials, NodeName, Topology};

/// The reply to CONFIG GET.
type Setting = BTreeMap<String, String>;

/// The passwords that the users of a node should have.
pub(super) struct Passwords<'a> {
    credentials: &'a Credentials,
    starts_as_primary: bool,
    is_sentinel: bool,
}

impl<'a> Passwords<'a> {
    pub(super) fn new(topology: &Topology, credentials: &'a Credentials, node: &NodeName) -> Self {
        Self {
            credentials,
            starts_as_primary: topology.starts_as_primary(node),
            is_sentinel: topology.is_sentinel(node),
        }
    }

    /// A user's password as a rule.
    fn rule(&self, user: &str) -> Option<String> {
        let password = self.credentials.password(user, self.starts_as_primary)?;
        Some(format!("#{}", password_hash(password)))
    }

    /// ACL SETUSER of all rules, after `reset`.
    pub(super) fn set(&self, user: &str, rules: &[String]) -> Cmd {
        let mut command = cmd("ACL");
        command.arg("SETUSER").arg(user).arg("reset").arg(self.rule(user));
        // A selector is a single argument.
        command.arg(rules);
        command
    }

    /// ACL SETUSER with one more password.
    pub(super) fn add(&self, user: &str) -> Cmd {
        let mut command = cmd("ACL");
        command.arg("SETUSER").arg(user).arg(self.rule(user));
        command
    }

    /// CONFIG SET of a replica's login. The name comes first: without it, the password is the default user's.
    pub(super) fn log_in(&self, with_password: bool) -> [Cmd; 2] {
        let password = self.credentials.replication.as_ref().filter(|_| with_password);
        let set = |name: &str, value: &str| {
            let mut command = cmd("CONFIG");
            command.arg("SET").arg(name).arg(value);
            command
        };
        [
            set("masteruser", if password.is_some() { REPLICATION } else { "" }),
            set("masterauth", password.map_or("", |password| password.expose())),
        ]
    }

    /// The users in the lines of ACL LIST.
    pub(super) fn judge(&self, lines: &[String]) -> Result<BTreeMap<String, ObservedUser>, String> {
        let user = |line: &String| {
            let mut words = words(line).into_iter();
            let (Some("user"), Some(name)) = (words.next().as_deref(), words.next()) else { return None };
            let right = self.rule(&name);
            let (hashes, rules): (Vec<String>, Vec<String>) = words.partition(|word| word.starts_with('#'));
            let is_right = |hash: &String| right.as_ref() == Some(hash);
            let user = ObservedUser {
                rules,
                right_password: hashes.iter().any(is_right),
                other_password: !hashes.iter().all(is_right),
            };
            Some((name, user))
        };
        lines.iter().map(|line| user(line).ok_or_else(|| "a line is about no user".to_owned())).collect()
    }

    /// The login of a replica at its primary, or of a sentinel at other sentinels.
    fn judge_login(&self, user: &str, password: &str) -> PrimaryLogin {
        let (name, right) = if self.is_sentinel {
            (OPERATOR, &self.credentials.operator)
        } else {
            (REPLICATION, &self.credentials.replication)
        };
        match (user, password) {
            ("", "") => PrimaryLogin::None,
            _ if user == name && right.as_ref().map(SecretText::expose) == Some(password) => {
                PrimaryLogin::Right
            }
            _ => PrimaryLogin::Other,
        }
    }

    /// Asks a server for its users and their rules.
    pub(super) async fn ask(
        &self,
        connection: &mut MultiplexedConnection,
    ) -> Result<AccessView, ServerError> {
        let failed = |source| ServerError::Command { command: "ACL LIST", source };
        let mut pipeline = pipe();
        pipeline.cmd("ACL").arg("LIST").cmd("ACL").arg("CAT");
        // A sentinel does not tell its login at servers.
        let (user, password) =
            if self.is_sentinel { ("sentinel-user", "sentinel-pass") } else { ("masteruser", "masterauth") };
        for name in [user, password] {
            let get = if self.is_sentinel {
                pipeline.cmd("SENTINEL").arg("CONFIG")
            } else {
                pipeline.cmd("CONFIG")
            };
            get.arg("GET").arg(name);
        }
        let (lines, names, user, password): (Vec<String>, Vec<String>, Setting, Setting) =
            pipeline.query_async(connection).await.map_err(failed)?;
        let value = |setting: &Setting| setting.values().next().cloned().unwrap_or_default();
        // The commands of each category, which differ between servers.
        let mut pipeline = pipe();
        for name in &names {
            pipeline.cmd("ACL").arg("CAT").arg(name);
        }
        let commands: Vec<BTreeSet<String>> = pipeline.query_async(connection).await.map_err(failed)?;
        let lower =
            |names: BTreeSet<String>| names.into_iter().map(|name| name.to_ascii_lowercase()).collect();
        let users = self.judge(&lines);
        Ok(AccessView {
            users: users.map_err(|what| ServerError::Reply { command: "ACL LIST", what })?,
            primary_login: self.judge_login(&value(&user), &value(&password)),
            categories: names.into_iter().zip(commands.into_iter().map(lower)).collect::<Categories>(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_told_by_their_passwords_and_no_hash_is_kept() {
        let secret = |text: &str| Some(SecretText::new(text));
        let credentials = Credentials {
            operator: secret("o"),
            replication: secret("r"),
            default: secret("new"),
            ..Credentials::default()
        };
        let passwords = Passwords { credentials: &credentials, starts_as_primary: true, is_sentinel: false };
        let hash = |text: &str| password_hash(&SecretText::new(text));
        let line = format!("user default on #{} #{} ~* (%R~x +get) +@all", hash("new"), hash("old"));
        let users = passwords.judge(&[line, "user a on nopass -@all".to_owned()]).expect("two users");
        let default = &users["default"];
        assert_eq!(default.rules, ["on", "~*", "(%R~x +get)", "+@all"]);
        assert!(default.right_password && default.other_password);
        assert!(!users["a"].right_password && !users["a"].other_password);
        assert_eq!(users["a"].rules, ["on", "nopass", "-@all"]);
        assert!(!format!("{users:?}").contains(&hash("old")));
        assert!(passwords.judge(&["nonsense".to_owned()]).is_err());

        assert_eq!(passwords.judge_login("", ""), PrimaryLogin::None);
        assert_eq!(passwords.judge_login(REPLICATION, "r"), PrimaryLogin::Right);
        assert_eq!(passwords.judge_login(REPLICATION, "other"), PrimaryLogin::Other);
        assert_eq!(passwords.judge_login("", "r"), PrimaryLogin::Other);
        let of_sentinel = Passwords { is_sentinel: true, ..passwords };
        assert_eq!(of_sentinel.judge_login(OPERATOR, "o"), PrimaryLogin::Right);
        assert_eq!(of_sentinel.judge_login(REPLICATION, "r"), PrimaryLogin::Other);
    }
}
