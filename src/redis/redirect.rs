//! Redirections: MOVED and ASK.

use crate::topology::slots::SLOT_COUNT;

/// A redirection to another node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Redirect {
    /// The slot of the command's keys.
    pub(super) slot: u16,
    /// The port of the node that serves the slot: the same inside and outside the network, and unique in the
    /// deployment. The host may be an address that only other nodes reach.
    pub(super) port: u16,
    /// Whether it applies to this command only: ASK, while the slot migrates.
    pub(super) once: bool,
}

impl Redirect {
    /// Parses `MOVED 3999 127.0.0.1:7002` and `ASK 3999 127.0.0.1:7002`.
    #[must_use]
    pub(super) fn parse(error: &str) -> Option<Self> {
        let mut words = error.split(' ');
        let once = match words.next()? {
            "MOVED" => false,
            "ASK" => true,
            _ => return None,
        };
        let slot = words.next()?.parse().ok().filter(|slot| *slot < SLOT_COUNT)?;
        let (_, port) = words.next()?.rsplit_once(':')?;
        Some(Self { slot, port: port.parse().ok()?, once })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_redirections_are_read_as_such() {
        let moved = Redirect { slot: 3999, port: 7002, once: false };
        assert_eq!(Redirect::parse("MOVED 3999 127.0.0.1:7002"), Some(moved));
        assert_eq!(Redirect::parse("MOVED 3999 :7002"), Some(moved));
        assert_eq!(Redirect::parse("ASK 3999 fd00::1:7002"), Some(Redirect { once: true, ..moved }));
        for other in [
            "ERR unknown command",
            "MOVED",
            "MOVED x 127.0.0.1:7002",
            "ASK 1 127.0.0.1",
            "MOVED 16384 127.0.0.1:7002",
        ] {
            assert_eq!(Redirect::parse(other), None, "{other}");
        }
    }
}
