//! Whether a user may run the commands that client libraries send by themselves.

use super::doubt::Doubt;
use crate::topology::acl::{Rule, Which};
use crate::topology::server::StartCommand;
use crate::topology::{Kind, Server};

/// The doubts about a user whose client libraries cannot connect.
pub(super) fn doubts(rules: &[Rule], server: Server, kind: Kind) -> Vec<Doubt> {
    let has_commands = |rule: &Rule| matches!(rule, Rule::Commands { add: true, .. } | Rule::Selector(_));
    if rules.contains(&Rule::Enabled(false)) || !rules.iter().any(has_commands) {
        return Vec::new();
    }
    let mut doubts = Vec::new();
    if kind == Kind::Cluster {
        let refused = refused(rules, &server.commands_of_cluster_clients());
        doubts.extend(doubt(&refused, "without which clients do not find the nodes of a cluster"));
    }
    let refused = refused(rules, &server.commands_at_start());
    doubts.extend(doubt(&refused, "which many clients send at the start"));
    doubts
}

/// A command that the user may not run, and the rule that removes it, if any.
type Refused = (&'static str, Option<String>);

fn refused(rules: &[Rule], commands: &[StartCommand]) -> Vec<Refused> {
    let refused = |command: &StartCommand| {
        let allowing = rules.iter().filter_map(|rule| match rule {
            Rule::Selector(inner) => Some(inner.as_slice()),
            _ => None,
        });
        if allowing.chain([rules]).any(|rules| decisive(rules, command).is_some_and(|(add, _)| add)) {
            return None;
        }
        Some((command.name, decisive(rules, command).map(|(_, rule)| rule)))
    };
    commands.iter().filter_map(refused).collect()
}

/// The last rule about a command: whether it allows the command, and its text.
fn decisive(rules: &[Rule], command: &StartCommand) -> Option<(bool, String)> {
    let parent = command.name.split('|').next().unwrap_or_default();
    rules.iter().rev().find_map(|rule| {
        let Rule::Commands { add, which } = rule else { return None };
        let sign = if *add { '+' } else { '-' };
        match which {
            Which::All => Some((*add, format!("{sign}@all"))),
            Which::Category(name) if command.categories.contains(&name.as_str()) => {
                Some((*add, format!("{sign}@{name}")))
            }
            Which::Command(name) if name == command.name || name == parent => {
                Some((*add, format!("{sign}{name}")))
            }
            _ => None,
        }
    })
}

/// One doubt for all refused commands, at the first rule that removes one of them.
fn doubt(refused: &[Refused], why: &str) -> Option<Doubt> {
    if refused.is_empty() {
        return None;
    }
    let spoken = |name: &str| format!("`{}`", name.replace('|', " ").to_ascii_uppercase());
    let names: Vec<String> = refused.iter().map(|(name, _)| spoken(name)).collect();
    let rules: Vec<String> = refused.iter().map(|(name, _)| format!("`+{name}`")).collect();
    let what = format!("may not run {}, {why}; add {}", names.join(", "), rules.join(", "));
    Some(match refused.iter().find_map(|(_, rule)| rule.clone()) {
        Some(rule) => Doubt::about(rule, what),
        None => Doubt::of_all(what),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::acl::words;

    fn told(image: &str, kind: Kind, rules: &str) -> Vec<String> {
        let rules: Vec<Rule> = words(rules).iter().map(|rule| Rule::parse(rule).unwrap()).collect();
        doubts(&rules, Server::assumed(image), kind).into_iter().map(|doubt| doubt.what).collect()
    }

    #[test]
    fn commands_that_clients_send_are_missed() {
        let cluster = "may not run `CLUSTER SLOTS`, `CLUSTER SHARDS`, without which clients do not find the nodes of a \
                       cluster; add `+cluster|slots`, `+cluster|shards`";
        let start = "may not run `HELLO`, `SELECT`, `CLIENT SETNAME`, which many clients send at the start; add \
                     `+hello`, `+select`, `+client|setname`";
        assert_eq!(told("redis:7.0", Kind::Cluster, "~* +@read"), [cluster, start]);
        assert_eq!(told("redis:7.0", Kind::Standalone, "~* +@read"), [start]);
        assert_eq!(told("redis:7.0", Kind::Cluster, "~* +@connection"), [cluster]);
        let old = told("redis:6.0", Kind::Cluster, "~* &* +@all -@dangerous");
        assert!(old[0].starts_with("may not run `CLUSTER SLOTS`, without"), "{old:?}");
        assert!(old[1].starts_with("may not run `CLIENT SETNAME`, which"), "{old:?}");
    }

    #[test]
    fn users_whose_clients_can_begin_are_left_alone() {
        for rules in [
            "~* &* +@all",
            "~* &* +@all -@dangerous",
            "+cluster +hello +select +client +@read",
            "+cluster|slots +cluster|shards +hello +select|0 +select +client|setname",
            "off +@read",
            "~*",
            "(~a +@all)",
            "+@slow +@fast",
        ] {
            assert_eq!(told("valkey:8.1", Kind::Cluster, rules), Vec::<String>::new(), "{rules}");
        }
    }
}
