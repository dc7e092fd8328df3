//! The checks that prove a live deployment: as data, with pure judgement of the replies.
//!
//! 1. The shell asks every node for its state: the [`Survey`].
//! 2. [`checks`] makes the list of checks from topology and survey.
//! 3. The shell sends the requests of the checks.
//!
//! Nothing here knows the plan or the planner's comparisons. Verification compares the topology with the servers'
//! replies, so that mistakes of the planner show.

use std::time::Duration;

use crate::topology::{Credentials, Kind, Topology};

mod access;
mod acl_agreement;
mod agreement;
mod announced;
mod check;
mod context;
mod expectation;
mod large;
mod messages;
mod modules;
mod ping_and_version;
mod probe_reply;
mod read_write;
mod replaced;
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
mod unformed;
mod users;

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use users::fuzzing;

pub use check::{Check, CheckCommand, CheckConnection, CheckMethod, Judgement, Request, RequestAction, Word};
pub use expectation::{Expectation, Route};
pub use probe_reply::ProbeReply;
pub use replaced::{NAME as REPLACED, PROVES as REPLACED_PROVES, replaced_engines};
pub use survey::{NodeAnswer, NodeStatement, Survey};

use context::CheckContext;

/// How long a patient request may be repeated: far longer than a healthy deployment needs.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// How long the keys of checks live if the run ends before it removes them. It is longer than [`PATIENCE`]: no key
/// expires while its check runs.
const KEY_LIFETIME: Duration = Duration::from_secs(15);

/// Every check for the deployment, in the order of the report.
///
/// Keys and channels of the checks begin with `unique`, which must hold no braces.
#[must_use]
pub fn checks(topology: &Topology, credentials: &Credentials, survey: &Survey, unique: &str) -> Vec<Check> {
    let context = CheckContext::new(topology, credentials, survey, unique);
    let mut checks = ping_and_version::checks(&context);
    checks.extend(modules::checks(&context));
    checks.extend(settings::checks(&context));
    if !topology.formed {
        // All other checks need slots.
        checks.extend(unformed::checks(&context));
        checks.extend(access::of_passwords(&context));
        checks.extend(tls::checks(&context));
        return checks.into_iter().map(|check| context.failed_where_silent(check)).collect();
    }
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
        checks.extend(announced::checks(&context));
    }
    checks.extend(replication::checks(&context));
    checks.extend(access::checks(&context));
    checks.extend(tls::checks(&context));
    checks.extend(large::checks(&context));
    checks.into_iter().map(|check| context.failed_where_silent(check)).collect()
}
