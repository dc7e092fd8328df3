//! Stops an `up` at the caller's wish, without a lease that other runs respect.

use std::pin::Pin;
use std::time::Duration;

use tokio::time::timeout;

use crate::deployment::Error;
use crate::deployment::lease::{Lease, LeaseRequest};

/// How long an interrupted run waits for the lease that it has asked for, to release it.
const LEASE_PATIENCE: Duration = Duration::from_secs(2);

/// Takes the lease. If the run is stopped meanwhile, it leaves no lease.
pub(super) async fn take_lease(
    request: LeaseRequest<'_>,
    stop: Pin<&mut (impl Future<Output = ()> + Send)>,
) -> Result<Lease, Error> {
    let mut lease = Box::pin(Lease::take(request));
    let stopped = unless_stopped(stop, lease.as_mut()).await;
    if matches!(stopped, Err(Error::Interrupted))
        && let Ok(Ok(lease)) = timeout(LEASE_PATIENCE, lease).await
    {
        lease.release().await;
    }
    stopped
}

/// Does work until `stop` is ready.
pub(super) async fn unless_stopped<T>(
    stop: Pin<&mut (impl Future<Output = ()> + Send)>,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    tokio::select! {
        done = work => done,
        () = stop => Err(Error::Interrupted),
    }
}
