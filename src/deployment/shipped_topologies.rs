//! The topologies that are compiled into redisctl.

/// A shipped topology.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShippedTopology {
    /// Its name, and the default name of its deployment.
    pub name: &'static str,
    /// Its spec, as YAML.
    pub text: &'static str,
}

/// Every shipped topology.
pub const SHIPPED: [ShippedTopology; 5] = [
    ShippedTopology { name: "standalone", text: include_str!("../../topologies/standalone.yaml") },
    ShippedTopology { name: "replica", text: include_str!("../../topologies/replica.yaml") },
    ShippedTopology { name: "sentinel", text: include_str!("../../topologies/sentinel.yaml") },
    ShippedTopology { name: "cluster", text: include_str!("../../topologies/cluster.yaml") },
    ShippedTopology { name: "secure", text: include_str!("../../topologies/secure.yaml") },
];

impl ShippedTopology {
    /// The shipped topology of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        SHIPPED.iter().find(|shipped| shipped.name == name)
    }

    /// Its description: the first line of its text, which is a comment.
    #[must_use]
    pub fn summary(&self) -> &'static str {
        self.text.lines().next().unwrap_or_default().trim_start_matches("# ")
    }
}
