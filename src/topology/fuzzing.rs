//! Properties of the parsers for ACL rules, routes, image references and stored topologies.

use super::acl::{Categories, Rule, Which, allow_the_same, words};
use super::container::containers;
use super::server::{Server, Version, repository};
use super::stored_format;
use crate::fuzzing::{Property, Target};

pub(crate) const TARGETS: &[Target] = &[
    ("acl_rules", Property::Text(acl_rules)),
    ("image_reference", Property::Text(image_reference)),
    ("routes", Property::Text(routes)),
    ("stored_format", Property::Text(stored)),
];

/// A parsed rule that is written and parsed again is the same. Spaces between rules do not matter. A comparison does
/// not depend on the order of its arguments.
fn acl_rules(text: &str) {
    let (one, other) = text.split_once('\n').unwrap_or((text, text));
    let (one, other) = (words(one), words(other));
    assert_eq!(words(&one.join("  ")), one);
    for word in one.iter().chain(&other) {
        if let Ok(rule) = Rule::parse(word) {
            let written = written(&rule);
            assert_eq!(Rule::parse(&written).as_ref(), Ok(&rule), "{written}");
        }
    }
    let categories: Categories =
        [("read", "get config|get"), ("write", "set"), ("admin", "config|get config|set")]
            .map(|(category, commands)| {
                (category.to_owned(), commands.split(' ').map(str::to_owned).collect())
            })
            .into();
    assert!(allow_the_same(&one, &one, &categories), "{one:?}");
    let same = allow_the_same(&one, &other, &categories);
    assert_eq!(allow_the_same(&other, &one, &categories), same, "{one:?} {other:?}");
}

/// A network has bits only within its prefix. A line gives one network at most.
fn routes(text: &str) {
    let networks = super::routes::read(text, |interface| interface.starts_with("tun"));
    assert!(networks.len() <= text.lines().count(), "{networks:?}");
    for network in networks {
        assert_eq!(network.subnet, network.subnet.trunc(), "{network:?}");
        assert!(!network.is_own || !network.interface.starts_with("tun"), "{network:?}");
    }
}

/// A rule as it may be written.
fn written(rule: &Rule) -> String {
    match rule {
        Rule::Enabled(true) => "on".to_owned(),
        Rule::Enabled(false) => "off".to_owned(),
        Rule::NoPassword => "nopass".to_owned(),
        Rule::Sanitize(true) => "sanitize-payload".to_owned(),
        Rule::Sanitize(false) => "skip-sanitize-payload".to_owned(),
        Rule::Keys { pattern, read, write } => match (read, write) {
            (true, true) => format!("~{pattern}"),
            (true, false) => format!("%R~{pattern}"),
            _ => format!("%W~{pattern}"),
        },
        Rule::ResetKeys => "resetkeys".to_owned(),
        Rule::Channels(pattern) => format!("&{pattern}"),
        Rule::ResetChannels => "resetchannels".to_owned(),
        Rule::Commands { add, which } => {
            let sign = if *add { '+' } else { '-' };
            match which {
                Which::All => format!("{sign}@all"),
                Which::Category(category) => format!("{sign}@{category}"),
                Which::Command(command) => format!("{sign}{command}"),
            }
        }
        Rule::Selector(rules) => format!("({})", rules.iter().map(written).collect::<Vec<_>>().join(" ")),
        Rule::ClearSelectors => "clearselectors".to_owned(),
    }
}

/// The repository is a prefix of the reference. A version that is printed and parsed again is the same.
fn image_reference(text: &str) {
    let (before, after) = text.split_at(repository(text).len());
    assert_eq!(before, repository(text));
    assert!(after.is_empty() || after.starts_with([':', '@']), "{after:?}");
    let server = Server::assumed(text);
    let version = server.version.to_string();
    assert_eq!(version.parse::<Version>().ok(), Some(server.version), "{version}");
}

/// A topology that can be read is written and read back unchanged. Its containers can be listed.
fn stored(text: &str) {
    let Ok(Some((topology, credentials))) = stored_format::read(text) else { return };
    let _ = containers(&topology);
    let written = stored_format::write(&topology, &credentials);
    assert_eq!(stored_format::read(written.expose()), Ok(Some((topology, credentials))));
}
