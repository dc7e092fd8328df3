//! Who may do what at a server, and how it logs in to others.

use std::collections::BTreeMap;

use crate::topology::acl::Categories;

/// Who may do what at a server. Passwords, and what could be tried against a list of them, have been
/// judged where they were read, and are not in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccessView {
    /// Its users by name.
    pub users: BTreeMap<String, ObservedUser>,
    /// How it logs in to its primary.
    pub primary_login: PrimaryLogin,
    /// Its commands by category: what rules mean.
    pub categories: Categories,
}

/// An ACL user of a server.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ObservedUser {
    /// Its rules as the server says them, `nopass` among them, other words about passwords left out.
    pub rules: Vec<String>,
    /// Whether its password of the spec lets in.
    pub right_password: bool,
    /// Whether another password lets in.
    pub other_password: bool,
}

/// How a server logs in to its primary; or a sentinel to servers and other sentinels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PrimaryLogin {
    /// Not at all.
    #[default]
    None,
    /// As it should where there is `auth`: as the user for that, with that one's password.
    Right,
    /// In another way.
    Other,
}
