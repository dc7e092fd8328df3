//! Whether redisctl itself runs in a container of the engine.

use std::fs;

use crate::docker::EngineInventory;
use crate::event::Warning;
use crate::topology::Topology;
use crate::topology::address::is_loopback;

/// The length of a container's id.
const ID: usize = 64;

/// The length of the beginning of the id that engines use as host name.
const SHORT_ID: usize = 12;

/// The files that an engine makes for each container, in a folder with the container's id.
const FILES_OF_ENGINE: [&str; 3] = ["/etc/hostname", "/etc/hosts", "/etc/resolv.conf"];

/// The container in which redisctl runs. A container with the host's network is not meant: it reaches everything that
/// the host reaches.
pub(super) fn own_container(on_engine: &EngineInventory) -> Option<String> {
    let text = |path| fs::read_to_string(path).unwrap_or_default();
    let hostname = text("/proc/sys/kernel/hostname");
    let ids = possible_ids(&hostname, &text("/proc/self/cgroup"), &text("/proc/self/mountinfo"));
    ids.iter().find_map(|id| on_engine.container_with_own_network(id))
}

/// The warning that commands fail to reach a deployment from this container, if so.
pub(super) fn warning(topology: &Topology, own_container: Option<&str>) -> Option<Warning> {
    let nodes = topology.nodes();
    let host = nodes.iter().map(|node| &node.endpoint.host).find(|host| is_loopback(host))?;
    Some(Warning::InContainer { container: own_container?.to_owned(), host: host.clone() })
}

/// What may be the id of the own container, or its beginning. Newer control groups hide the id, and a container may
/// have another host name.
fn possible_ids(hostname: &str, cgroup: &str, mountinfo: &str) -> Vec<String> {
    let is_hex = |word: &str| word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut ids: Vec<String> = Vec::new();
    // `36 35 98:0 /ROOT /MOUNT/POINT OPTIONS …`: the root is the place in the file system that is mounted.
    let mounted = mountinfo.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(3);
        let (root, point) = (fields.next()?, fields.next()?);
        FILES_OF_ENGINE.contains(&point).then_some(root)
    });
    for path in mounted.chain(cgroup.lines()) {
        let words = path.split(|character: char| !character.is_ascii_alphanumeric());
        ids.extend(words.filter(|word| word.len() == ID && is_hex(word)).map(str::to_owned));
    }
    let hostname = hostname.trim();
    ids.extend((hostname.len() == SHORT_ID && is_hex(hostname)).then(|| hostname.to_owned()));
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_in_the_places_where_engines_put_it() {
        let (one, other) = ("4".repeat(64), "a".repeat(64));
        let mounts = format!(
            "96 75 254:0 /var/lib/docker/overlay2/{other}/merged / rw - ext4 /dev/vda rw\n\
             97 75 254:0 /var/lib/docker/containers/{one}/hostname /etc/hostname rw,relatime - ext4 /dev/vda rw\n"
        );
        assert_eq!(possible_ids("build", "0::/\n", &mounts), std::slice::from_ref(&one));
        let podman = format!(
            "9 7 0:2 /run/containers/storage/overlay-containers/{one}/userdata/hosts /etc/hosts rw\n"
        );
        assert_eq!(possible_ids("build", "", &podman), std::slice::from_ref(&one));
        assert_eq!(
            possible_ids("build", &format!("9:name=systemd:/docker/{one}\n"), ""),
            std::slice::from_ref(&one)
        );
        assert_eq!(possible_ids("", &format!("0::/system.slice/docker-{one}.scope\n"), ""), [one]);
        assert_eq!(possible_ids("0123456789ab\n", "", ""), ["0123456789ab"]);
        assert_eq!(possible_ids("my-machine", "0::/user.slice\n", "garbage\n"), Vec::<String>::new());
    }
}
