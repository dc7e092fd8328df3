//! Whether a port of this machine is free.

use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};

/// The holder of a port that no container publishes.
pub(super) const ANOTHER_PROCESS: &str = "another process";

/// Whether a port of this machine is taken.
pub(super) fn is_taken(bind: Ipv4Addr, port: u16) -> bool {
    match TcpListener::bind(SocketAddrV4::new(bind, port)) {
        Ok(_) => false,
        Err(error) => error.kind() == std::io::ErrorKind::AddrInUse,
    }
}
