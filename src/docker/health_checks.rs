//! Whether the engine can run the health check of a container.

use std::collections::BTreeMap;

use bollard::Docker;
use tokio::sync::Mutex;

use super::dialect;

/// The images whose containers can have a health check, as far as the engine was asked: it is asked once for all
/// containers of an image.
#[derive(Default)]
pub(super) struct HealthChecks {
    by_image: Mutex<BTreeMap<String, bool>>,
}

impl HealthChecks {
    /// Whether health checks work in containers of this image.
    pub(super) async fn work(&self, docker: &Docker, image: &str) -> bool {
        // Containers are created at the same time: the others wait for the answer to the first.
        let mut by_image = self.by_image.lock().await;
        if let Some(known) = by_image.get(image) {
            return *known;
        }
        let (engine, script) = tokio::join!(dialect::checks_health(docker), starts_by_script(docker, image));
        by_image.insert(image.to_owned(), engine && script);
        engine && script
    }
}

/// Whether an image starts its server by a shell script, so that it has a shell. An image without a shell cannot run a
/// health check, and its containers would be called unhealthy.
async fn starts_by_script(docker: &Docker, image: &str) -> bool {
    let config = docker.inspect_image(image).await.ok().and_then(|inspect| inspect.config);
    let words = config.into_iter().flat_map(|config| [config.entrypoint, config.cmd]).flatten().flatten();
    let is_script = |word: &str| matches!(word.rsplit(['.', '/']).next(), Some("sh"));
    words.into_iter().any(|word| is_script(&word))
}
