//! The files of the anchor, the container that owns the network namespace. It runs an idle server, which no client
//! can reach. An image may have no shell and no `sleep`, but it has a server.

use super::{File, MOUNT};
use crate::spec::SecretText;
use crate::topology::Anchor;

/// The configuration of the idle server, and its folder.
pub(super) fn files(anchor: &Anchor) -> [File; 2] {
    let name = &anchor.name;
    // A server without any socket ends at once. Only the server's user can use this socket.
    let text = format!(
        "port 0\nunixsocket \"{MOUNT}/{name}/idle.sock\"\nunixsocketperm 700\ndir \"{MOUNT}/{name}\"\nsave \"\"\n"
    );
    [
        File::Folder { path: name.to_string() },
        File::Content { path: format!("{name}/server.conf"), text: SecretText::new(text) },
    ]
}
