//! The users of a server, and its login at other servers.

use std::collections::BTreeMap;

use crate::topology::acl::Categories;

/// The users of a server, and its login at other servers. It holds no passwords and no hashes: passwords were
/// compared when they were read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccessView {
    /// Its users by name.
    pub users: BTreeMap<String, ObservedUser>,
    /// Its login at its primary.
    pub primary_login: PrimaryLogin,
    /// Its commands by category, which give rules their meaning.
    pub categories: Categories,
}

/// An ACL user of a server.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ObservedUser {
    /// Its rules as the server reports them, with `nopass` but without passwords and hashes.
    pub rules: Vec<String>,
    /// Whether the user can log in with its password of the spec.
    pub right_password: bool,
    /// Whether the user can log in with another password.
    pub other_password: bool,
}

/// The login of a server at its primary, or of a sentinel at servers and other sentinels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PrimaryLogin {
    /// No login.
    #[default]
    None,
    /// The right login with `auth`: redisctl's user for this purpose, with its password.
    Right,
    /// Another login.
    Other,
}
