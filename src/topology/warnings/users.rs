//! Warnings about users with doubtful rules.

use super::doubt::Doubt;
use super::start_commands;
use crate::spec::{Problem, Spec, SpecPath, nearest};
use crate::topology::acl::commands::{categories, commands, may_be_command};
use crate::topology::acl::{Rule, Which, words};
use crate::topology::{Server, Topology};

/// Commands that use channels, and the category of all of them.
const OF_CHANNELS: [&str; 6] = ["publish", "subscribe", "psubscribe", "spublish", "ssubscribe", "pubsub"];

/// Warnings for the users of a spec, each at the rules of its user, or at a single rule.
pub(super) fn warnings(spec: &Spec, topology: &Topology) -> Vec<Problem> {
    let Some(auth) = &topology.auth else { return Vec::new() };
    let mut warnings = Vec::new();
    if auth.default_rules.is_some() && !auth.default_password {
        let message = "the default user needs no password: set `auth.password`, or `auth.default: off`";
        warnings.push(Problem::new(&["auth"], message));
    }
    if auth.default_rules.is_none() && auth.users.is_empty() {
        let message = "the default user is off, and the spec has no other users: only redisctl can log in";
        warnings.push(Problem::new(&["auth", "default"], message));
    }
    let written = spec.auth.iter().flat_map(|auth| auth.users.iter().flatten());
    for (position, user) in written.enumerate() {
        let rules: Vec<String> = user.rules.iter().flat_map(|rule| words(rule)).collect();
        let rules: Vec<Rule> = rules.iter().filter_map(|rule| Rule::parse(rule).ok()).collect();
        let at = SpecPath::new(&["auth", "users"]).join(position.to_string()).join("rules");
        let at_start = start_commands::doubts(&rules, topology.server, topology.kind);
        for Doubt { what, word } in doubts(&rules, topology.server).into_iter().chain(at_start) {
            let named = |rule: &String| word.as_ref().is_some_and(|word| rule.contains(word.as_str()));
            let path = user.rules.iter().position(named).map_or(at.clone(), |rule| at.join(rule.to_string()));
            warnings.push(Problem { path, message: format!("user `{}` {what}", user.name), hint: None });
        }
    }
    warnings
}

/// The doubt about a user.
fn doubts(rules: &[Rule], server: Server) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    let has_selectors = rules.iter().any(|rule| matches!(rule, Rule::Selector(_)));
    let grants = |rule: &Rule| matches!(rule, Rule::Commands { add: true, .. });
    let has_keys = last(rules, |rule| match rule {
        Rule::Keys { .. } => Some(true),
        Rule::ResetKeys => Some(false),
        _ => None,
    });
    let has_channels = last(rules, |rule| match rule {
        Rule::Channels(_) => Some(true),
        Rule::ResetChannels => Some(false),
        _ => None,
    });
    let uses_channels = last(rules, |rule| match rule {
        Rule::Commands { add, which } => is_of_channels(which).then_some(*add),
        _ => None,
    });
    if !has_keys && !has_selectors && grants_keys(rules) {
        doubts.push(Doubt::of_all(
            "has commands but no key pattern: it can use no key; add a pattern like `~*`",
        ));
    }
    if server.has_channel_rules() {
        if uses_channels && !has_channels && !has_selectors {
            let doubt = "may publish and subscribe, but to no channel: add a pattern like `&*`";
            doubts.push(Doubt::of_all(doubt));
        }
    } else if rules.iter().any(|rule| matches!(rule, Rule::Channels(pattern) if pattern != "*")) {
        doubts.push(Doubt::of_all(format!("may use every channel: {server} has no rules for channels")));
    }
    // With `allcommands`, `allkeys` and `allchannels` are there on purpose.
    let all = |wanted: &Rule| rules.contains(wanted);
    let every_key = Rule::Keys { pattern: "*".to_owned(), read: true, write: true };
    let on_purpose = all(&every_key) && all(&Rule::Channels("*".to_owned()));
    let everything = rules.iter().rposition(|rule| *rule == Rule::Commands { add: true, which: Which::All });
    let takes_some_away =
        |after: usize| rules[after..].iter().any(|rule| matches!(rule, Rule::Commands { add: false, .. }));
    if everything.is_some_and(|position| !takes_some_away(position)) && !on_purpose {
        doubts.push(Doubt::of_all(
            "may run every command, `FLUSHALL` and `CONFIG` among them: add `-@dangerous`, or `~*` and `&*` if \
             that is meant",
        ));
    }
    if rules.contains(&Rule::NoPassword) {
        let what = "needs no password: any client that reaches the port can log in as this user";
        doubts.push(Doubt::about("nopass", what));
    } else if !rules.iter().any(grants) && !has_selectors && !rules.contains(&Rule::Enabled(false)) {
        doubts.push(Doubt::of_all("may run no command: add rules like `+@read`"));
    }
    doubts.extend(rules.iter().flat_map(unknown));
    doubts
}

/// The effect of the last relevant rule; `false` without a relevant rule.
fn last(rules: &[Rule], says: impl Fn(&Rule) -> Option<bool>) -> bool {
    rules.iter().rev().find_map(says).unwrap_or(false)
}

/// Whether some commands are likely to use keys: `+ping` alone uses none.
fn grants_keys(rules: &[Rule]) -> bool {
    const WITHOUT_KEYS: [&str; 6] =
        ["admin", "connection", "dangerous", "pubsub", "scripting", "transaction"];
    rules.iter().any(|rule| match rule {
        Rule::Commands { add: true, which: Which::All } => true,
        Rule::Commands { add: true, which: Which::Category(name) } => !WITHOUT_KEYS.contains(&name.as_str()),
        _ => false,
    })
}

fn is_of_channels(which: &Which) -> bool {
    match which {
        Which::All => true,
        Which::Category(name) => name == "pubsub",
        Which::Command(name) => OF_CHANNELS.contains(&name.as_str()),
    }
}

/// Commands and categories that no known server has.
fn unknown(rule: &Rule) -> Vec<Doubt> {
    let doubt = |sign: &str, kind: &str, name: &str, known: &[&'static str]| {
        let hint = nearest(name, known).map(|near| format!("; did you mean `{sign}{near}`?"));
        let modules = "unless a module of the image brings it, `up` refuses it";
        let what =
            format!("has `{sign}{name}`, a {kind} that is not known: {modules}{}", hint.unwrap_or_default());
        Doubt::about(format!("{sign}{name}"), what)
    };
    match rule {
        Rule::Selector(rules) => rules.iter().flat_map(unknown).collect(),
        Rule::Commands { add, which } => {
            let sign = if *add { "+" } else { "-" };
            match which {
                Which::Category(name) if !categories().contains(&name.as_str()) => {
                    vec![doubt(&format!("{sign}@"), "category", name, &categories())]
                }
                Which::Command(name) if !may_be_command(name) => {
                    vec![doubt(sign, "command", name, &commands())]
                }
                _ => Vec::new(),
            }
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doubts_about(image: &str, rules: &str) -> Vec<String> {
        let rules: Vec<Rule> = crate::topology::acl::words(rules)
            .iter()
            .map(|rule| Rule::parse(rule).expect("a rule"))
            .collect();
        doubts(&rules, Server::assumed(image)).into_iter().map(|doubt| doubt.what).collect()
    }

    #[test]
    fn rules_that_cannot_mean_what_they_say_are_pointed_out() {
        for (rules, words) in [
            ("+@read", "no key pattern"),
            ("~a resetkeys +@read", "no key pattern"),
            ("~* +@pubsub", "to no channel"),
            ("+publish", "to no channel"),
            ("~* +@all -@dangerous", "to no channel"),
            ("~app:* &* +@all", "every command"),
            ("~app:* &* -@dangerous +@all", "every command"),
            ("nopass ~* +get", "needs no password"),
            ("~*", "may run no command"),
            ("~* +gett", "did you mean `+get`?"),
            ("~* +@raed", "did you mean `+@read`?"),
            ("~* +config|gte", "did you mean `+config|get`?"),
            ("~* +get (~a +gett)", "did you mean `+get`?"),
        ] {
            let doubts = doubts_about("redis:8.0", rules);
            assert!(matches!(doubts.as_slice(), [doubt] if doubt.contains(words)), "{rules}: {doubts:?}");
        }
        for fine in [
            "~* &* +@all",
            "allkeys allchannels allcommands",
            "~app:* &app:* +@all -@dangerous",
            "~* +@read",
            "+ping +config|get",
            "~* +@write +@pubsub -@pubsub",
            "off",
            "(~a +get)",
            "~* +json.get +@json +select|0",
        ] {
            assert_eq!(doubts_about("redis:8.0", fine), Vec::<String>::new(), "{fine}");
        }
    }

    #[test]
    fn servers_without_rules_for_channels_are_named() {
        assert_eq!(
            doubts_about("redis:6.0", "~* &a +@pubsub"),
            ["may use every channel: redis 6.0.0 has no rules for channels"]
        );
        assert_eq!(doubts_about("redis:6.0", "~* +@pubsub"), Vec::<String>::new());
        assert_eq!(doubts_about("redis:6.0", "~* +@all -@dangerous"), Vec::<String>::new());
    }
}
