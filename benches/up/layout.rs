//! The nodes of each part: names, addresses and ports that do not collide, and the server's arguments, which are the same
//! for all.

use clap::ValueEnum;

/// The names of everything that the benchmark makes begin with this. The benchmark removes nothing else.
pub(crate) const PREFIX: &str = "redisctl-bench-";

/// The number of nodes of a cluster in the table of time against nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Size {
    /// 6 nodes.
    #[value(name = "6")]
    Six,
    /// 30 nodes.
    #[value(name = "30")]
    Thirty,
    /// 60 nodes.
    #[value(name = "60")]
    Sixty,
    /// 100 nodes.
    #[value(name = "100")]
    Hundred,
}

impl Size {
    /// The number of nodes; half of them are replicas.
    pub(crate) fn nodes(self) -> u8 {
        match self {
            Self::Six => 6,
            Self::Thirty => 30,
            Self::Sixty => 60,
            Self::Hundred => 100,
        }
    }

    /// The limit of `up` as a multiple of the engine's own time.
    pub(crate) fn limit(self) -> f64 {
        match self {
            Self::Six | Self::Sixty => 1.2,
            Self::Thirty => 1.15,
            // Gossip between all nodes grows with the square of their number.
            Self::Hundred => 1.3,
        }
    }
}

/// The cluster of one part.
#[derive(Debug)]
pub(crate) struct Layout {
    /// The name after [`PREFIX`].
    contestant: &'static str,
    /// The number of nodes; half of them are replicas.
    pub(crate) nodes: u8,
    /// The third byte of the subnet. redisctl picks its own subnet.
    network: u8,
    /// The first node's port.
    pub(crate) base_port: u16,
}

/// One node of a layout.
#[derive(Debug)]
pub(crate) struct Node {
    /// The container's name.
    pub(crate) name: String,
    /// Its static IP.
    pub(crate) address: String,
    /// Its port, published under the same number.
    pub(crate) port: u16,
}

impl Layout {
    pub(crate) const ENGINE: Self = Self { contestant: "engine", nodes: 6, network: 181, base_port: 7401 };
    pub(crate) const REDISCTL: Self = Self { contestant: "tool", nodes: 6, network: 0, base_port: 7411 };
    pub(crate) const COMPOSE: Self = Self { contestant: "compose", nodes: 6, network: 182, base_port: 7421 };
    pub(crate) const SHARDS: Self = Self { contestant: "shards", nodes: 6, network: 0, base_port: 7501 };

    pub(crate) const STANDALONE: Self =
        Self { contestant: "standalone", nodes: 1, network: 0, base_port: 7495 };

    /// The engine's containers of a size.
    pub(crate) fn engine_of(size: Size) -> Self {
        Self { contestant: "engine-sized", nodes: size.nodes(), network: 183, base_port: 7501 }
    }

    /// The cluster of a size.
    pub(crate) fn redisctl_of(size: Size) -> Self {
        Self { contestant: "tool-sized", nodes: size.nodes(), network: 0, base_port: 7601 }
    }

    /// The name of the deployment, the project and the network.
    pub(crate) fn name(&self) -> String {
        format!("{PREFIX}{}", self.contestant)
    }

    /// The network's subnet, in a rarely used part of the private range.
    pub(crate) fn subnet(&self) -> String {
        format!("10.213.{}.0/24", self.network)
    }

    /// Shards, each a primary with one replica.
    pub(crate) fn shards(&self) -> u8 {
        self.nodes / 2
    }

    /// The nodes, with numbers from 1 and addresses from .11, as redisctl gives them.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = Node> {
        (1..=self.nodes).map(|number| Node {
            name: format!("{}-{number}", self.name()),
            address: format!("10.213.{}.{}", self.network, number + 10),
            port: self.base_port + u16::from(number) - 1,
        })
    }
}

impl Node {
    /// The server's arguments: a cluster node without persistence.
    pub(crate) fn server_arguments(&self) -> Vec<String> {
        let port = self.port.to_string();
        [
            "--port",
            &port,
            "--cluster-enabled",
            "yes",
            "--protected-mode",
            "no",
            "--save",
            "",
            "--appendonly",
            "no",
        ]
        .map(str::to_owned)
        .to_vec()
    }
}
