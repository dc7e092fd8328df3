//! An interpreter of ACL rules: it predicts whether the server permits a request of a user.

use std::collections::{BTreeMap, BTreeSet};

use super::glob::matches;
use super::sample_commands::{SampleCommand, Use};
use crate::topology::Server;
use crate::topology::acl::{Categories, Rule, Which};

/// The permissions that a user has by its rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Permissions {
    /// Whether the user may log in.
    pub(super) enabled: bool,
    /// The scope of the user's own rules, then the scope of each selector.
    scopes: Vec<Scope>,
}

/// Scopes by number. The server permits a request if one scope permits its command and all of its keys.
pub(super) type ScopeNumbers = BTreeSet<usize>;

/// Commands, keys and channels that are permitted together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Scope {
    /// The rules about commands in order: whether the rule adds, and which commands.
    commands: Vec<(bool, Which)>,
    /// Patterns, and whether their keys may be read and written.
    keys: BTreeMap<String, (bool, bool)>,
    channels: Vec<String>,
}

/// The commands that a server has, each with its categories.
#[derive(Default)]
pub(in crate::verify) struct ServerCommands<'a>(BTreeMap<&'a str, BTreeSet<&'a str>>);

impl<'a> ServerCommands<'a> {
    pub(in crate::verify) fn by_category(categories: &'a Categories) -> Self {
        let mut commands: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (category, members) in categories {
            for command in members {
                commands.entry(command).or_default().insert(category);
            }
        }
        Self(commands)
    }

    /// The categories of a command; `None` if the server does not have it. Servers before Redis 7.0 list no
    /// subcommands: a subcommand has the categories of its command.
    pub(super) fn categories(&self, command: &str) -> Option<&BTreeSet<&'a str>> {
        let container = command.split('|').next().unwrap_or(command);
        self.0.get(command).or_else(|| self.0.get(container))
    }

    /// Whether the server lists subcommands of a command.
    pub(super) fn has_subcommands(&self, command: &str) -> bool {
        self.0.keys().any(|name| name.split_once('|').is_some_and(|(container, _)| container == command))
    }

    /// Every category that has a command.
    pub(super) fn all_categories(&self) -> BTreeSet<&'a str> {
        self.0.values().flatten().copied().collect()
    }

    /// Every command and subcommand by name, without the commands whose subcommands are listed.
    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> {
        let containers: BTreeSet<&str> =
            self.0.keys().filter_map(|name| Some(name.split_once('|')?.0)).collect();
        self.0.keys().copied().filter(move |name| !containers.contains(name))
    }

    /// Whether a rule applies to a sample command.
    pub(super) fn concerns(&self, which: &Which, sample: &SampleCommand) -> bool {
        self.concerns_named(which, sample.name, sample.first_argument())
    }

    /// Whether a rule applies to the command of this name with this first argument.
    pub(super) fn concerns_named(&self, which: &Which, name: &str, first_argument: Option<&str>) -> bool {
        match which {
            Which::All => true,
            Which::Category(category) => {
                self.categories(name).is_some_and(|categories| categories.contains(category.as_str()))
            }
            Which::Command(command) => {
                // In `+select|0`, `0` is the first argument.
                let with_argument = || {
                    let (container, argument) = command.split_once('|')?;
                    Some(container == name && first_argument == Some(argument))
                };
                command == name
                    || name.split_once('|').is_some_and(|(container, _)| container == command)
                    || with_argument() == Some(true)
            }
        }
    }
}

impl Permissions {
    /// Applies the rules to a new user that is on.
    pub(super) fn from_rules(rules: &[Rule], server: Server) -> Self {
        let mut own = Scope::default();
        let mut selectors = Vec::new();
        let mut enabled = true;
        for rule in rules {
            match rule {
                Rule::Enabled(on) => enabled = *on,
                Rule::ClearSelectors => selectors.clear(),
                Rule::Selector(rules) => {
                    let mut scope = Scope::default();
                    for rule in rules {
                        scope.apply(rule);
                    }
                    selectors.push(scope);
                }
                rule => own.apply(rule),
            }
        }
        if !server.has_channel_rules() {
            own.channels = vec!["*".to_owned()];
        }
        Self { enabled, scopes: std::iter::once(own).chain(selectors).collect() }
    }

    /// The scopes that permit a command.
    pub(super) fn scopes_of_command(
        &self,
        name: &str,
        first_argument: Option<&str>,
        commands: &ServerCommands<'_>,
    ) -> ScopeNumbers {
        self.numbers(|scope| scope.permit_named(name, first_argument, commands))
    }

    /// The scopes that permit a use of a key or channel.
    pub(super) fn scopes_of_target(&self, usage: Use, target: &str) -> ScopeNumbers {
        self.numbers(|scope| scope.permit_use(usage, target))
    }

    /// Every scope.
    pub(super) fn all_scopes(&self) -> ScopeNumbers {
        self.numbers(|_| true)
    }

    fn numbers(&self, permits: impl Fn(&Scope) -> bool) -> ScopeNumbers {
        let scopes = self.scopes.iter().enumerate();
        scopes.filter(|(_, scope)| permits(scope)).map(|(number, _)| number).collect()
    }

    /// Whether a command is permitted on a key or channel.
    pub(super) fn permit(&self, sample: &SampleCommand, target: &str, words: &ServerCommands<'_>) -> bool {
        self.scopes
            .iter()
            .any(|scope| scope.permit_command(sample, words) && scope.permit_target(sample, target))
    }

    /// Whether a command is permitted on some key or channel.
    pub(super) fn permit_command(&self, sample: &SampleCommand, words: &ServerCommands<'_>) -> bool {
        self.scopes.iter().any(|scope| scope.permit_command(sample, words))
    }

    /// Whether the keys and channels of a command are permitted for some command.
    pub(super) fn permit_target(&self, sample: &SampleCommand, target: &str) -> bool {
        self.scopes.iter().any(|scope| scope.permit_target(sample, target))
    }
}

impl Scope {
    fn apply(&mut self, rule: &Rule) {
        match rule {
            Rule::Keys { pattern, read, write } => {
                let may = self.keys.entry(pattern.clone()).or_default();
                *may = (may.0 || *read, may.1 || *write);
            }
            Rule::ResetKeys => self.keys.clear(),
            Rule::Channels(pattern) => self.channels.push(pattern.clone()),
            Rule::ResetChannels => self.channels.clear(),
            Rule::Commands { add, which } => self.commands.push((*add, which.clone())),
            // Rules about log-ins and selectors belong to no scope.
            _ => {}
        }
    }

    fn permit_command(&self, sample: &SampleCommand, commands: &ServerCommands<'_>) -> bool {
        self.permit_named(sample.name, sample.first_argument(), commands)
    }

    fn permit_named(&self, name: &str, first_argument: Option<&str>, commands: &ServerCommands<'_>) -> bool {
        let mut latest_first = self.commands.iter().rev();
        let decisive = latest_first.find(|(_, which)| commands.concerns_named(which, name, first_argument));
        decisive.is_some_and(|(adds, _)| *adds)
    }

    fn permit_target(&self, sample: &SampleCommand, target: &str) -> bool {
        sample.uses().all(|usage| self.permit_use(usage, target))
    }

    fn permit_use(&self, usage: Use, target: &str) -> bool {
        if usage == Use::Channel {
            return self.channels.iter().any(|pattern| matches(pattern, target));
        }
        self.keys.iter().any(|(pattern, (read, write))| {
            let suffices = match usage {
                Use::Read => *read,
                Use::Write => *write,
                Use::Both => *read && *write,
                Use::Touch | Use::Channel => true,
            };
            suffices && matches(pattern, target)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample_commands::sample_commands;
    use super::*;
    use crate::topology::acl::testing::categories_of;
    use crate::topology::acl::words;

    fn categories() -> Categories {
        categories_of(&[
            ("read", "get"),
            ("string", "get set"),
            ("write", "set"),
            ("admin", "config|get config|set"),
            ("dangerous", "config|get config|set"),
            ("fast", "ping publish select"),
        ])
    }

    fn permits_on(image: &str, rules: &str, command: &str, target: &str) -> bool {
        let rules: Vec<Rule> = words(rules).iter().map(|rule| Rule::parse(rule).expect("a rule")).collect();
        let sample = sample_commands().into_iter().find(|sample| sample.name == command).expect("a sample");
        let categories = categories();
        Permissions::from_rules(&rules, Server::assumed(image)).permit(
            &sample,
            target,
            &ServerCommands::by_category(&categories),
        )
    }

    fn permits(rules: &str, command: &str, target: &str) -> bool {
        permits_on("redis:7.0", rules, command, target)
    }

    #[test]
    fn commands_are_permitted_in_the_order_of_the_rules() {
        let get = |rules: &str| permits(&format!("~* {rules}"), "get", "a");
        let config = |rules: &str| permits(rules, "config|get", "");
        for rules in
            ["+@all", "allcommands", "+@read", "+GET", "-@all +@string", "+@all -@write", "-get +get"]
        {
            assert!(get(rules), "{rules}");
        }
        for rules in ["", "+@write", "+@all -@read", "+get -@all", "+set", "+@all -get", "+get nocommands"] {
            assert!(!get(rules), "{rules}");
        }
        assert!(config("+config|get") && config("+config") && config("+@all -config|set"));
        assert!(!config("+@all -@dangerous") && !config("+config -config|get") && !config("+config|set"));
        assert!(permits("+select|0", "select", "") && !permits("+select|2", "select", ""));
    }

    #[test]
    fn keys_are_permitted_by_pattern_and_use() {
        let own = |command: &str, key: &str| permits("~app:* %R~shared:* %W~log +@all", command, key);
        assert!(own("set", "app:1") && own("get", "app:1") && own("incr", "app:1"));
        assert!(own("get", "shared:1") && !own("set", "shared:1") && own("exists", "shared:1"));
        assert!(own("set", "log") && !own("get", "log") && !own("incr", "log"));
        assert!(!own("get", "other") && !own("exists", "other"));
        assert!(permits("%R~a %W~a +@all", "incr", "a"));
        assert!(!permits("~* resetkeys +@all", "get", "a") && permits("+ping", "ping", ""));
    }

    #[test]
    fn channels_are_denied_where_there_are_rules_for_them() {
        assert!(!permits("+@all", "publish", "news"));
        assert!(permits_on("redis:6.0", "+@all", "publish", "news"));
        assert!(permits("+@all &news:*", "publish", "news:1"));
        assert!(!permits("+@all &news:* resetchannels", "publish", "news:1"));
    }

    #[test]
    fn selectors_allow_on_their_own() {
        let permitted = |command: &str, key: &str| permits("~a* +get (~b* +set) -get", command, key);
        assert!(permitted("set", "b1") && !permitted("set", "a1") && !permitted("get", "a1"));
        assert!(!permits("(~b +get) clearselectors", "get", "b"));
        let off = Permissions::from_rules(&[Rule::Enabled(false)], Server::assumed("redis:7.0"));
        assert!(!off.enabled);
    }
}
