//! The library behind the commands, for programs and integration tests.
//!
//! ```no_run
//! # async fn example() -> Result<(), redisctl::deployment::Error> {
//! use redisctl::deployment::{SpecSource, Up};
//!
//! // Without `on` or `at`: the engine of `DOCKER_HOST`, or of the current Docker context.
//! let done = Up::new(SpecSource::shipped("cluster").name("shop")).run().await?;
//! let shop = done.deployment.remove_on_drop();
//!
//! let settings = shop.connection(None, None).await?;
//! assert!(settings.get("REDIS_URL").is_some());
//! for node in shop.nodes() {
//!     println!("{} at {} is a {}", node.name(), node.endpoint(), node.role().await?.as_str());
//! }
//! assert!(shop.verify().await.passed());
//! shop.down().await?;
//! # Ok(())
//! # }
//! ```
//!
//! - [`SpecSource`]: a shipped topology, a YAML file or text, or a [`Spec`] from code.
//! - [`Up`] brings a deployment up and verifies it; [`Up::plan`] returns the plan only.
//! - [`Deployment`]: endpoints, connection settings, nodes, status, verification, [`Deployment::down`].
//! - [`NodeChange`], [`NodeHandle::stop`] and others stop, start, kill and pause nodes.
//! - [`Failover`] swaps primaries with replicas, without the loss of a write.
//! - [`Seed`] applies [`SeedFile`]s to a deployment.
//! - [`Deployment::reset`] empties a deployment between two tests, in place.
//! - [`Snapshot`] writes the keys of a deployment to a file, and [`Restore`] reads them.
//! - [`RemovedOnDrop`] removes a deployment when a test panics.
//! - [`Error`] has causes, a hint, and the report of a failed verification.
//!
//! `examples/library.rs` uses most of it.
//!
//! All futures are [`Send`]. Nothing is printed; a [`Listener`] hears what happens. The library
//! installs the TLS provider that it is built with, unless the process has installed one.

use std::time::Duration;

mod answers;
mod begun_change;
mod certificates;
mod cleanup;
mod command_bundle;
mod command_sender;
mod contention;
pub mod converge;
mod disk_files;
mod down;
mod engine;
mod engine_facts;
mod engine_listing;
mod engine_set;
mod error;
mod examination;
mod expired;
mod exported_folder;
mod exported_manifests;
mod failed_checks;
mod failover;
mod failure_bundle;
mod followed_log;
mod guard;
mod handle;
mod image_cache;
mod key_writer;
mod learn_directives;
mod lease;
mod leftovers;
mod life;
mod limits_trial;
mod loaded_spec;
mod lost_engines;
mod lost_resources;
mod memory_kills;
mod module_files;
mod module_trial;
mod modules;
mod neighbour_table;
mod no_listener;
mod node_change;
mod node_choice;
mod node_handle;
mod node_logs;
mod node_verbs;
mod observe;
mod own_container;
mod password_files;
mod passwords;
mod port_probe;
mod primary;
mod private_files;
mod provided_image;
mod rdb_server;
mod reached_networks;
mod reset;
mod restore;
mod rule_trial;
mod run_context;
mod seed;
mod seed_failure;
mod seed_file;
mod seed_keeping;
mod send_failure;
mod shipped_topologies;
mod snapshot;
mod spec_not_found;
mod spec_source;
mod step_clock;
mod stopwatch;
mod target;
mod tls_files;
mod unfinished_file;
mod up;
mod verify;
mod watch;
mod write_client;

pub use crate::connection::{ConnectionSettings, Format, TlsFiles};
pub use crate::event::{Event, Listener};
pub use crate::failover::FailedOver;
pub use crate::moved_data::{Restored, Seeded, SnapshotTaken};
pub use crate::node_change::{NodeVerb, NodesChanged};
pub use crate::plan::Plan;
pub use crate::removed::Removed;
pub use crate::report::Report;
pub use crate::reset_result::ResetResult;
pub use crate::spec::{SecretText, Spec, SpecKind};
pub use crate::status::{DeploymentLine, StatusView};
pub use crate::topology::{DeploymentName, Endpoint, NodeName, Topology};
pub use crate::up_result::{UpResult, Verification};
pub use command_bundle::remove_bundle;
pub use down::Down;
pub use engine::ConnectedEngine;
pub use engine_listing::EngineListing;
pub use error::Error;
pub use failed_checks::FailedChecks;
pub use failover::Failover;
pub use guard::RemovedOnDrop;
pub use handle::Deployment;
pub use leftovers::Leftovers;
pub use loaded_spec::LoadedSpec;
pub use lost_engines::{LostEngine, LostEngines, SilentEngine};
pub use node_change::NodeChange;
pub use node_handle::NodeHandle;
pub(crate) use node_logs::NodeLine;
pub use reset::Reset;
pub use restore::{Restore, SnapshotFile};
pub use seed::Seed;
pub use seed_failure::SeedFailure;
pub use seed_file::SeedFile;
pub use shipped_topologies::{SHIPPED, ShippedTopology};
pub use snapshot::Snapshot;
pub use spec_source::SpecSource;
pub use up::{Up, UpDone};

pub(crate) use certificates::judge as judge_certificates;
pub(crate) use examination::examine;
pub(crate) use spec_not_found::no_such_topology;

/// The default limit of a single wait.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_send(_: impl Send) {}

    #[test]
    fn futures_can_go_to_other_threads() {
        assert_send(Up::new(SpecSource::shipped("cluster")).run());
        let up = Up::new(SpecSource::shipped("cluster"));
        assert_send(up.plan());
        assert_send(ConnectedEngine::from_environment());
        assert_send(examine(None));
        let on = async |deployment: Deployment| {
            assert_send(deployment.status());
            assert_send(deployment.verify());
            assert_send(deployment.reset());
            assert_send(deployment.connection(None, None));
            assert_send(deployment.primary());
            assert_send(NodeChange::new(&deployment, NodeVerb::Stop).run());
            assert_send(Failover::new(&deployment).run());
            assert_send(deployment.primary().await.kill());
            assert_send(deployment.engine().deployments());
            assert_send(deployment.clone().remove_on_drop().down());
            assert_send(deployment.down());
        };
        let _ = on;
    }

    #[test]
    fn a_spec_is_read_from_code_text_and_the_shipped_topologies() {
        let in_code = Spec { shards: Some(5.into()), ..Spec::new(SpecKind::Cluster) };
        for (source, nodes) in [
            (SpecSource::from(in_code).name("shop"), 10),
            (SpecSource::text("shop", "kind: replication"), 2),
            (SpecSource::shipped("cluster").name("shop").set("shards", "4").unwrap(), 8),
        ] {
            let spec = source.read().unwrap();
            assert_eq!((spec.topology().name.as_str(), spec.topology().nodes().len()), ("shop", nodes));
        }
    }

    #[test]
    fn a_spec_that_is_built_in_code_says_what_is_wrong_with_it() {
        let spec = Spec { shards: Some(0.into()), ..Spec::new(SpecKind::Cluster) };
        let Err(error) = SpecSource::from(spec.clone()).name("shop").read() else { panic!("no shard") };
        assert!(error.text().contains("a cluster needs at least one shard"), "{}", error.text());
        let Err(error) = SpecSource::from(spec).set("shards", "3").unwrap().read() else { panic!("a path") };
        assert_eq!(error.hint().as_deref(), Some("set the field of `Spec`"));
    }
}
