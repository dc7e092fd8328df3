//! Every server with every shipped topology, some with TLS. Each is brought up and verified, has an empty plan, and
//! leaves nothing behind. Also upgrades from each server to the next with kept data, and abilities of new versions.
//!
//! By default, the newest servers and those with modules run a part of the tests. `bash scripts/matrix` runs all
//! tests, and needs more images.

use crate::support::{
    Deployment, REDIS_6, REDIS_7, REDIS_8, REDIS_8_2, STACK, VALKEY_8, VALKEY_9, fail_with, redisctl,
    succeed, texts,
};

mod new_in_versions;
mod upgrades;

/// Redis 6.2, for the full matrix.
#[cfg(feature = "full-matrix")]
const REDIS_6_2: &str = "redisctl-test/redis:6.2";

/// Valkey 9.0, for the full matrix.
#[cfg(feature = "full-matrix")]
const VALKEY_9_0: &str = "redisctl-test/valkey:9.0";

/// The option for TLS.
const TLS: [&str; 2] = ["--set", "tls=true"];

/// A server with every topology, as a module of tests.
macro_rules! server {
    ($module:ident, $image:expr) => {
        mod $module {
            use super::*;

            #[test]
            #[ignore = "needs a Docker engine: bash scripts/test"]
            fn standalone() {
                comes_and_goes("standalone", $image, &[], &[("primary", 1)]);
            }

            #[test]
            #[ignore = "needs a Docker engine: bash scripts/test"]
            fn replica() {
                comes_and_goes("replica", $image, &[], &[("primary", 1), ("replica", 1)]);
            }

            #[test]
            #[ignore = "needs a Docker engine: bash scripts/test"]
            fn cluster() {
                comes_and_goes("cluster", $image, &[], &[("primary", 3), ("replica", 3)]);
            }

            #[test]
            #[ignore = "needs a Docker engine: bash scripts/test"]
            fn sentinel() {
                let roles = [("primary", 1), ("replica", 2), ("sentinel", 3)];
                comes_and_goes("sentinel", $image, &[], &roles);
            }

            #[test]
            #[ignore = "needs a Docker engine: bash scripts/test"]
            fn cluster_with_tls() {
                comes_and_goes("cluster", $image, &TLS, &[("primary", 3), ("replica", 3)]);
            }

            #[test]
            #[ignore = "needs a Docker engine: bash scripts/test"]
            fn sentinel_with_tls() {
                let roles = [("primary", 1), ("replica", 2), ("sentinel", 3)];
                comes_and_goes("sentinel", $image, &TLS, &roles);
            }

            #[test]
            #[ignore = "needs a Docker engine: bash scripts/test"]
            fn secure() {
                comes_and_goes("secure", $image, &[], &[("primary", 1), ("replica", 1)]);
            }
        }
    };
}

/// Servers of wheels are built without TLS. `up` finds this out before it makes anything.
const WITHOUT_TLS: [&str; 3] = ["redisctl-test/redis:6.2", REDIS_8_2, "redisctl-test/valkey:9.0"];

server!(redis_6_0, REDIS_6);
server!(redis_7_0, REDIS_7);
server!(redis_8_0, REDIS_8);
server!(valkey_8_1, VALKEY_8);
#[cfg(feature = "full-matrix")]
server!(redis_6_2, REDIS_6_2);
#[cfg(feature = "full-matrix")]
server!(stack_7_4, STACK);
#[cfg(feature = "full-matrix")]
server!(redis_8_2, REDIS_8_2);
#[cfg(feature = "full-matrix")]
server!(valkey_9_0, VALKEY_9_0);
#[cfg(feature = "full-matrix")]
server!(valkey_9_1, VALKEY_9);

#[cfg(not(feature = "full-matrix"))]
mod valkey_9_1 {
    use super::*;

    #[test]
    #[ignore = "needs a Docker engine: bash scripts/test"]
    fn cluster_with_tls() {
        comes_and_goes("cluster", VALKEY_9, &TLS, &[("primary", 3), ("replica", 3)]);
    }

    #[test]
    #[ignore = "needs a Docker engine: bash scripts/test"]
    fn sentinel() {
        comes_and_goes("sentinel", VALKEY_9, &[], &[("primary", 1), ("replica", 2), ("sentinel", 3)]);
    }

    #[test]
    #[ignore = "needs a Docker engine: bash scripts/test"]
    fn secure() {
        comes_and_goes("secure", VALKEY_9, &[], &[("primary", 1), ("replica", 1)]);
    }
}

#[cfg(not(feature = "full-matrix"))]
mod with_modules {
    use super::*;

    #[test]
    #[ignore = "needs a Docker engine: bash scripts/test"]
    fn standalone() {
        comes_and_goes("standalone", STACK, &[], &[("primary", 1)]);
    }

    #[test]
    #[ignore = "needs a Docker engine: bash scripts/test"]
    fn standalone_with_tls() {
        comes_and_goes("standalone", REDIS_8_2, &TLS, &[]);
    }

    #[test]
    #[ignore = "needs a Docker engine: bash scripts/test"]
    fn secure() {
        comes_and_goes("secure", REDIS_8_2, &[], &[("primary", 1), ("replica", 1)]);
    }
}

fn comes_and_goes(topology: &str, image: &str, more: &[&str], roles: &[(&str, usize)]) {
    let server = image.rsplit('/').next().unwrap_or(image).replace(':', "-");
    let with = if more.is_empty() { "" } else { "tls-" };
    let deployment = Deployment::new(&format!("{topology}-{with}{server}"));
    let arguments = [&["--image", image], more].concat();
    let up = deployment.run("up", topology, &arguments);
    if more == TLS && WITHOUT_TLS.contains(&image) {
        let said = fail_with(&up, 2);
        assert!(said.contains("does not start with TLS") && said.contains("--set tls=true"), "{said}");
        assert_eq!(deployment.leftovers(), Vec::<String>::new());
        return;
    }
    succeed(&up);
    let (_, said) = texts(&up);
    let cannot_announce = topology == "cluster" && image.contains("redis:6");
    assert_eq!(said.contains("cannot announce a client endpoint"), cannot_announce, "{said}");

    let report = deployment.verify();
    let checks = report["checks"].as_array().expect("checks");
    let dialled = checks.iter().filter(|check| check["name"] == "announced").count();
    assert_eq!(dialled, if cannot_announce { 6 } else { 0 }, "{report:#}");
    let status = deployment.status();
    assert_eq!(status["notes"].as_array().map(Vec::len), Some(usize::from(cannot_announce)), "{status:#}");
    assert_eq!(status["state"], "ready", "{status:#}");
    let nodes = status["nodes"].as_array().expect("nodes");
    for (role, count) in roles {
        assert_eq!(nodes.iter().filter(|node| node["role"] == *role).count(), *count, "{status:#}");
    }
    assert_eq!(deployment.changes(topology, &arguments), 0);

    succeed(&redisctl(&["down", &deployment.name]));
    assert_eq!(deployment.leftovers(), Vec::<String>::new());
}
