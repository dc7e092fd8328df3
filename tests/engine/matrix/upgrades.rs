//! Upgrades from each server to the next, for every kind, node by node, with kept data.

use crate::support::{Deployment, REDIS_7, VALKEY_8, VALKEY_9, redisctl, succeed};

/// Servers in the order of upgrades, up to the newest Valkey, which reads the data of Redis 7.0.
const VALKEY_CHAIN: [&str; 3] = [REDIS_7, VALKEY_8, VALKEY_9];

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_cluster_is_upgraded_from_redis_to_the_newest_valkey() {
    is_upgraded("cluster", "valkey", &VALKEY_CHAIN, &[]);
}

#[cfg(feature = "full-matrix")]
mod all {
    use super::super::{REDIS_6_2, VALKEY_9_0};
    use super::*;
    use crate::support::{REDIS_6, REDIS_8, REDIS_8_2, STACK};

    /// Every kind, and the settings with which it keeps its data during an upgrade.
    const KINDS: [(&str, &[&str]); 4] =
        [("standalone", &["--set", "data=volume"]), ("replica", &[]), ("sentinel", &[]), ("cluster", &[])];

    /// Every server of Redis. A server cannot read the data of modules that it does not have, so none loads any.
    const ALL_REDIS: [&str; 6] = [REDIS_6, REDIS_6_2, REDIS_7, STACK, REDIS_8, REDIS_8_2];

    /// Every server of Valkey, after the last Redis whose data it reads.
    const ALL_VALKEY: [&str; 4] = [REDIS_7, VALKEY_8, VALKEY_9_0, VALKEY_9];

    #[test]
    #[ignore = "needs a Docker engine: bash scripts/test"]
    fn of_redis() {
        for (topology, settings) in KINDS {
            is_upgraded(topology, "all-redis", &ALL_REDIS, &[settings, &["--set", "modules=none"]].concat());
        }
    }

    #[test]
    #[ignore = "needs a Docker engine: bash scripts/test"]
    fn of_valkey() {
        for (topology, settings) in KINDS {
            is_upgraded(topology, "all-valkey", &ALL_VALKEY, settings);
        }
    }

    #[test]
    #[ignore = "needs a Docker engine: bash scripts/test"]
    fn to_servers_with_modules() {
        for (topology, settings) in KINDS {
            is_upgraded(topology, "stack", &[REDIS_7, STACK], settings);
            is_upgraded(topology, "modules", &[REDIS_8, REDIS_8_2], settings);
        }
    }
}

/// Upgrades a deployment from each server to the next. Its keys stay.
fn is_upgraded(topology: &str, chain: &str, images: &[&str], settings: &[&str]) {
    let deployment = Deployment::new(&format!("upgrade-{topology}-{chain}"));
    for (position, image) in images.iter().enumerate() {
        let arguments = [&["--image", image], settings].concat();
        deployment.up(topology, &arguments);
        deployment.verify();
        if position == 0 {
            succeed(&redisctl(&["cli", &deployment.name, "--", "SET", "kept", "1"]));
        }
        let kept = succeed(&redisctl(&["cli", &deployment.name, "--", "GET", "kept"]));
        assert_eq!(kept.trim(), "1", "{image}");
        assert_eq!(deployment.changes(topology, &arguments), 0, "{image}");
    }
}
