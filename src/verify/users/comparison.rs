//! Whether two lists of ACL rules permit the same requests.
//!
//! Servers report rules in their own spelling. The comparison tries both lists on every command of the server, and on
//! keys and channels of every pattern. It shares the parser of rules with the planner's comparison, and nothing else.

use std::collections::BTreeSet;

use crate::topology::Server;
use crate::topology::acl::{Rule, Which};

use super::glob::instances;
use super::permissions::{Permissions, ScopeNumbers, ServerCommands};
use super::probes::{each, patterns};
use super::sample_commands::Use;

/// Stands in keys and channels for the `*` of a pattern. No pattern contains it by chance.
const FILLER: &str = "redisctl-verify";

/// Whether both lists of rules permit the same requests on a server with these commands.
pub(in crate::verify) fn permit_the_same(
    one: &[Rule],
    other: &[Rule],
    commands: &ServerCommands<'_>,
    server: Server,
) -> bool {
    let lists = [one, other];
    let permissions = lists.map(|rules| Permissions::from_rules(rules, server));
    let of_both =
        |scopes: &dyn Fn(&Permissions) -> ScopeNumbers| [scopes(&permissions[0]), scopes(&permissions[1])];
    let mut of_commands = BTreeSet::new();
    for (name, first_argument) in command_forms(lists, commands) {
        of_commands.insert(of_both(&|of| of.scopes_of_command(name, first_argument, commands)));
    }
    // A command without keys and channels is permitted in every scope that permits the command.
    let mut of_targets = BTreeSet::from([of_both(&Permissions::all_scopes)]);
    for key in targets(lists, false) {
        for usage in [Use::Read, Use::Write, Use::Both, Use::Touch] {
            of_targets.insert(of_both(&|of| of.scopes_of_target(usage, &key)));
        }
    }
    for channel in targets(lists, true) {
        of_targets.insert(of_both(&|of| of.scopes_of_target(Use::Channel, &channel)));
    }
    of_commands.iter().all(|[one, other]| {
        let permitted = |command: &ScopeNumbers, target: &ScopeNumbers| !command.is_disjoint(target);
        of_targets
            .iter()
            .all(|[target, other_target]| permitted(one, target) == permitted(other, other_target))
    })
}

/// Every command of the server and of the rules, with the first argument of rules such as `+select|0`.
fn command_forms<'a>(
    lists: [&'a [Rule]; 2],
    commands: &ServerCommands<'a>,
) -> BTreeSet<(&'a str, Option<&'a str>)> {
    let named = lists.into_iter().flat_map(each).filter_map(|rule| match rule {
        Rule::Commands { which: Which::Command(name), .. } => Some(name.as_str()),
        _ => None,
    });
    let mut forms: BTreeSet<_> = commands.names().map(|name| (name, None)).collect();
    for name in named {
        match name.split_once('|') {
            // The argument is a subcommand if the server lists subcommands of the command.
            Some((command, argument)) if !commands.has_subcommands(command) => {
                forms.extend([(name, None), (command, Some(argument))]);
            }
            // A command with subcommands cannot run without one.
            None if commands.has_subcommands(name) => {}
            _ => forms.extend([(name, None)]),
        }
    }
    forms
}

/// Keys or channels of every pattern in the rules, and one without a pattern.
fn targets(lists: [&[Rule]; 2], of_channels: bool) -> BTreeSet<String> {
    let patterns = lists.into_iter().flat_map(|rules| patterns(rules, of_channels));
    patterns.flat_map(|pattern| instances(pattern, FILLER)).chain([FILLER.to_owned()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::acl::testing::categories_of;
    use crate::topology::acl::{Categories, words};

    fn same(one: &str, other: &str, categories: &Categories, image: &str) -> bool {
        let rules =
            |text| words(text).iter().map(|rule| Rule::parse(rule).expect("a rule")).collect::<Vec<_>>();
        let commands = ServerCommands::by_category(categories);
        permit_the_same(&rules(one), &rules(other), &commands, Server::assumed(image))
    }

    #[test]
    fn rules_are_compared_by_the_requests_that_they_permit() {
        let categories = categories_of(&[
            ("read", "get hget"),
            ("write", "set hset"),
            ("hash", "hget hset"),
            ("slow", "config"),
            ("dangerous", "config|get config|set"),
        ]);
        for (one, other) in [
            ("~* +@read", "allkeys resetchannels -@all +@read"),
            ("~a ~b +get", "+get ~b ~a"),
            ("~a* ~* +get", "~* +get"),
            ("%R~a %W~a +get", "~a +get"),
            ("~* +@all -@dangerous +config", "~* +@all -@dangerous +config|get +config|set"),
            ("~* +@all -config", "~* +@read +@write"),
            ("+get -get", "nocommands"),
            ("(~x:* +get) ~y", "~y resetchannels -@all (~x:* resetchannels -@all +get)"),
            ("&* &a +publish", "allchannels +publish"),
            ("+GET", "+get"),
            ("+ft.search", "+ft.search -@all +ft.search"),
            ("(~a +get) (~a +set)", "~a +get +set"),
            ("~* +@dangerous", "~* -@all +config|get +config|set"),
        ] {
            assert!(same(one, other, &categories, "redis:7.0"), "{one} | {other}");
        }
        for (one, other) in [
            ("~a +get", "~b +get"),
            ("~a +get", "%R~a +get"),
            ("~a* +get", "~a:* +get"),
            ("~[ab] +get", "~a +get"),
            ("&a +publish", "&b +publish"),
            ("~* +@read", "~* +get"),
            ("+config", "+config|get"),
            ("+ft.search", ""),
            ("(~x +get) +set", "~x +get +set"),
            ("(~a +get) (~b +set)", "~a ~b +get +set"),
            ("~A +get", "~a +get"),
            ("+select|0", "+select"),
        ] {
            assert!(!same(one, other, &categories, "redis:7.0"), "{one} | {other}");
        }
    }

    #[test]
    fn servers_without_lists_of_subcommands_are_understood() {
        let old = categories_of(&[("admin", "config acl"), ("read", "get")]);
        assert!(same("+config|get -@admin", "-@all", &old, "redis:6.0"));
        assert!(same("+config|get +@admin", "-@all +@admin", &old, "redis:6.0"));
        assert!(!same("+config|get", "+config", &old, "redis:6.0"));
        assert!(same("~* &a +get", "~* +get", &old, "redis:6.0"));
    }
}
