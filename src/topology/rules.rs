//! The rules of a spec that its types cannot express. Each rule is a small function that returns problems.
//!
//! The rules of `what_is_written` check single fields. The rules of `what_is_left_out` also use defaults. They are
//! skipped if fields are missing because they cannot be read.

use super::Server;
use super::container::LABEL_PREFIX;
use super::defaults::{DEFAULT_SENTINELS, MOST_NODES};
use super::slots::SLOT_COUNT;
use crate::spec::{Problem, Spec, SpecKind};

pub mod addresses;
pub mod announce;
mod auth;
pub(super) mod directives;
mod limits;
mod modules;
pub(super) mod nodes;
pub(super) mod ports;
pub(super) mod sentinels;
pub(super) mod tls;

/// All rules about single fields as written.
pub(super) fn what_is_written(spec: &Spec) -> Vec<Problem> {
    let mut problems = Vec::new();
    problems.extend(fields_fit_the_kind(spec));
    problems.extend(shards_can_share_the_slots(spec));
    problems.extend(digest_is_whole(spec));
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
    problems.extend(ports::written_ports_are_usable(spec));
    problems.extend(announce::written_host_is_a_host(spec));
    problems
}

/// All rules about several fields. The default of a missing field counts.
pub(super) fn what_is_left_out(spec: &Spec) -> Vec<Problem> {
    auth::replica_password_has_its_counterpart(spec)
        .into_iter()
        .chain(nodes_are_not_too_many(spec))
        .chain(sentinels::nodes_share_an_ip(spec))
        .collect()
}

/// All rules about the abilities of the server in the image.
pub(super) fn what_the_server_knows(spec: &Spec, server: Server) -> Vec<Problem> {
    let mut problems = directives::server_knows_them(spec, server);
    problems.extend(auth::server_knows_the_rules(spec, server));
    problems
}

/// Whether counts or kind are wrong, so that the number of nodes is unknown.
pub(super) fn shape_is_broken(spec: &Spec) -> bool {
    shards_can_share_the_slots(spec).is_some()
        || sentinels::can_decide(spec).is_some()
        || nodes_are_not_too_many(spec).is_some()
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

fn shards_can_share_the_slots(spec: &Spec) -> Option<Problem> {
    match spec.shards? {
        0 => Some(
            Problem::new(&["shards"], "a cluster needs at least one shard")
                .hint("three or more can fail over"),
        ),
        shards if shards > u32::from(SLOT_COUNT) => {
            Some(Problem::new(&["shards"], format!("{shards} shards are more than the {SLOT_COUNT} slots")))
        }
        _ => None,
    }
}

fn nodes_are_not_too_many(spec: &Spec) -> Option<Problem> {
    let shards = match spec.kind {
        SpecKind::Cluster => spec.shards.unwrap_or(3),
        SpecKind::Replication | SpecKind::Sentinel => 1,
        SpecKind::Standalone => return None,
    };
    let sentinels = match spec.kind {
        SpecKind::Sentinel => spec.sentinels.unwrap_or(DEFAULT_SENTINELS),
        _ => 0,
    };
    let nodes = u64::from(shards) * (1 + u64::from(spec.replicas.unwrap_or(1))) + u64::from(sentinels);
    // Another rule reports more shards than slots.
    if nodes <= u64::from(MOST_NODES) || shards > u32::from(SLOT_COUNT) {
        return None;
    }
    let field = match (shards, sentinels) {
        (shards, _) if shards > MOST_NODES / 2 => "shards",
        (_, sentinels) if sentinels > MOST_NODES / 2 => "sentinels",
        _ => "replicas",
    };
    let message = format!("that makes {nodes} nodes, and a deployment has {MOST_NODES} at most");
    Some(Problem::new(&[field], message))
}

/// Engines refuse a malformed digest too, but their message does not name the problem.
fn digest_is_whole(spec: &Spec) -> Option<Problem> {
    const HEX_DIGITS: usize = 64;
    let (_, digest) = spec.image.as_deref()?.split_once('@')?;
    let hex = digest.strip_prefix("sha256:").unwrap_or_default();
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    (hex.len() != HEX_DIGITS || !hex.bytes().all(is_hex)).then(|| {
        Problem::new(&["image"], format!("`{digest}` is not a digest")).hint(format!(
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
