//! Lines from a program or a file on stdin: all available lines at once.

use std::io::{self, Read as _};

use tokio::sync::mpsc;

use crate::command_file::lines::{Line, Lines};

/// How many bytes are read at once.
const CHUNK: usize = 64 * 1024;

/// Lines of stdin. A separate thread reads them, so that waiting for them never blocks the program or its end.
pub struct LineBatches {
    read: mpsc::Receiver<io::Result<Vec<Line>>>,
}

impl LineBatches {
    pub(super) fn start() -> io::Result<Self> {
        // The reader is at most two batches ahead.
        let (sender, read) = mpsc::channel(2);
        std::thread::Builder::new().name("lines".to_owned()).spawn(move || {
            let mut lines = Lines::default();
            let mut chunk = vec![0; CHUNK];
            let mut stdin = io::stdin().lock();
            loop {
                let (batch, is_last) = match stdin.read(&mut chunk) {
                    Ok(0) => (Ok(lines.end().into_iter().collect()), true),
                    Ok(count) => (Ok(lines.take(&chunk[..count])), false),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(error) => (Err(error), true),
                };
                if sender.blocking_send(batch).is_err() || is_last {
                    break;
                }
            }
        })?;
        Ok(Self { read })
    }

    /// The next lines; `None` at the end of the input.
    ///
    /// # Errors
    /// Stdin cannot be read.
    pub async fn next(&mut self) -> io::Result<Option<Vec<Line>>> {
        self.read.recv().await.transpose()
    }
}
