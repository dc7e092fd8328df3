//! Rules of `config`: redisctl does not own its directives, and a server can read them.

use std::collections::BTreeMap;

use super::sentinels::value_is_a_number;
use crate::spec::redis_conf::lines::{group_size, is_written_as_given, repeats};
use crate::spec::redis_conf::names::is_same_directive;
use crate::spec::redis_conf::quoting::split;
use crate::spec::{DirectiveValue, Problem, Spec};
use crate::topology::Server;
use crate::topology::settings::owned;
use crate::topology::settings::values::memory_bytes;

/// Commands that redisctl, replicas, cluster nodes or sentinels send, or that `verify` tries.
const NEEDED_COMMANDS: [&str; 37] = [
    "acl",
    "asking",
    "auth",
    "client",
    "cluster",
    "command",
    "config",
    "dbsize",
    "del",
    "discard",
    "exec",
    "failover",
    "get",
    "hello",
    "info",
    "mget",
    "multi",
    "pexpire",
    "ping",
    "psync",
    "pttl",
    "publish",
    "readonly",
    "replconf",
    "replicaof",
    "role",
    "script",
    "select",
    "set",
    "slaveof",
    "spublish",
    "ssubscribe",
    "subscribe",
    "sync",
    "unsubscribe",
    "wait",
    "watch",
];

/// Directives whose values are amounts of memory on every server.
const AMOUNTS: [&str; 6] = [
    "active-defrag-ignore-bytes",
    "auto-aof-rewrite-min-size",
    "client-query-buffer-limit",
    "maxmemory",
    "proto-max-bulk-len",
    "repl-backlog-size",
];

/// The directives of a spec, common or of a node, with the path of the mapping that holds them.
fn all(spec: &Spec) -> impl Iterator<Item = (Vec<&str>, &BTreeMap<String, DirectiveValue>)> {
    let common = spec.config.iter().map(|config| (vec!["config"], config));
    let own = spec.nodes.iter().flatten();
    let own = own.filter_map(|(name, node)| Some((vec!["nodes", name, "config"], node.config.as_ref()?)));
    common.chain(own)
}

/// All rules about directives as written.
pub(super) fn can_be_written(spec: &Spec) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (path, config) in all(spec) {
        for (name, value) in config {
            let at: Vec<&str> = path.iter().copied().chain([name.as_str()]).collect();
            match name_is_the_users(&at, name) {
                Some(problem) => problems.push(problem),
                None => problems.extend(value_can_be_read(&at, name, value)),
            }
        }
        problems.extend(names_are_different(&path, config));
    }
    problems
}

fn name_is_the_users(at: &[&str], name: &str) -> Option<Problem> {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    if let Some(advice) = owned(name) {
        return Some(Problem::new(at, format!("redisctl owns the directive `{name}`")).hint(advice));
    }
    let is_name = !name.is_empty() && name.chars().all(is_plain);
    (!is_name).then(|| Problem::new(at, format!("`{name}` is not the name of a directive")))
}

/// An old and a new name, or upper and lower case, are the same directive.
fn names_are_different(path: &[&str], config: &BTreeMap<String, DirectiveValue>) -> Vec<Problem> {
    let names: Vec<&String> = config.keys().collect();
    let mut problems = Vec::new();
    for (position, name) in names.iter().enumerate() {
        if let Some(other) = names[..position].iter().find(|other| is_same_directive(other, name)) {
            let at: Vec<&str> = path.iter().copied().chain([name.as_str()]).collect();
            let message = format!("`{name}` and `{other}` are the same directive");
            problems.push(Problem::new(&at, message).hint("keep one of them"));
        }
    }
    problems
}

fn value_can_be_read(at: &[&str], name: &str, value: &DirectiveValue) -> Vec<Problem> {
    let is_list = matches!(value, DirectiveValue::Several(_));
    if is_list && !repeats(name) {
        let message = format!("`{name}` takes one value, not a list");
        return vec![Problem::new(at, message).hint("write one value, with its words in one text")];
    }
    let lines = value.lines().into_iter().enumerate().filter_map(|(index, line)| {
        let index = index.to_string();
        let at: Vec<&str> = at.iter().copied().chain(is_list.then_some(index.as_str())).collect();
        line_can_be_read(&at, name, &line)
    });
    lines.collect()
}

fn line_can_be_read(at: &[&str], name: &str, line: &str) -> Option<Problem> {
    if line.contains(['\n', '\r', '\0']) {
        let message = format!("the value of `{name}` has a line break or a zero byte in it");
        return Some(Problem::new(at, message));
    }
    if let Some(problem) = value_is_a_number(at, name, line) {
        return Some(problem);
    }
    match group_size(name) {
        Some(size) => words_are_whole(at, name, size, line),
        None if is_written_as_given(name) => words_fit(at, name, line),
        None => amount_can_be_read(at, name, line),
    }
}

/// An amount of memory has a unit that servers know.
fn amount_can_be_read(at: &[&str], name: &str, line: &str) -> Option<Problem> {
    let is_amount = AMOUNTS.iter().any(|amount| name.eq_ignore_ascii_case(amount));
    (is_amount && memory_bytes(line).is_none()).then(|| {
        let message = format!("`{line}` is not a value of `{name}`");
        Problem::new(at, message).hint("write bytes, or a number with a unit: `kb`, `mb`, `gb`")
    })
}

/// A value of several groups of words has complete groups. The groups of `save` are seconds and changes.
fn words_are_whole(at: &[&str], name: &str, size: usize, line: &str) -> Option<Problem> {
    if line.split_whitespace().count().is_multiple_of(size) || line == "\"\"" {
        return None;
    }
    let message = format!("`{line}` is not a value of `{name}`");
    Some(Problem::new(at, message).hint(match name {
        "save" => "write seconds and changes: `900 1`, or several: `[\"900 1\", \"300 10\"]`",
        _ => "write class, hard limit, soft limit and seconds: `replica 256mb 64mb 60`",
    }))
}

/// The words of a line that a server gets unchanged.
fn words_fit(at: &[&str], name: &str, line: &str) -> Option<Problem> {
    let Ok(words) = split(line) else {
        let message = format!("the quotes in `{line}` do not fit");
        return Some(Problem::new(at, message).hint("a quote begins a word and ends it"));
    };
    let words: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    match (name.to_ascii_lowercase().as_str(), words.as_slice()) {
        ("rename-command", [command, _]) if NEEDED_COMMANDS.contains(&command.to_lowercase().as_str()) => {
            let message = format!("redisctl needs the command `{command}`: it cannot be renamed");
            let rule = command.to_lowercase();
            Some(
                Problem::new(at, message)
                    .hint(format!("take it from users by a rule: `-{rule}` in `auth.users`")),
            )
        }
        ("rename-command", [_, _]) => None,
        ("rename-command", _) => {
            let message = format!("`{line}` is not a value of `{name}`");
            Some(Problem::new(at, message).hint("write the command and its new name: `FLUSHALL \"\"`"))
        }
        ("loadmodule", []) => Some(Problem::new(at, format!("`{name}` needs the path of a module"))),
        _ => None,
    }
}

/// The server in the image is new enough for each directive. Nodes with images of their own have another server.
pub(in crate::topology) fn server_knows_them(spec: &Spec, server: Server) -> Vec<Problem> {
    let has_own = |path: &[&str]| match path {
        ["nodes", node, ..] => image_of_node(spec, node).is_some(),
        _ => false,
    };
    let configs = all(spec).filter(|(path, _)| !has_own(path));
    configs.flat_map(|(path, config)| unknown(&path, config, server)).collect()
}

/// The server in a node's own image is new enough for each directive of the node.
pub(in crate::topology) fn node_knows_them(spec: &Spec, node: &str, server: Server) -> Vec<Problem> {
    let is_of_node = |path: &[&str]| path.first() == Some(&"config") || path.get(1) == Some(&node);
    let configs = all(spec).filter(|(path, _)| is_of_node(path));
    configs.flat_map(|(path, config)| unknown(&path, config, server)).collect()
}

fn image_of_node<'a>(spec: &'a Spec, node: &str) -> Option<&'a String> {
    spec.nodes.as_ref()?.get(node)?.image.as_ref()
}

fn unknown(path: &[&str], config: &BTreeMap<String, DirectiveValue>, server: Server) -> Vec<Problem> {
    let problem = |name: &String| {
        let since = server.came_too_early_for(name)?;
        let at: Vec<&str> = path.iter().copied().chain([name.as_str()]).collect();
        let problem = Problem::new(&at, format!("{server} does not know the directive `{name}`"));
        let hint = format!("it exists since {since}: choose another `image`, or remove the directive");
        Some(problem.hint(hint))
    };
    config.keys().filter_map(problem).collect()
}
