//! What earlier releases stored in the deployment's volume is read as it was meant.

use redisctl::topology::files::parse_deployment;

use crate::rig::topology;

/// What release 0.1 stored for [`CLUSTER`] and [`REPLICATION`].
const CLUSTER_BY_0_1: &str = include_str!("stored/cluster-0.1.json");
const REPLICATION_BY_0_1: &str = include_str!("stored/replication-0.1.json");

const CLUSTER: &str = "{kind: cluster, shards: 2, auth: {password: secret}, data: volume}";
const REPLICATION: &str = "{kind: replication, config: {maxmemory: 64mb}}";

#[test]
fn topologies_of_release_0_1_are_read() {
    for (stored, spec) in [(CLUSTER_BY_0_1, CLUSTER), (REPLICATION_BY_0_1, REPLICATION)] {
        let (read, credentials) = parse_deployment(stored).expect("a stored deployment");
        assert_eq!(read, topology(spec));
        assert_eq!(credentials.default.is_some(), read.auth.is_some());
    }
}
