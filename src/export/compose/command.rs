//! A server's arguments: its directives, with variables instead of passwords.

use super::modules::Modules;
use super::variables::{REPLICATION, of_node, of_users, value};
use super::{DATA_FOLDER, literal, tls};
use crate::spec::redis_conf::lines::arguments;
use crate::spec::redis_conf::quoting::split;
use crate::topology::{Node, Topology, users};

/// The command of a node's container.
pub(super) fn command(topology: &Topology, node: &Node, modules: Modules<'_>) -> Vec<String> {
    let mut words = Vec::new();
    // Without an entrypoint of the file's own, the image's entrypoint starts the server.
    if modules.are_of_image() {
        words.push(topology.server_of(node).program().to_owned());
    }
    words.extend(modules.arguments(topology, node));
    for (name, setting) in node.settings.iter() {
        let option = || format!("--{name}");
        let path = if name == "dir" { Some(DATA_FOLDER.to_owned()) } else { tls::path(topology, node, name) };
        if let Some(path) = path {
            words.extend([option(), path]);
            continue;
        }
        for line in arguments(name, setting) {
            words.push(option());
            // The quotes match: a rule has checked the user's text, and redisctl quotes all other text.
            words.extend(split(&line).unwrap_or_default().iter().map(|word| literal(&word.text)));
        }
    }
    let Some(auth) = &topology.auth else { return words };
    let (own, primary) = of_node(topology, node);
    if auth.default_does_everything() {
        for (directive, variable) in [("--requirepass", own), ("--masterauth", primary)] {
            words.extend(variable.into_iter().flat_map(|name| [directive.to_owned(), value(name)]));
        }
    } else {
        words.extend(["--masteruser", users::REPLICATION, "--masterauth"].map(str::to_owned));
        words.push(value(REPLICATION));
    }
    let variables = of_users(topology);
    for user in users::users(topology).into_iter().filter(|user| user.name != users::OPERATOR) {
        let variable = match user.name.as_str() {
            users::DEFAULT | users::REPLICATION if auth.default_does_everything() => continue,
            users::DEFAULT => own.map(str::to_owned),
            users::REPLICATION => Some(REPLICATION.to_owned()),
            name => variables.get(name).cloned(),
        };
        words.extend(["--user".to_owned(), user.name.clone()]);
        let password = variable.filter(|_| user.has_password);
        words.extend(password.map(|variable| format!(">{}", value(&variable))));
        words.extend(user.rules.iter().flat_map(|rule| rule.split_whitespace()).map(literal));
    }
    words
}
