//! What keeps strangers out of a deployment: the one place that decides `protected-mode`.

use std::net::Ipv4Addr;

use super::Auth;

/// What keeps strangers out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// Nobody gets in without a password.
    Password,
    /// Ports are open to this machine alone, and the network inside is the deployment's own.
    Loopback,
    /// Nothing: the spec opens the ports to other machines, and sets no password.
    Nothing,
}

impl Protection {
    /// What keeps strangers out of ports on `bind`.
    #[must_use]
    pub fn found(auth: Option<&Auth>, bind: Ipv4Addr) -> Self {
        if auth.is_some_and(|auth| auth.default_password || auth.default_rules.is_none()) {
            Self::Password
        } else if bind.is_loopback() {
            Self::Loopback
        } else {
            Self::Nothing
        }
    }

    /// The directive `protected-mode`. With `yes`, a server without a password answers nobody but its
    /// own container, where no client ever is: ports that nobody can use are not what was asked for, so
    /// where nothing else protects, a warning has to do ([`super::warnings`]).
    #[must_use]
    pub fn protected_mode(self) -> &'static str {
        match self {
            Self::Password | Self::Loopback | Self::Nothing => "no",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_ports_are_protected_by_a_password_or_not_at_all() {
        let auth = |default_password, default_rules| Auth {
            default_password,
            replica_password: false,
            default_rules,
            users: Vec::new(),
        };
        let open = Ipv4Addr::UNSPECIFIED;
        let everything = || Some(vec!["+@all".to_owned()]);
        assert_eq!(Protection::found(None, Ipv4Addr::LOCALHOST), Protection::Loopback);
        assert_eq!(Protection::found(None, open), Protection::Nothing);
        assert_eq!(Protection::found(Some(&auth(false, everything())), open), Protection::Nothing);
        assert_eq!(Protection::found(Some(&auth(true, everything())), open), Protection::Password);
        assert_eq!(Protection::found(Some(&auth(false, None)), open), Protection::Password);
    }
}
