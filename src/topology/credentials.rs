//! The secrets of a deployment: passwords and keys. The topology does not hold them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Certificates;
use super::users::{DEFAULT, OPERATOR, REPLICATION};
use crate::spec::SecretText;

/// Every password and key of a deployment. The topology's `auth` and `tls` decide which of them exist.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Credentials {
    /// The password of the user [`OPERATOR`], redisctl's own; `None` without passwords.
    pub operator: Option<SecretText>,
    /// The password with which replicas log in to their primaries, for the user [`REPLICATION`].
    pub replication: Option<SecretText>,
    /// The default user's password.
    pub default: Option<SecretText>,
    /// The default user's password on nodes that start as replicas, if it differs.
    pub replica: Option<SecretText>,
    /// The other users' passwords by name.
    pub users: BTreeMap<String, SecretText>,
    /// The certificates and their keys; `None` without TLS.
    pub certificates: Option<Certificates>,
}

impl Credentials {
    /// The default user's password on a node.
    #[must_use]
    pub fn default_on(&self, starts_as_primary: bool) -> Option<&SecretText> {
        if starts_as_primary {
            self.default.as_ref()
        } else {
            self.replica.as_ref().or(self.default.as_ref())
        }
    }

    /// A user's password on a node; `None` if the user has none.
    #[must_use]
    pub fn password(&self, user: &str, starts_as_primary: bool) -> Option<&SecretText> {
        match user {
            DEFAULT => self.default_on(starts_as_primary),
            OPERATOR => self.operator.as_ref(),
            REPLICATION => self.replication.as_ref(),
            other => self.users.get(other),
        }
    }

    /// The users with passwords that differ from the stored passwords. redisctl's own passwords stay.
    #[must_use]
    pub fn changed_since(&self, stored: &Self) -> Vec<String> {
        let mut changed = Vec::new();
        if self.default != stored.default {
            changed.push("default".to_owned());
        }
        if self.replica != stored.replica {
            changed.push("default on replicas".to_owned());
        }
        let users = self.users.iter().filter(|(name, password)| stored.users.get(*name) != Some(*password));
        changed.extend(users.map(|(name, _)| name.clone()));
        changed
    }

    /// The passwords as JSON, for the file in the shared volume.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let text = |secret: &Option<SecretText>| secret.as_ref().map(|secret| secret.expose().to_owned());
        let users: BTreeMap<&str, &str> =
            self.users.iter().map(|(name, secret)| (name.as_str(), secret.expose())).collect();
        json!({
            "operator": text(&self.operator),
            "replication": text(&self.replication),
            "default": text(&self.default),
            "replica": text(&self.replica),
            "users": users,
            "certificates": self.certificates.as_ref().map(Certificates::to_json),
        })
    }

    /// Reads the output of [`Credentials::to_json`]; `None` if it has another shape.
    #[must_use]
    pub fn from_json(value: &Value) -> Option<Self> {
        let secret = |name: &str| value.get(name)?.as_str().map(SecretText::new);
        let users = value
            .get("users")?
            .as_object()?
            .iter()
            .map(|(name, secret)| Some((name.clone(), SecretText::new(secret.as_str()?))))
            .collect::<Option<_>>()?;
        let certificates = match value.get("certificates") {
            None | Some(Value::Null) => None,
            Some(certificates) => Some(Certificates::from_json(certificates)?),
        };
        Some(Self {
            certificates,
            operator: secret("operator"),
            replication: secret("replication"),
            default: secret("default"),
            replica: secret("replica"),
            users,
        })
    }

    /// Every password and key, for masking.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretText> {
        let own = self.operator.iter().chain(&self.replication);
        let passwords = own.chain(&self.default).chain(&self.replica).chain(self.users.values());
        passwords.chain(self.certificates.iter().flat_map(Certificates::keys))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let credentials = Credentials {
            operator: Some(SecretText::new("o")),
            replication: Some(SecretText::new("r")),
            default: Some(SecretText::new("d \" ü")),
            replica: None,
            users: BTreeMap::from([("admin".to_owned(), SecretText::new("a"))]),
            certificates: None,
        };
        assert_eq!(Credentials::from_json(&credentials.to_json()), Some(credentials));
    }

    #[test]
    fn debug_output_shows_no_password() {
        let credentials = Credentials { default: Some(SecretText::new("hunter2")), ..Credentials::default() };
        assert!(!format!("{credentials:?}").contains("hunter2"));
    }
}
