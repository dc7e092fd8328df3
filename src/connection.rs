//! The settings with which a program connects to a deployment, for `redisctl env`.

use std::borrow::Cow;
use std::path::PathBuf;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::spec::{Access, SecretText};
use crate::topology::users::DEFAULT;
use crate::topology::{Auth, Credentials, Node, Topology, User};

mod format;

pub use format::Format;
use format::NoSpelling;
pub(crate) use format::{quote_for_powershell, quote_for_sh};

/// The characters that need no escape in the user part of a URL: RFC 3986's unreserved characters.
pub(crate) const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The password of a user with `nopass`. Clients log in only with a password, and this user can log in with any
/// password.
const ANY_PASSWORD: &str = "nopass";

/// Variables in the order in which they are printed.
///
/// Programs need the plain passwords. Values and the rendered text are [`SecretText`], so that code must expose them
/// on purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionSettings {
    variables: Vec<(&'static str, SecretText)>,
}

/// Why there are no connection settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectionError {
    /// The deployment has no such user.
    #[error("`{deployment}` has no user `{user}`")]
    UnknownUser {
        /// The deployment.
        deployment: String,
        /// The requested user.
        user: String,
        /// The deployment's users.
        known: Vec<String>,
    },
    /// The readers of a format would read another value.
    #[error("`{variable}` cannot be written in the format `{}`: {reason}", format.name())]
    NoSpelling {
        /// The variable.
        variable: &'static str,
        /// The format.
        format: Format,
        /// The effect of its readers on the value.
        reason: &'static str,
    },
}

impl ConnectionError {
    /// The next thing that the user can do.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::UnknownUser { known, .. } if known.is_empty() => {
                "the default user is off: add one to `auth.users`, and bring it `up`".to_owned()
            }
            Self::UnknownUser { known, .. } => format!("its users are {}", known.join(", ")),
            Self::NoSpelling { format: Format::Docker, .. } => "`--format json` writes every value".to_owned(),
            Self::NoSpelling { .. } => {
                "`--format docker` and `--format json` write it; or set a password without quotes, `$` and `\\`"
                    .to_owned()
            }
        }
    }
}

/// The paths of the files that a client needs for TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The CA's certificate.
    pub ca: PathBuf,
    /// The client's certificate and its key, if servers ask for a certificate.
    pub client: Option<(PathBuf, PathBuf)>,
}

/// The user and password of a program.
#[derive(Clone)]
pub(crate) struct ClientLogin<'a> {
    /// `None`: the default user, which clients need not name.
    pub(crate) user: Option<&'a str>,
    /// `None`: clients have this user without a login.
    pub(crate) password: Option<Cow<'a, SecretText>>,
}

impl<'a> ClientLogin<'a> {
    /// The login of the same program at the sentinels. Old sentinels have one password and no users.
    fn at_sentinels(&self, topology: &Topology, credentials: &'a Credentials) -> Self {
        if topology.has_sentinel_users() {
            self.clone()
        } else {
            Self { user: None, password: credentials.default.as_ref().map(Cow::Borrowed) }
        }
    }
}

impl ConnectionSettings {
    /// The names of all variables that a deployment may have, in order.
    pub const NAMES: [&'static str; 15] = [
        "REDIS_URL",
        "REDIS_NODES",
        "REDIS_HOST",
        "REDIS_PORT",
        "REDIS_SENTINELS",
        "REDIS_SENTINEL_MASTER",
        "REDIS_SENTINEL_USERNAME",
        "REDIS_SENTINEL_PASSWORD",
        "REDIS_USERNAME",
        "REDIS_PASSWORD",
        "REDISCLI_AUTH",
        "REDIS_REPLICA_PASSWORD",
        "REDIS_CA_FILE",
        "REDIS_CERT_FILE",
        "REDIS_KEY_FILE",
    ];

    /// The settings for a user of the deployment; `None`: the default user. `primary` is the node for programs that
    /// know a single node. `files` is given with TLS.
    ///
    /// # Errors
    /// The deployment has no such user.
    pub fn new(
        topology: &Topology,
        credentials: &Credentials,
        primary: &Node,
        user: Option<&str>,
        files: Option<&TlsFiles>,
    ) -> Result<Self, ConnectionError> {
        let login = login(topology, credentials, primary, user)?;
        let mut variables = Vec::new();
        let mut set = |name, value: String| variables.push((name, SecretText::new(value)));
        let (host, port) = dialled(topology, primary);
        set("REDIS_URL", url(topology.tls.is_some(), &host, port, &login));
        let all: Vec<String> = topology
            .servers()
            .into_iter()
            .map(|node| dialled(topology, node))
            .map(|(host, port)| host_and_port(&host, port))
            .collect();
        set("REDIS_NODES", all.join(","));
        set("REDIS_HOST", host);
        set("REDIS_PORT", port.to_string());
        if !topology.sentinels.is_empty() {
            let sentinels = topology.sentinels.iter().map(|node| dialled(topology, node));
            let all: Vec<String> = sentinels.map(|(host, port)| host_and_port(&host, port)).collect();
            set("REDIS_SENTINELS", all.join(","));
            set("REDIS_SENTINEL_MASTER", topology.name.to_string());
            let login = login.at_sentinels(topology, credentials);
            if let Some(user) = login.user {
                set("REDIS_SENTINEL_USERNAME", user.to_owned());
            }
            if let Some(password) = login.password {
                set("REDIS_SENTINEL_PASSWORD", password.expose().to_owned());
            }
        }
        if let Some(user) = login.user {
            set("REDIS_USERNAME", user.to_owned());
        }
        if let Some(password) = &login.password {
            set("REDIS_PASSWORD", password.expose().to_owned());
            // `redis-cli` reads this variable, so the password is not in its arguments.
            set("REDISCLI_AUTH", password.expose().to_owned());
        }
        if let (None, Some(password)) = (login.user, &credentials.replica) {
            set("REDIS_REPLICA_PASSWORD", password.expose().to_owned());
        }
        if let Some(files) = files {
            let (certificate, key) =
                files.client.as_ref().map(|(certificate, key)| (certificate, key)).unzip();
            let paths = [
                ("REDIS_CA_FILE", Some(&files.ca)),
                ("REDIS_CERT_FILE", certificate),
                ("REDIS_KEY_FILE", key),
            ];
            for (name, path) in paths {
                if let Some(path) = path {
                    set(name, path.display().to_string());
                }
            }
        }
        debug_assert!(variables.iter().all(|(name, _)| Self::NAMES.contains(name)), "a new name is in NAMES");
        Ok(Self { variables })
    }

    /// The names of the variables, in order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.variables.iter().map(|(name, _)| *name)
    }

    /// The value of one variable.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&SecretText> {
        self.variables.iter().find(|(own, _)| *own == name).map(|(_, value)| value)
    }

    /// All settings as text, with plain passwords.
    ///
    /// # Errors
    /// The readers of the format have no common form for a value.
    pub fn render(&self, format: Format) -> Result<SecretText, ConnectionError> {
        let text = format::render(&self.variables, format).map(SecretText::new);
        text.map_err(|NoSpelling { variable, reason }| ConnectionError::NoSpelling {
            variable,
            format,
            reason,
        })
    }
}

/// The login of a user at a node; `None`: the default user, or its replacement if it is off.
///
/// # Errors
/// The deployment has no such user.
pub(crate) fn login<'a>(
    topology: &'a Topology,
    credentials: &'a Credentials,
    node: &Node,
    user: Option<&'a str>,
) -> Result<ClientLogin<'a>, ConnectionError> {
    let off = topology.auth.as_ref().is_some_and(|auth| auth.default_rules.is_none());
    let users = || topology.auth.iter().flat_map(|auth| &auth.users);
    let known = users().map(|user| user.name.as_str());
    let user = match user {
        Some(user) if user != DEFAULT || off => user,
        None if off => topology.auth.as_ref().and_then(Auth::user_for_default).unwrap_or(DEFAULT),
        _ => {
            let password = credentials.default_on(topology.starts_as_primary(&node.name));
            return Ok(ClientLogin { user: None, password: password.map(Cow::Borrowed) });
        }
    };
    match users().find(|known| known.name == user) {
        Some(user) => Ok(ClientLogin { user: Some(&user.name), password: password_of(user, credentials) }),
        None => Err(ConnectionError::UnknownUser {
            deployment: topology.name.to_string(),
            user: user.to_owned(),
            known: (!off).then_some(DEFAULT).into_iter().chain(known).map(str::to_owned).collect(),
        }),
    }
}

/// The password of one of the spec's users.
fn password_of<'a>(user: &User, credentials: &'a Credentials) -> Option<Cow<'a, SecretText>> {
    let own = credentials.users.get(&user.name).map(Cow::Borrowed);
    own.or_else(|| (!user.needs_password()).then(|| Cow::Owned(SecretText::new(ANY_PASSWORD))))
}

/// The host and port that programs dial: the endpoint of a node, or its address for clients inside the network.
fn dialled(topology: &Topology, node: &Node) -> (String, u16) {
    match topology.access {
        Access::Host => (node.endpoint.host.clone(), node.endpoint.port),
        Access::Network => (node.address.ip.to_string(), node.address.port),
    }
}

/// A URL names the user if it has a password: redis-cli takes an absent name for an empty name.
fn url(tls: bool, host: &str, port: u16, login: &ClientLogin<'_>) -> String {
    let encoded = |text: &str| utf8_percent_encode(text, RESERVED).to_string();
    let user = encoded(login.user.unwrap_or(DEFAULT));
    let authority = match &login.password {
        Some(password) => format!("{user}:{}@", encoded(password.expose())),
        None if login.user.is_some() => format!("{user}@"),
        None => String::new(),
    };
    let scheme = if tls { "rediss" } else { "redis" };
    format!("{scheme}://{authority}{}", host_and_port(host, port))
}

/// IPv6 hosts in brackets.
fn host_and_port(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

#[cfg(test)]
mod tests;
