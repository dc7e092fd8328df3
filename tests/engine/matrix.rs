//! Every server with every shipped topology, and with TLS where most depends on it: up, verified, nothing left to plan,
//! gone without a trace.

use crate::support::{Deployment, REDIS_6, REDIS_7, REDIS_8, VALKEY_8, redisctl, succeed, texts};

/// What makes servers speak TLS, among themselves too.
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

server!(redis_6_0, REDIS_6);
server!(redis_7_0, REDIS_7);
server!(redis_8_0, REDIS_8);
server!(valkey_8_1, VALKEY_8);

fn comes_and_goes(topology: &str, image: &str, more: &[&str], roles: &[(&str, usize)]) {
    let server = image.rsplit('/').next().unwrap_or(image).replace(':', "-");
    let with = if more.is_empty() { "" } else { "tls-" };
    let deployment = Deployment::new(&format!("{topology}-{with}{server}"));
    let arguments = [&["--image", image], more].concat();
    let up = deployment.run("up", topology, &arguments);
    succeed(&up);
    let (_, said) = texts(&up);
    let cannot_announce = topology == "cluster" && image == REDIS_6;
    assert_eq!(said.contains("cannot announce a client endpoint"), cannot_announce, "{said}");

    deployment.verify();
    let status = deployment.status();
    assert_eq!(status["state"], "ready", "{status:#}");
    let nodes = status["nodes"].as_array().expect("nodes");
    for (role, count) in roles {
        assert_eq!(nodes.iter().filter(|node| node["role"] == *role).count(), *count, "{status:#}");
    }
    assert_eq!(deployment.changes(topology, &arguments), 0);

    succeed(&redisctl(&["down", &deployment.name]));
    assert_eq!(deployment.leftovers(), Vec::<String>::new());
}
