//! A deployment for tests: it goes with its guard, or in time if the process is killed.

use std::time::Duration;

use redisctl::deployment::{RemovedOnDrop, SpecSource, Up};

/// An error of any kind, which a test prints.
pub type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// Any later run of redisctl on the engine removes a deployment after this time. Longer than all tests take.
pub const TIME_TO_LIVE: Duration = Duration::from_secs(30 * 60);

/// Brings a deployment up, with a fresh name, free ports and a free subnet. Dropping it removes it. The variable
/// `REDIS_IMAGE` names another server than the default.
pub async fn deployment(spec: &str, time_to_live: Duration) -> Result<RemovedOnDrop, AnyError> {
    let mut spec = SpecSource::text("example", spec).on_its_own();
    if let Ok(image) = std::env::var("REDIS_IMAGE") {
        spec = spec.image(&image);
    }
    let up = Up::new(spec).time_to_live(Some(time_to_live)).remove_on_failure(true);
    Ok(up.run().await?.deployment.remove_on_drop())
}
