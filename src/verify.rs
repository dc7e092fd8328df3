//! What a live deployment must do, and must refuse: the checks as data, and their pure judgement.
//!
//! The shell asks every node what it says of itself (the [`Survey`]), [`checks`] makes of topology
//! and survey the list of checks, and the shell runs those that need requests. Nothing here knows
//! the plan that built the deployment: the topology is judged against reality, so that the
//! planner's mistakes show.

use std::time::Duration;

use crate::topology::{Credentials, Kind, Topology};

mod access;
mod acl_agreement;
mod agreement;
mod check;
mod context;
mod expectation;
mod messages;
mod ping_and_version;
mod probe_reply;
mod read_write;
mod replication;
mod routing;
mod sentinel;

mod setting_value;
mod settings;
mod shape;
mod shard_roles;
mod survey;
#[cfg(test)]
mod testing;
mod tls;
mod users;

pub use check::{Check, CheckConnection, CheckMethod, Command, Judgement, Request, RequestAction, Word};
pub use expectation::{Expectation, Route};
pub use probe_reply::ProbeReply;
pub use survey::{NodeAnswer, NodeStatement, Survey};

use context::CheckContext;

/// How long a patient request may be repeated: far more than any healthy deployment takes.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// How long keys of checks live, should nobody be left to remove them: longer than a check's
/// patience, so that no check sees its key expire under it.
const KEY_LIFETIME: Duration = Duration::from_secs(15);

/// Every check that fits the deployment, in the order in which they are worth reading.
///
/// Keys and channels of the checks begin with `unique`, which must hold no braces.
#[must_use]
pub fn checks(topology: &Topology, credentials: &Credentials, survey: &Survey, unique: &str) -> Vec<Check> {
    let context = CheckContext::new(topology, credentials, survey, unique);
    let mut checks = ping_and_version::checks(&context);
    checks.extend(settings::checks(&context));
    checks.extend(read_write::checks(&context));
    checks.extend(messages::checks(&context));
    if matches!(topology.kind, Kind::Replication | Kind::Sentinel) {
        checks.extend(replication::roles(&context));
    }
    checks.extend(sentinel::checks(&context));
    if topology.kind == Kind::Cluster {
        checks.extend(shape::checks(&context));
        checks.extend(agreement::checks(&context));
        checks.extend(routing::checks(&context));
    }
    checks.extend(replication::checks(&context));
    checks.extend(access::checks(&context));
    checks.extend(tls::checks(&context));
    checks.into_iter().map(|check| context.failed_where_silent(check)).collect()
}
