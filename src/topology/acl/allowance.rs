//! Whether two lists of ACL rules allow the same.
//!
//! Servers return rules in their own words, which differ between versions. `+config` may come back as four
//! subcommands, `-@dangerous` as its commands. So the comparison uses the effect of rules on the commands that the
//! server lists.

use std::collections::{BTreeMap, BTreeSet};

use super::{Categories, Rule, Which};

/// Whether two lists of rules give a user the same rights, on a server with these commands.
#[must_use]
pub fn allow_the_same(one: &[String], other: &[String], categories: &Categories) -> bool {
    let parsed = |rules: &[String]| rules.iter().map(|rule| Rule::parse(rule)).collect::<Result<Vec<_>, _>>();
    // Rules that cannot be read are compared as text.
    let (Ok(ours), Ok(theirs)) = (parsed(one), parsed(other)) else { return one == other };
    let commands = Commands::new(categories, [&ours, &theirs]);
    Allowance::granted_by(&ours, &commands) == Allowance::granted_by(&theirs, &commands)
}

/// The rights of a user, without passwords: equal for all equivalent lists of rules.
#[derive(Debug, PartialEq, Eq)]
struct Allowance<'a> {
    enabled: bool,
    sanitizes: bool,
    own: AllowanceScope<'a>,
    selectors: BTreeSet<AllowanceScope<'a>>,
}

/// Keys, channels and commands that go together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
struct AllowanceScope<'a> {
    /// Patterns, and whether their keys may be read and written.
    keys: BTreeMap<&'a str, (bool, bool)>,
    channels: BTreeSet<&'a str>,
    commands: BTreeSet<&'a str>,
}

impl<'a> Allowance<'a> {
    fn granted_by(rules: &'a [Rule], commands: &Commands<'a>) -> Self {
        let mut allowance = Self {
            enabled: false,
            sanitizes: true,
            own: AllowanceScope::default(),
            selectors: BTreeSet::new(),
        };
        for rule in rules {
            match rule {
                Rule::Enabled(enabled) => allowance.enabled = *enabled,
                Rule::Sanitize(sanitizes) => allowance.sanitizes = *sanitizes,
                Rule::NoPassword => {}
                Rule::ClearSelectors => allowance.selectors.clear(),
                Rule::Selector(rules) => {
                    let mut scope = AllowanceScope::default();
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

impl<'a> AllowanceScope<'a> {
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
        // A command with subcommands counts as its subcommands: servers describe the command itself differently.
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
