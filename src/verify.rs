//! What a live deployment must do, and must refuse: the checks as data, and their pure judgement.
//!
//! The shell asks every node what it says of itself (the [`Survey`]), [`checks`] makes of topology
//! and survey the list of checks, and the shell runs those that need requests. Nothing here knows
//! the plan that built the deployment: the topology is judged against reality, so that the
//! planner's mistakes show.

use std::time::Duration;

use crate::topology::{Credentials, Kind, Topology};

mod access;
mod agreement;
mod check;
mod every;
mod expectation;
mod glob;
mod lineup;
mod permissions;
mod proofs;
mod replication;
mod reply;
mod routing;
mod samples;
mod scene;
mod sentinel;
mod shape;
mod survey;
#[cfg(test)]
mod testing;
mod tls;
mod users;

pub use check::{Check, Command, Deed, Session, Step, Trial, Verdict, Word};
pub use expectation::{Expectation, Route};
pub use reply::Reply;
pub use survey::{Answer, Statement, Survey};

use scene::Scene;

/// How long a patient step may be repeated: far more than any healthy deployment takes.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// How long keys of checks live, should nobody be left to remove them: longer than a check's
/// patience, so that no check sees its key expire under it.
const KEY_LIFETIME: Duration = Duration::from_secs(15);

/// Every check that fits the deployment, in the order in which they are worth reading.
///
/// Keys and channels of the checks begin with `unique`, which must hold no braces.
#[must_use]
pub fn checks(topology: &Topology, credentials: &Credentials, survey: &Survey, unique: &str) -> Vec<Check> {
    let scene = Scene::new(topology, credentials, survey, unique);
    let mut checks = every::checks(&scene);
    if matches!(topology.kind, Kind::Replication | Kind::Sentinel) {
        checks.extend(replication::roles(&scene));
    }
    checks.extend(sentinel::checks(&scene));
    if topology.kind == Kind::Cluster {
        checks.extend(shape::checks(&scene));
        checks.extend(agreement::checks(&scene));
        checks.extend(routing::checks(&scene));
    }
    checks.extend(replication::checks(&scene));
    checks.extend(access::checks(&scene));
    checks.extend(tls::checks(&scene));
    checks.into_iter().map(|check| scene.failed_where_silent(check)).collect()
}
