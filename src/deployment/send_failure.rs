//! Why commands were not executed.

use crate::redis::ServerError;

/// Why commands were not executed.
#[derive(Debug)]
pub(super) enum SendFailure {
    /// Servers refused commands.
    Refused {
        /// The position of the first refused command.
        position: usize,
        /// Its name.
        command: String,
        /// The server's words.
        words: String,
        /// The number of all refused commands.
        count: usize,
    },
    /// No reply came to a command.
    Lost {
        /// Its position.
        position: usize,
        /// The cause.
        source: ServerError,
    },
}
