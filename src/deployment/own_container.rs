//! Whether redisctl itself runs in a container of the engine.

use std::fs;

use crate::docker::EngineInventory;

/// The length of the container's id that engines use as host name.
const SHORT_ID: usize = 12;

/// The container in which redisctl runs. A container with the host's network has the host's name, so it is not found.
/// It reaches everything that the host reaches.
pub(super) fn own_container(on_engine: &EngineInventory) -> Option<String> {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    let name = name.trim();
    let is_id = name.len() == SHORT_ID && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_id && on_engine.has_container(name)).then(|| name.to_owned())
}
