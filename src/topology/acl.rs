//! ACL rules: how they are parsed, and whether two lists of rules allow the same.

use std::collections::{BTreeMap, BTreeSet};

use super::Server;

mod allowance;
pub mod commands;
pub mod everywhere;
#[cfg(test)]
pub(crate) mod testing;

pub use allowance::allow_the_same;

/// A rule of `ACL SETUSER`, without passwords.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// `on`, `off`.
    Enabled(bool),
    /// `nopass`: the user can log in with any password.
    NoPassword,
    /// `sanitize-payload`, `skip-sanitize-payload`.
    Sanitize(bool),
    /// `~pattern`, `%R~pattern`, `%W~pattern`, `allkeys`.
    Keys {
        /// The pattern.
        pattern: String,
        /// Whether keys may be read.
        read: bool,
        /// Whether keys may be written.
        write: bool,
    },
    /// `resetkeys`.
    ResetKeys,
    /// `&pattern`, `allchannels`.
    Channels(String),
    /// `resetchannels`.
    ResetChannels,
    /// `+…` or `-…`.
    Commands {
        /// Whether the commands are added.
        add: bool,
        /// Which commands.
        which: Which,
    },
    /// `(rules)`: a selector, whose rules apply on their own.
    Selector(Vec<Rule>),
    /// `clearselectors`.
    ClearSelectors,
}

/// The commands of a rule, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// `@all`.
    All,
    /// `@category`.
    Category(String),
    /// A command; `config|get` for a subcommand.
    Command(String),
}

impl Rule {
    /// Reads a rule.
    ///
    /// # Errors
    /// The problem.
    pub fn parse(text: &str) -> Result<Self, String> {
        let unknown = || Err(format!("`{text}` is not an ACL rule"));
        if let Some(inner) = text.strip_prefix('(') {
            let Some(inner) = inner.strip_suffix(')').filter(|inner| !inner.contains(['(', ')'])) else {
                return Err(format!("`{text}` is not closed by one `)`"));
            };
            let rules = inner.split_whitespace().map(Self::parse).collect::<Result<Vec<_>, _>>()?;
            let fits = |rule: &Self| {
                matches!(
                    rule,
                    Self::Keys { .. }
                        | Self::ResetKeys
                        | Self::Channels(_)
                        | Self::ResetChannels
                        | Self::Commands { .. }
                )
            };
            if !rules.iter().all(fits) {
                return Err(format!("`{text}` holds more than keys, channels and commands"));
            }
            return Ok(Self::Selector(rules));
        }
        if text.contains(char::is_whitespace) || text.contains('\0') {
            return Err(format!("`{text}` is more than one rule: write each as an entry of its own"));
        }
        let keys = |pattern: &str, read, write| Self::Keys { pattern: pattern.to_owned(), read, write };
        Ok(match text.to_ascii_lowercase().as_str() {
            "on" => Self::Enabled(true),
            "off" => Self::Enabled(false),
            "nopass" => Self::NoPassword,
            "sanitize-payload" => Self::Sanitize(true),
            "skip-sanitize-payload" => Self::Sanitize(false),
            "allkeys" => keys("*", true, true),
            "resetkeys" => Self::ResetKeys,
            "allchannels" => Self::Channels("*".to_owned()),
            "resetchannels" => Self::ResetChannels,
            "allcommands" => Self::Commands { add: true, which: Which::All },
            "nocommands" => Self::Commands { add: false, which: Which::All },
            "clearselectors" => Self::ClearSelectors,
            lower => match text.split_at_checked(1) {
                Some((sign @ ("+" | "-"), _)) => {
                    let which = match lower[1..].strip_prefix('@') {
                        Some("all") => Which::All,
                        Some("") => return unknown(),
                        Some(category) => Which::Category(category.to_owned()),
                        None if lower.len() == 1 => return unknown(),
                        None => Which::Command(lower[1..].to_owned()),
                    };
                    Self::Commands { add: sign == "+", which }
                }
                Some(("~", pattern)) => keys(pattern, true, true),
                Some(("&", pattern)) => Self::Channels(pattern.to_owned()),
                Some(("%", rest)) => match rest.split_once('~') {
                    Some((flags, pattern)) => match flags.to_ascii_lowercase().as_str() {
                        "r" => keys(pattern, true, false),
                        "w" => keys(pattern, false, true),
                        "rw" | "wr" => keys(pattern, true, true),
                        _ => return unknown(),
                    },
                    None => return unknown(),
                },
                _ => return unknown(),
            },
        })
    }

    /// The version that a rule needs, as text, if this server does not know the rule.
    #[must_use]
    pub fn needs(&self, server: Server) -> Option<&'static str> {
        let needs_selectors = match self {
            Self::Selector(_) | Self::ClearSelectors => true,
            Self::Keys { read, write, .. } => !(*read && *write),
            Self::Commands { add: false, which: Which::Command(name) } => name.contains('|'),
            _ => false,
        };
        if needs_selectors && !server.has_selectors() {
            return Some("Redis 7.0 or later");
        }
        (matches!(self, Self::Sanitize(_)) && !server.has_channel_rules()).then_some("Redis 6.2 or later")
    }

    /// Whether the rule is about channels.
    #[must_use]
    pub fn is_about_channels(&self) -> bool {
        matches!(self, Self::Channels(_) | Self::ResetChannels)
    }
}

/// The rules in a line of text. A selector stays in one piece.
#[must_use]
pub fn words(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut open = false;
    for word in line.split(' ').filter(|word| !word.is_empty()) {
        match words.last_mut().filter(|_| open) {
            Some(selector) => {
                selector.push(' ');
                selector.push_str(word);
            }
            None => words.push(word.to_owned()),
        }
        open = (open || word.starts_with('(')) && !word.ends_with(')');
    }
    words
}

/// A server's commands by category, subcommands as `config|get`: the replies to `ACL CAT`.
pub type Categories = BTreeMap<String, BTreeSet<String>>;

#[cfg(test)]
mod tests {
    use super::testing::categories_of;
    use super::*;

    fn categories() -> Categories {
        categories_of(&[
            ("read", "get hget"),
            ("write", "set hset"),
            ("hash", "hget hset"),
            ("slow", "config"),
            ("dangerous", "config|get config|set"),
        ])
    }

    fn same(one: &str, other: &str) -> bool {
        allow_the_same(&words(one), &words(other), &categories())
    }

    #[test]
    fn rules_are_compared_by_what_they_allow() {
        for (one, other) in [
            ("on ~* +@read", "on sanitize-payload allkeys resetchannels -@all +@read"),
            ("on ~a ~b +get", "+get ~b ~a on"),
            ("on ~a* ~*", "on ~*"),
            ("on %R~a %W~a +get", "on ~a +get"),
            ("on +@all -@dangerous +config", "on +@all -@dangerous +config|get +config|set"),
            ("on +@all -config", "on +@read +@write"),
            ("on +@read +@write -@hash", "on -@all +get +set"),
            ("on +get -get", "on nocommands"),
            ("on (~x:* +get) ~y", "on ~y resetchannels -@all (~x:* resetchannels -@all +get)"),
            ("on &* &a", "on allchannels"),
            ("on +GET", "on +get"),
            ("on +ft.search", "on +ft.search -@all +ft.search"),
        ] {
            assert!(same(one, other), "{one} | {other}");
        }
        for (one, other) in [
            ("on +get", "off +get"),
            ("on ~a", "on ~b"),
            ("on ~a", "on %R~a"),
            ("on &a", "on &b"),
            ("on +@read", "on +get"),
            ("on +config", "on +config|get"),
            ("on +ft.search", "on"),
            ("on (~x +get)", "on ~x +get"),
            ("on", "on skip-sanitize-payload"),
            ("on ~A", "on ~a"),
        ] {
            assert!(!same(one, other), "{one} | {other}");
        }
    }

    #[test]
    fn servers_without_lists_of_subcommands_are_understood() {
        let set = |names: &str| names.split(' ').map(str::to_owned).collect();
        let old: Categories = BTreeMap::from([("admin".to_owned(), set("config acl"))]);
        let same = |one: &str, other: &str| allow_the_same(&words(one), &words(other), &old);
        assert!(same("on +config|get -@admin", "on -@all"));
        assert!(same("on +config|get +@admin", "on -@all +@admin"));
        assert!(same("on +@all -config +config|get", "on +@all -config +config|get"));
        assert!(!same("on +config|get", "on +config"));
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        for bad in
            ["read", "+", "-@", "%X~a", "%~a", "%R", "", ">p", "#h", "~a b", "(~a", "(on +get)", "(~a) x)"]
        {
            assert!(Rule::parse(bad).is_err(), "{bad}");
        }
        for good in ["~", "~*", "%RW~a:*", "&ch", "+@read", "-config|set", "(%R~a +get)", "ON", "nopass"] {
            assert!(Rule::parse(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn a_line_is_taken_apart_with_its_selectors_whole() {
        assert_eq!(words("on ~a (~x +get) (~y)  +ping"), ["on", "~a", "(~x +get)", "(~y)", "+ping"]);
    }
}
