//! Whether any process still reads stdout.

use super::Ui;

impl Ui {
    /// Ends when no process reads stdout any more; a program that only waits for messages would never notice.
    pub async fn unread(&self) {
        #[cfg(unix)]
        if closed().await.is_ok() {
            return;
        }
        std::future::pending::<()>().await;
    }
}

/// Waits until stdout is closed at its other end.
///
/// # Errors
/// Stdout is a file, which no process has to read.
#[cfg(unix)]
async fn closed() -> std::io::Result<()> {
    use std::os::fd::AsFd as _;
    use std::time::Duration;

    use tokio::io::Interest;
    use tokio::net::unix::pipe::Sender;

    /// How soon the end is noticed: soon for people, and no work for the processor.
    const EVERY: Duration = Duration::from_millis(100);

    // Unchecked: stdout stays as it is, also for other processes, and may be a terminal or a socket.
    let stdout = Sender::from_owned_fd_unchecked(std::io::stdout().as_fd().try_clone_to_owned()?)?;
    let mut ticks = tokio::time::interval(EVERY);
    while !stdout.ready(Interest::WRITABLE).await?.is_write_closed() {
        ticks.tick().await;
    }
    Ok(())
}
