//! A server's arguments: its settings, and where there are passwords, variables in their place.

use super::variables::{of_node, of_user, value};
use super::{DATA_FOLDER, literal, tls};
use crate::topology::files::SEVERAL_WORDS;
use crate::topology::{Node, Topology};

/// The command of a node's container.
pub(super) fn command(topology: &Topology, node: &Node) -> Vec<String> {
    let mut words = vec![topology.server.program().to_owned()];
    for (name, setting) in node.settings.iter() {
        words.push(format!("--{name}"));
        match name {
            "dir" => words.push(DATA_FOLDER.to_owned()),
            name if tls::path(topology, node, name).is_some() => {
                words.extend(tls::path(topology, node, name));
            }
            name if SEVERAL_WORDS.contains(&name) && !setting.trim().is_empty() => {
                words.extend(setting.split_whitespace().map(literal));
            }
            _ => words.push(literal(setting)),
        }
    }
    let Some(auth) = &topology.auth else { return words };
    let (own, primary) = of_node(topology, node);
    for (directive, variable) in [("--requirepass", own), ("--masterauth", primary)] {
        words.extend(variable.into_iter().flat_map(|name| [directive.to_owned(), value(name)]));
    }
    for user in &auth.users {
        words.extend(["--user".to_owned(), user.name.clone(), "on".to_owned()]);
        words.push(format!(">{}", value(&of_user(&user.name))));
        words.extend(user.rules.iter().flat_map(|rule| rule.split_whitespace()).map(literal));
    }
    words
}
