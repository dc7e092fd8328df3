//! Interruptions of commands that must undo something first.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// The user's interruption of a command.
#[derive(Debug, Default)]
pub struct Interruption {
    heeded: AtomicBool,
    told: Notify,
}

impl Interruption {
    /// Waits for the interruption. From this call on, the command must end by itself after it.
    pub(super) async fn heed(&self) {
        self.heeded.store(true, Ordering::Relaxed);
        self.told.notified().await;
    }

    /// Tells the command of the interruption. Returns whether the command ends by itself.
    pub fn tell(&self) -> bool {
        self.told.notify_one();
        self.heeded.load(Ordering::Relaxed)
    }
}
