//! The limit of open files, and the clients that it leaves room for.

use super::Settings;

/// The files that a server opens beside its clients' connections, the same on all servers.
const BESIDE_CLIENTS: u32 = 32;

/// The default of `maxclients`, the same on all servers.
const USUAL_CLIENTS: u32 = 10_000;

/// The least that a spec may ask for: replicas, other nodes of a cluster and `verify` need connections, too.
pub(super) const FEWEST_FILES: u32 = 128;

/// The clients that a server with so many open files lowers its `maxclients` to; `None` if it does not lower it. So
/// the value does not depend on the container in which a server was tried.
#[must_use]
pub(super) fn lowered_clients(settings: &Settings, files: u32) -> Option<u32> {
    let wanted = settings.get("maxclients").map_or(Some(USUAL_CLIENTS), |value| value.parse().ok())?;
    let most = files.saturating_sub(BESIDE_CLIENTS);
    (wanted > most).then_some(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_has_as_many_clients_as_its_files_allow() {
        for (clients, files, lowered) in [
            (None, 1024, Some(992)),
            (None, 10_032, None),
            (None, 65_536, None),
            (Some("100"), 1024, None),
            (Some("50000"), 1024, Some(992)),
            (Some("many"), 1024, None),
        ] {
            let settings: Settings = clients.into_iter().map(|clients| ("maxclients", clients)).collect();
            assert_eq!(lowered_clients(&settings, files), lowered, "{clients:?} {files}");
        }
    }
}
