//! The files of the anchor, the container that holds the network namespace. It runs an idle server that no
//! client can reach, because an image may have no shell and no `sleep`.

use super::{File, MOUNT};
use crate::spec::SecretText;
use crate::topology::Anchor;

/// Everything that the idle server needs.
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
