//! The rules of a spec that its types cannot express. Each rule is a small function that returns problems.
//!
//! The rules of `what_is_written` check single fields. The rules of `what_is_left_out` also use defaults. They are
//! skipped if fields are missing because they cannot be read.

use super::Server;
use super::container::LABEL_PREFIX;
use super::facts::Facts;
use crate::spec::{Problem, Spec, SpecKind};

pub mod addresses;
pub mod announce;
mod auth;
pub(super) mod directives;
pub(super) mod engines;
pub(super) mod host_ports;
mod limits;
mod modules;
pub(super) mod nodes;
pub(super) mod ports;
pub(super) mod sentinels;
mod shards;
pub(super) mod tls;

/// All rules about single fields as written.
pub(super) fn what_is_written(spec: &Spec) -> Vec<Problem> {
    let mut problems = Vec::new();
    problems.extend(fields_fit_the_kind(spec));
    problems.extend(shards::can_share_the_slots(spec));
    problems.extend(shards::slots_are_divided(spec));
    problems.extend(seed_has_slots(spec));
    problems.extend(image_is_a_reference(&["image"], spec.image.as_deref()));
    problems.extend(
        spec.nodes.iter().flatten().filter_map(|(name, node)| {
            image_is_a_reference(&["nodes", name, "image"], node.image.as_deref())
        }),
    );
    problems.extend(sentinels::can_decide(spec));
    problems.extend(sentinels::directives_have_sentinels(spec));
    problems.extend(directives::can_be_written(spec));
    problems.extend(limits::limits_can_be_read(spec));
    problems.extend(limits::kernel_parameters_are_named(spec));
    problems.extend(limits::platform_is_named(spec));
    problems.extend(auth::users_are_sane(spec.auth.as_ref()));
    problems.extend(tls::own_files_are_complete(spec));
    problems.extend(modules::modules_are_named(spec));
    problems.extend(labels_are_the_users(spec));
    problems.extend(addresses::written_subnet_is_private(spec));
    problems.extend(addresses::written_ips_are_usable(spec));
    problems.extend(addresses::written_mtu_is_usable(spec));
    problems.extend(ports::written_ports_are_usable(spec));
    problems.extend(announce::written_host_is_a_host(spec));
    problems.extend(announce::addresses_of_engines_are_hosts(spec));
    problems.extend(engines::engines_are_named(spec));
    problems.extend(engines::nodes_are_on_engines(spec));
    problems.extend(engines::fields_fit_the_engines(spec));
    problems
}

/// All rules about several fields. The default of a missing field counts.
pub(super) fn what_is_left_out(spec: &Spec) -> Vec<Problem> {
    auth::replica_password_has_its_counterpart(spec)
        .into_iter()
        .chain(shards::nodes_are_not_too_many(spec))
        .chain(sentinels::nodes_share_an_ip(spec))
        .collect()
}

/// All rules about the abilities of the server in the image.
pub(super) fn what_the_server_knows(spec: &Spec, server: Server) -> Vec<Problem> {
    let mut problems = directives::server_knows_them(spec, server);
    problems.extend(auth::server_knows_the_rules(spec, server));
    problems
}

/// All rules about the abilities of the servers in images of single nodes.
pub(super) fn what_node_servers_know(spec: &Spec, facts: &Facts) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (name, image) in
        spec.nodes.iter().flatten().filter_map(|(name, node)| Some((name, node.image.as_ref()?)))
    {
        let known = facts.node_images.get(image).map(|image| image.server);
        // The name of an official image with its full version names its server.
        if let Some(server) = known.flatten().or_else(|| Server::named(image).filter(|_| known.is_none())) {
            problems.extend(directives::node_knows_them(spec, name, server));
        }
    }
    problems
}

/// Whether counts or kind are wrong, so that the number of nodes is unknown.
pub(super) fn shape_is_broken(spec: &Spec) -> bool {
    shards::can_share_the_slots(spec).is_some()
        || sentinels::can_decide(spec).is_some()
        || shards::nodes_are_not_too_many(spec).is_some()
}

fn fields_fit_the_kind(spec: &Spec) -> Vec<Problem> {
    let kind = match spec.kind {
        SpecKind::Standalone => "standalone",
        SpecKind::Replication => "replication",
        SpecKind::Sentinel => "sentinel",
        SpecKind::Cluster => "cluster",
    };
    let misfit = |field: &str, fits: &str| {
        Problem::new(&[field], format!("`{field}` does not fit kind `{kind}`"))
            .hint(format!("it fits {fits}"))
    };
    let mut problems = Vec::new();
    if spec.shards.is_some() && spec.kind != SpecKind::Cluster {
        problems.push(misfit("shards", "kind `cluster`"));
    }
    if spec.formed.is_some() && spec.kind != SpecKind::Cluster {
        problems.push(misfit("formed", "kind `cluster`"));
    }
    if spec.replicas.is_some() && spec.kind == SpecKind::Standalone {
        problems.push(misfit("replicas", "kinds `replication`, `sentinel` and `cluster`"));
    }
    if spec.sentinels.is_some() && spec.kind != SpecKind::Sentinel {
        problems.push(misfit("sentinels", "kind `sentinel`"));
    }
    let replica_password = spec.auth.as_ref().is_some_and(|auth| auth.replica_password.is_some());
    if replica_password && spec.kind != SpecKind::Replication {
        let problem = Problem::new(
            &["auth", "replica_password"],
            format!("`auth.replica_password` does not fit kind `{kind}`"),
        );
        problems
            .push(problem.hint("it fits kind `replication`: in a cluster any replica may become primary"));
    }
    problems
}

fn seed_has_slots(spec: &Spec) -> Option<Problem> {
    (spec.seed.is_some() && spec.formed == Some(false)).then(|| {
        Problem::new(&["seed"], "a seed needs slots, and `formed: false` gives none to the nodes")
            .hint("leave `seed` out; once you formed the cluster, `redisctl seed` applies files")
    })
}

/// Engines refuse a malformed reference too, but their message does not name the problem.
fn image_is_a_reference(at: &[&str], image: Option<&str>) -> Option<Problem> {
    const HEX_DIGITS: usize = 64;
    let image = image?;
    if image.is_empty()
        || image.contains(|character: char| character.is_whitespace() || character.is_control())
    {
        return Some(
            Problem::new(at, format!("`{image}` is not an image")).hint("write `redis:8`, for example"),
        );
    }
    let (_, digest) = image.split_once('@')?;
    let hex = digest.strip_prefix("sha256:").unwrap_or_default();
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    (hex.len() != HEX_DIGITS || !hex.bytes().all(is_hex)).then(|| {
        Problem::new(at, format!("`{digest}` is not a digest")).hint(format!(
            "write `@sha256:` and {HEX_DIGITS} hexadecimal digits: `up` prints the digest of its image"
        ))
    })
}

fn labels_are_the_users(spec: &Spec) -> Vec<Problem> {
    let names = spec.labels.iter().flatten().map(|(name, _)| name);
    names
        .filter(|name| name.starts_with(LABEL_PREFIX) || name.is_empty())
        .map(|name| Problem::new(&["labels", name], format!("the label `{name}` is redisctl's own")))
        .collect()
}
