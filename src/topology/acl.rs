//! ACL rules: how they are read, and whether two lists of them allow the same.
//!
//! A server tells rules in its own words, which differ between versions: `+config` may come back as four
//! subcommands, `-@dangerous` as its commands. So rules are compared by what they allow, over the commands
//! that the server lists.

use std::collections::{BTreeMap, BTreeSet};

use super::Server;

pub mod commands;
#[cfg(test)]
pub(crate) mod testing;

/// One rule, as `ACL SETUSER` takes it, passwords left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// `on`, `off`.
    Enabled(bool),
    /// `nopass`: any password lets in.
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
    /// `(rules)`: a selector, which allows on its own.
    Selector(Vec<Rule>),
    /// `clearselectors`.
    ClearSelectors,
}

/// Which commands a rule is about, lower case.
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
    /// What is wrong with it.
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

    /// The version that a rule needs, in words, where this server does not know the rule.
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

/// The rules in a line of text, selectors in one piece.
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

/// A server's commands by category, subcommands as `config|get`: what `ACL CAT` says.
pub type Categories = BTreeMap<String, BTreeSet<String>>;

/// Whether two lists of rules let a user do the same, on a server with these commands.
#[must_use]
pub fn allow_the_same(one: &[String], other: &[String], categories: &Categories) -> bool {
    let parsed = |rules: &[String]| rules.iter().map(|rule| Rule::parse(rule)).collect::<Result<Vec<_>, _>>();
    // Rules that cannot be read are compared as text.
    let (Ok(ours), Ok(theirs)) = (parsed(one), parsed(other)) else { return one == other };
    let commands = Commands::new(categories, [&ours, &theirs]);
    Allowance::granted_by(&ours, &commands) == Allowance::granted_by(&theirs, &commands)
}

/// What a user may do, passwords aside: equal for all lists of rules that mean the same.
#[derive(Debug, PartialEq, Eq)]
struct Allowance<'a> {
    enabled: bool,
    sanitizes: bool,
    own: Scope<'a>,
    selectors: BTreeSet<Scope<'a>>,
}

/// Keys, channels and commands that go together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
struct Scope<'a> {
    /// Patterns, and whether their keys may be read and written.
    keys: BTreeMap<&'a str, (bool, bool)>,
    channels: BTreeSet<&'a str>,
    commands: BTreeSet<&'a str>,
}

impl<'a> Allowance<'a> {
    fn granted_by(rules: &'a [Rule], commands: &Commands<'a>) -> Self {
        let mut allowance =
            Self { enabled: false, sanitizes: true, own: Scope::default(), selectors: BTreeSet::new() };
        for rule in rules {
            match rule {
                Rule::Enabled(enabled) => allowance.enabled = *enabled,
                Rule::Sanitize(sanitizes) => allowance.sanitizes = *sanitizes,
                Rule::NoPassword => {}
                Rule::ClearSelectors => allowance.selectors.clear(),
                Rule::Selector(rules) => {
                    let mut scope = Scope::default();
                    for rule in rules {
                        scope.apply(rule, commands);
                    }
                    allowance.selectors.insert(scope.simplest());
                }
                rule => allowance.own.apply(rule, commands),
            }
        }
        allowance.own = allowance.own.simplest();
        allowance
    }
}

impl<'a> Scope<'a> {
    fn apply(&mut self, rule: &'a Rule, commands: &Commands<'a>) {
        match rule {
            Rule::Keys { pattern, read, write } => {
                let may = self.keys.entry(pattern).or_default();
                *may = (may.0 || *read, may.1 || *write);
            }
            Rule::ResetKeys => self.keys.clear(),
            Rule::Channels(pattern) => {
                self.channels.insert(pattern);
            }
            Rule::ResetChannels => self.channels.clear(),
            Rule::Commands { add: true, which } => self.commands.extend(commands.that_are(which)),
            Rule::Commands { add: false, which } => {
                for command in commands.that_are(which) {
                    self.commands.remove(command);
                }
            }
            _ => {}
        }
    }

    /// The scope without patterns that `*` covers.
    fn simplest(mut self) -> Self {
        if self.keys.get("*") == Some(&(true, true)) {
            self.keys.retain(|pattern, _| *pattern == "*");
        }
        if self.channels.contains("*") {
            self.channels.retain(|pattern| *pattern == "*");
        }
        self
    }
}

/// Every command that matters to a comparison, with its categories.
struct Commands<'a>(BTreeMap<&'a str, BTreeSet<&'a str>>);

impl<'a> Commands<'a> {
    fn new(categories: &'a Categories, rules: [&'a Vec<Rule>; 2]) -> Self {
        let mut table: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (category, commands) in categories {
            for command in commands {
                table.entry(command).or_default().insert(category);
            }
        }
        // A command with subcommands counts as its subcommands: what servers say of the command itself
        // differs.
        let parents: BTreeSet<&str> = table.keys().filter_map(|name| Some(name.split_once('|')?.0)).collect();
        let named = rules.into_iter().flatten().flat_map(named).filter(|name| !parents.contains(name));
        for name in named {
            if !table.contains_key(name) {
                // Servers before 7.0 list no subcommands. There, a subcommand has the categories of its
                // command.
                let inherited = name.split_once('|').and_then(|(parent, _)| table.get(parent).cloned());
                table.insert(name, inherited.unwrap_or_default());
            }
        }
        table.retain(|name, _| !parents.contains(name));
        Self(table)
    }

    fn that_are(&self, which: &Which) -> impl Iterator<Item = &'a str> {
        let concerned = move |name: &str, categories: &BTreeSet<&str>| match which {
            Which::All => true,
            Which::Category(category) => categories.contains(category.as_str()),
            Which::Command(command) => {
                name == command || name.split_once('|').is_some_and(|(parent, _)| parent == command)
            }
        };
        self.0.iter().filter(move |(name, categories)| concerned(name, categories)).map(|(name, _)| *name)
    }
}

/// The commands that a rule names.
fn named(rule: &Rule) -> Vec<&str> {
    match rule {
        Rule::Commands { which: Which::Command(name), .. } => vec![name],
        Rule::Selector(rules) => rules.iter().flat_map(named).collect(),
        _ => Vec::new(),
    }
}

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
