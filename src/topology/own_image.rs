//! Nodes with images of their own: deployments with servers of several versions.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Module, Node, Server, Shard, Topology};

/// An image of a node's own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OwnImage {
    /// Its reference.
    pub reference: String,
    /// The server in it.
    pub server: Server,
    /// The variables that its start script sets for its server.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
    /// The modules that its server loads.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub modules: Vec<Module>,
}

impl Topology {
    /// The image that a node runs.
    #[must_use]
    pub fn image_of<'a>(&'a self, node: &'a Node) -> &'a str {
        node.own_image.as_ref().map_or(&self.image, |own| &own.reference)
    }

    /// The server that a node runs.
    #[must_use]
    pub fn server_of(&self, node: &Node) -> Server {
        node.own_image.as_ref().map_or(self.server, |own| own.server)
    }

    /// The modules that a node loads, unless it is a sentinel.
    #[must_use]
    pub fn modules_of<'a>(&'a self, node: &'a Node) -> &'a [Module] {
        node.own_image.as_ref().map_or(&self.modules, |own| &own.modules)
    }

    /// The images of single nodes.
    #[must_use]
    pub fn own_images(&self) -> BTreeSet<&str> {
        let own = self.nodes().into_iter().filter_map(|node| node.own_image.as_ref());
        own.map(|own| own.reference.as_str()).collect()
    }

    /// Whether every server has an ability. The sentinels do not count.
    #[must_use]
    pub fn every_server(&self, has: impl Fn(Server) -> bool) -> bool {
        self.shards.iter().flat_map(Shard::nodes).all(|node| has(self.server_of(node)))
    }

    /// Whether all sentinels have ACL users.
    #[must_use]
    pub fn has_sentinel_users(&self) -> bool {
        self.sentinels.iter().all(|node| self.server_of(node).has_sentinel_users())
    }

    /// Whether CLUSTER SHARDS of all servers can be compared. Servers with shard ids and servers without them list
    /// replicas of each other in shards of their own.
    #[must_use]
    pub fn lists_shards_alike(&self) -> bool {
        let have_ids =
            self.every_server(Server::has_shard_ids) || self.every_server(|server| !server.has_shard_ids());
        have_ids && self.every_server(Server::has_shards)
    }
}
