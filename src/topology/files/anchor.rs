//! The files of the container that holds the network namespace: a server that nobody can reach. It
//! is what every image has that could idle, shells and `sleep` are not.

use super::{File, MOUNT};
use crate::spec::SecretText;
use crate::topology::Anchor;

/// Everything that the idle server needs.
pub(super) fn files(anchor: &Anchor) -> [File; 2] {
    let name = &anchor.name;
    // A server that listens nowhere ends at once; this socket is its user's alone.
    let text = format!(
        "port 0\nunixsocket \"{MOUNT}/{name}/idle.sock\"\nunixsocketperm 700\ndir \"{MOUNT}/{name}\"\nsave \"\"\n"
    );
    [
        File::Folder { path: name.to_string() },
        File::Content { path: format!("{name}/server.conf"), text: SecretText::new(text) },
    ]
}
