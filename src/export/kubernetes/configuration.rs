//! The `ConfigMap` and the Secret: configuration of servers and sentinels, and the scripts that start them.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::{PORT, SENTINEL_PORT, host, metadata, own_directives, scripts};
use crate::spec::redis_conf::lines::lines;
use crate::spec::{ModulesSpec, ModulesWord, SecretText};
use crate::topology::files::{self, File};
use crate::topology::settings::is_of_sentinels;
use crate::topology::users::{OPERATOR, REPLICATION};
use crate::topology::{Credentials, Kind, NodeName, Topology};

pub(super) fn config_map(topology: &Topology, modules: Option<&ModulesSpec>) -> Value {
    let of_image = matches!(modules, None | Some(ModulesSpec::Word(ModulesWord::Image)));
    let mut data = Map::new();
    data.insert("redis.conf".to_owned(), server(topology).into());
    data.insert("server.sh".to_owned(), scripts::server(topology, of_image).into());
    if topology.kind == Kind::Sentinel {
        data.insert("sentinel.conf".to_owned(), sentinel(topology).into());
        data.insert("sentinel.sh".to_owned(), scripts::sentinel(topology).into());
    }
    if topology.kind == Kind::Cluster && topology.formed {
        data.insert("form.sh".to_owned(), scripts::form(topology).into());
    }
    json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata(topology, &format!("{}-config", topology.name), "config"),
        "data": data,
    })
}

/// `redis.conf`, which all servers have.
fn server(topology: &Topology) -> String {
    let node = &topology.shards[0].primary;
    let mut text = String::new();
    for module in topology.modules_of(node) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "loadmodule {}", module.directive_value());
    }
    let mut line = |name: &str, value: &str| text.push_str(&lines(name, value));
    line("port", &PORT.to_string());
    line("dir", "/data");
    line("protected-mode", "no");
    if topology.kind == Kind::Cluster {
        line("cluster-enabled", "yes");
        line("cluster-config-file", "nodes.conf");
        if topology.server.announces_endpoint() {
            line("cluster-preferred-endpoint-type", "hostname");
        }
    }
    for (name, value) in own_directives(node) {
        line(name, value);
    }
    text
}

/// `sentinel.conf`, which all sentinels begin with.
fn sentinel(topology: &Topology) -> String {
    let node = &topology.sentinels[0];
    let watched = &topology.name;
    let mut text = format!(
        "port {SENTINEL_PORT}\ndir /data\nprotected-mode no\nsentinel resolve-hostnames yes\nsentinel announce-hostnames yes\n"
    );
    for (name, value) in own_directives(node).filter(|(name, _)| !is_of_sentinels(name)) {
        text.push_str(&lines(name, value));
    }
    let quorum = node.settings.get("quorum").unwrap_or("1");
    let primary = host(topology, &topology.shards[0].primary);
    let _ = writeln!(text, "sentinel monitor {watched} {primary} {PORT} {quorum}");
    for (name, value) in node.settings.iter().filter(|(name, _)| is_of_sentinels(name)) {
        let _ = writeln!(text, "sentinel {name} {watched} {value}");
    }
    text
}

/// The Secret: logins as lines of configuration, and users. Kubernetes encodes `stringData` itself.
pub(super) fn secret(topology: &Topology, credentials: &Credentials) -> Option<Value> {
    topology.auth.as_ref()?;
    let text =
        |secret: &Option<SecretText>| secret.as_ref().map(SecretText::expose).unwrap_or_default().to_owned();
    let mut data = Map::new();
    let users = "aclfile /secret/users.acl\n";
    let login = format!(
        "{users}{}{}",
        lines("masteruser", REPLICATION),
        lines("masterauth", &text(&credentials.replication))
    );
    data.insert("login.conf".to_owned(), login.into());
    data.insert(
        "users.acl".to_owned(),
        users_of(topology, credentials, &topology.shards[0].primary.name).into(),
    );
    data.insert("operator-password".to_owned(), text(&credentials.operator).into());
    if let Some(first) = topology.sentinels.first() {
        let (watched, password) = (&topology.name, text(&credentials.operator));
        let login = format!(
            "aclfile /secret/sentinel-users.acl\nsentinel sentinel-user {OPERATOR}\nsentinel sentinel-pass {password}\n\
             sentinel auth-user {watched} {OPERATOR}\nsentinel auth-pass {watched} {password}\n"
        );
        data.insert("sentinel-login.conf".to_owned(), login.into());
        data.insert("sentinel-users.acl".to_owned(), users_of(topology, credentials, &first.name).into());
    }
    Some(json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata(topology, &format!("{}-secret", topology.name), "secret"),
        "type": "Opaque",
        "stringData": data,
    }))
}

/// The users of a node, as `up` writes them.
fn users_of(topology: &Topology, credentials: &Credentials, node: &NodeName) -> String {
    let files = files::render(topology, credentials, std::slice::from_ref(node), None);
    let users = files.into_iter().find_map(|file| match file {
        File::Content { path, text } if path == format!("{node}/users.acl") => Some(text.expose().to_owned()),
        _ => None,
    });
    users.unwrap_or_default()
}
