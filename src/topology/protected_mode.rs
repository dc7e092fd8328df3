//! Protection of a deployment against clients from other machines. Only this file decides `protected-mode`.

use super::Auth;

/// The protection of the published ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// A client needs a password.
    Password,
    /// Ports are published on this machine's loopback address only. No other clients are in the deployment's network.
    Loopback,
    /// Unprotected: the spec publishes ports for other machines and sets no password.
    Nothing,
}

impl Protection {
    /// The protection of published ports, which other machines reach if `is_open`.
    #[must_use]
    pub fn found(auth: Option<&Auth>, is_open: bool) -> Self {
        if auth.is_some_and(|auth| auth.default_password || auth.default_rules.is_none()) {
            Self::Password
        } else if !is_open {
            Self::Loopback
        } else {
            Self::Nothing
        }
    }

    /// The value of `protected-mode`. With `yes`, a server without a password answers only clients in its own
    /// container, where no client runs. So the value is always `no`. For unprotected ports, [`super::warnings`] has a
    /// warning.
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
        let everything = || Some(vec!["+@all".to_owned()]);
        assert_eq!(Protection::found(None, false), Protection::Loopback);
        assert_eq!(Protection::found(None, true), Protection::Nothing);
        assert_eq!(Protection::found(Some(&auth(false, everything())), true), Protection::Nothing);
        assert_eq!(Protection::found(Some(&auth(true, everything())), true), Protection::Password);
        assert_eq!(Protection::found(Some(&auth(false, None)), true), Protection::Password);
    }
}
