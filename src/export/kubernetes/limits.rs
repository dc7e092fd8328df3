//! What manifests cannot describe.

use crate::spec::{ModulesSpec, SpecPath};
use crate::topology::settings::Settings;
use crate::topology::{Kind, Node, Topology};

use super::own_directives;

/// The longest name: Kubernetes adds up to 11 characters to the names of `StatefulSet`s, within 63.
const LONGEST_NAME: usize = 40;

/// Why the manifests cannot describe a topology, with the field; `None`: they can.
#[must_use]
pub fn limit(topology: &Topology, modules: Option<&ModulesSpec>) -> Option<(SpecPath, String)> {
    let at = |field: &str, reason: &str| Some((SpecPath::new(&[field]), reason.to_owned()));
    let name = topology.name.as_str();
    let is_label = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    if !name.chars().all(is_label)
        || !name.starts_with(|letter: char| letter.is_ascii_lowercase())
        || name.ends_with('-')
        || name.len() > LONGEST_NAME
    {
        return at("name", "Kubernetes wants lower case letters, digits and `-`, at most 40 characters");
    }
    if topology.tls.is_some() {
        return at("tls", "the certificates of the manifests would need other names");
    }
    if topology.image == "host" {
        return at("image", "the image of this machine's server exists on this machine only");
    }
    if topology.auth.as_ref().is_some_and(|auth| auth.replica_password) {
        return at(
            "auth",
            "all pods of a StatefulSet have the same users, so `replica_password` cannot differ",
        );
    }
    let has_files = modules
        .and_then(ModulesSpec::list)
        .is_some_and(|list| list.iter().any(|module| module.file().is_some()));
    if has_files {
        return at("modules", "a ConfigMap is too small for files of modules: put them into an image");
    }
    // Names of hosts in sentinels, since Redis 6.2.
    if topology.kind == Kind::Sentinel && !topology.server.has_sentinel_users() {
        return at("image", "sentinels before Redis 6.2 know no names of hosts, only IPs");
    }
    let servers = topology.servers();
    let sentinels: Vec<&Node> = topology.sentinels.iter().collect();
    if !are_alike(&servers) || !are_alike(&sentinels) {
        return at(
            "nodes",
            "all pods of a StatefulSet are alike: settings, limits and images of single nodes cannot differ",
        );
    }
    None
}

fn are_alike(nodes: &[&Node]) -> bool {
    let directives = |node: &Node| own_directives(node).collect::<Settings>();
    nodes.windows(2).all(|pair| {
        pair[0].own_image == pair[1].own_image
            && pair[0].resources == pair[1].resources
            && directives(pair[0]) == directives(pair[1])
    }) && nodes.iter().all(|node| node.own_image.is_none())
}
