//! Whether a process still reads stdout.

use super::Ui;

impl Ui {
    /// Returns when no process reads stdout any more. A program that only waits for messages would not notice it.
    pub async fn unread(&self) {
        #[cfg(unix)]
        if closed().await.is_ok() {
            return;
        }
        std::future::pending::<()>().await;
    }
}

/// Waits until the other end of stdout is closed.
///
/// # Errors
/// Stdout is a file, which has no reader.
#[cfg(unix)]
async fn closed() -> std::io::Result<()> {
    use std::os::fd::AsFd as _;
    use std::time::Duration;

    use tokio::io::Interest;
    use tokio::net::unix::pipe::Sender;

    /// The interval of checks: short for users, and cheap for the processor.
    const EVERY: Duration = Duration::from_millis(100);

    // Unchecked: the mode of stdout does not change, also for other processes. Stdout may be a terminal or a socket.
    let stdout = Sender::from_owned_fd_unchecked(std::io::stdout().as_fd().try_clone_to_owned()?)?;
    let mut ticks = tokio::time::interval(EVERY);
    while !stdout.ready(Interest::WRITABLE).await?.is_write_closed() {
        ticks.tick().await;
    }
    Ok(())
}
