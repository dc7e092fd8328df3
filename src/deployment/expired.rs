//! Expiries: the time after which any run may remove a deployment, and the removal.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Error;
use super::down::Down;
use super::engine::ConnectedEngine;
use super::lease::{Lease, LeaseRequest};
use super::no_listener::NoListener;
use crate::docker::expiry::Expiry;
use crate::docker::{expiry, image, lease};
use crate::event::{Event, Listener, Note, Warning};
use crate::executor::chain;
use crate::removed::Removed;
use crate::topology::DeploymentName;

impl ConnectedEngine {
    /// Removes every deployment whose time is over, with its data. Deployments without an expiry stay. Also removes
    /// the leases of killed runs that made nothing else.
    ///
    /// # Errors
    /// The first deployment or lease that cannot be removed. All others are still removed.
    pub async fn remove_expired(
        &self,
        listener: &dyn Listener,
    ) -> Result<Vec<(DeploymentName, Removed)>, Error> {
        let mut removed = Vec::new();
        let mut failure = None;
        for name in self.expired().await? {
            match self.remove_if_expired(&name, listener).await {
                Ok(Some(parts)) => removed.push((name, parts)),
                Ok(None) => {}
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        for name in self.only_leased().await? {
            let request = LeaseRequest {
                engine: self.clone(),
                deployment: name,
                image: None,
                command: "gc",
                timeout: Duration::ZERO,
                listener: &NoListener,
            };
            if let Err(error) = Lease::remove_if_interrupted(request).await {
                failure = failure.or(Some(error));
            }
        }
        failure.map_or(Ok(removed), Err)
    }

    /// The deployments that have a lease, but no part and no expiry. Their runs begin just now, or were killed then.
    async fn only_leased(&self) -> Result<Vec<DeploymentName>, Error> {
        let on_engine = self.api.inventory().await?;
        let expiries = on_engine.expiries();
        let is_only_leased =
            |name: &DeploymentName| on_engine.deployment(name).is_empty() && !expiries.contains_key(name);
        Ok(on_engine.leased().into_iter().filter(is_only_leased).collect())
    }

    /// Removes what [`ConnectedEngine::remove_expired`] removes, except `renewed`. A failure is a warning.
    pub(super) async fn make_room(&self, renewed: Option<&DeploymentName>, listener: &dyn Listener) {
        let expired = match self.expired().await {
            Ok(expired) => expired,
            Err(error) => return tracing::debug!(%error, "could not list expiries"),
        };
        for deployment in expired.into_iter().filter(|name| Some(name) != renewed) {
            match self.remove_if_expired(&deployment, listener).await {
                Ok(Some(_)) => listener.hear(Event::Note(Note::Expired { deployment })),
                Ok(None) => {}
                Err(error) => {
                    let cause = chain(&error);
                    listener.hear(Event::Warning(Warning::ExpiredLeft { deployment, cause }));
                }
            }
        }
    }

    async fn remove_if_expired(
        &self,
        name: &DeploymentName,
        listener: &dyn Listener,
    ) -> Result<Option<Removed>, Error> {
        Box::pin(Down::new(self, name.clone()).data(true).listener(listener).run_if_expired()).await
    }

    /// The deployments whose time is over. Each engine of a deployment has its expiry, and the latest counts: an engine
    /// that was out of reach missed later ones.
    async fn expired(&self) -> Result<Vec<DeploymentName>, Error> {
        let mut expiries: BTreeMap<DeploymentName, Expiry> = BTreeMap::new();
        for engine in self.each() {
            for (name, expiry) in expiry::all(engine.api.client()).await? {
                let latest = expiries.entry(name).or_default();
                if expiry.at >= latest.at {
                    *latest = expiry;
                }
            }
        }
        let Some(now) = (if expiries.is_empty() { None } else { self.clock().await? }) else {
            return Ok(Vec::new());
        };
        let over = expiries.into_iter().filter(|(_, expiry)| expiry.is_over(now));
        Ok(over.map(|(name, _)| name).collect())
    }

    /// Whether the time of a deployment is over.
    pub(super) async fn is_expired(&self, name: &DeploymentName) -> Result<bool, Error> {
        Ok(self.expired().await?.contains(name))
    }

    /// Lets a deployment expire after some time from now. The caller holds its lease. `image` is any image.
    pub(super) async fn expire_after(
        &self,
        name: &DeploymentName,
        time: Duration,
        image: &str,
    ) -> Result<(), Error> {
        let now = self.clock().await?.ok_or_else(|| Error::Invalid {
            message: "this engine does not tell its time, so that no deployment can expire".to_owned(),
            hint: "leave `--ttl` out, and remove the deployment with `redisctl down`".to_owned(),
        })?;
        // Rounded up: the deployment lives at least for the time.
        let at = Duration::from_secs((now + time).as_secs() + 1);
        for engine in self.each() {
            let docker = engine.api.client();
            // The image may be missing on an engine without nodes.
            let image = match image::find(docker, image).await? {
                Some(_) => Some(image.to_owned()),
                None => lease::any_image(docker, name).await?,
            };
            if let Some(image) = image {
                expiry::set(docker, name, at, &image).await?;
            }
        }
        Ok(())
    }

    /// Removes the expiry of a deployment from every engine.
    pub(super) async fn forget_expiry(&self, name: &DeploymentName) -> Result<(), Error> {
        for engine in self.each() {
            let docker = engine.api.client();
            if let Some(expiry) = expiry::all(docker).await?.remove(name) {
                expiry::remove(docker, &expiry).await?;
            }
        }
        Ok(())
    }

    /// Removes the expiry of a deployment that has no parts.
    pub(super) async fn forget_unused_expiry(&self, name: &DeploymentName) {
        let forgotten = async {
            let on_engine = self.api.inventory().await?;
            if on_engine.deployment(name).is_empty() {
                self.forget_expiry(name).await?;
            }
            Ok::<(), Error>(())
        };
        // If it stays, the next run removes it when its time is over.
        if let Err(error) = forgotten.await {
            tracing::debug!(%error, "could not remove an expiry");
        }
    }

    /// The engine's clock, since 1970; `None` if the engine does not tell it.
    pub(super) async fn clock(&self) -> Result<Option<Duration>, Error> {
        Ok(lease::clock(self.api.client()).await?)
    }
}
