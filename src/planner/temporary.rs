//! Temporary settings of nodes: one value makes the steps that set them and the steps that reset them.

use super::draft::{Stages, server};
use crate::plan::{Cause, Order, ServerAction, Step};
use crate::topology::settings::usual::usual_default;
use crate::topology::{Learned, Node, NodeName, Settings};

/// Temporary settings of some nodes, and the usual settings afterwards.
pub(super) struct Temporary {
    cause: Cause,
    nodes: Vec<NodeSettings>,
}

/// The temporary settings of a node, and the usual settings that it gets back.
pub(super) struct NodeSettings {
    pub(super) node: NodeName,
    pub(super) for_a_while: Settings,
    pub(super) usual: Settings,
}

impl Temporary {
    pub(super) fn new(cause: Cause, nodes: impl Iterator<Item = NodeSettings>) -> Self {
        Self { cause, nodes: nodes.collect() }
    }

    /// The step that sets the temporary settings of one node.
    pub(super) fn begin_at(&self, node: &NodeName) -> Option<Step> {
        let exchange = self.nodes.iter().find(|exchange| exchange.node == *node)?;
        self.configure(node, &exchange.for_a_while)
    }

    /// The steps that set the temporary settings of the nodes for which `now` holds.
    pub(super) fn begin(&self, now: impl Fn(&NodeName) -> bool) -> Vec<Step> {
        let nodes = self.nodes.iter().map(|exchange| &exchange.node).filter(|node| now(node));
        nodes.filter_map(|node| self.begin_at(node)).collect()
    }

    /// The steps that reset the settings of the nodes for which `here` holds.
    pub(super) fn end(&self, here: impl Fn(&NodeName) -> bool) -> Vec<Step> {
        let nodes = self.nodes.iter().filter(|exchange| here(&exchange.node));
        nodes.filter_map(|exchange| self.configure(&exchange.node, &exchange.usual)).collect()
    }

    /// The stages, between a stage that sets the temporary settings and a stage that resets them.
    pub(super) fn around(&self, begin: &'static str, inner: Stages, end: &'static str) -> Stages {
        let mut stages = Stages::one(begin, Order::SideBySide, self.begin(|_| true));
        stages.append(inner);
        stages.push(end, Order::SideBySide, self.end(|_| true));
        stages
    }

    fn configure(&self, node: &NodeName, settings: &Settings) -> Option<Step> {
        let configure = || server(node, ServerAction::Configure(settings.clone()), self.cause.clone());
        (!settings.is_empty()).then(configure)
    }
}

/// A node's usual values of some settings: the spec's value, otherwise the server's default.
pub(super) fn usual(learned: &Learned, node: &Node, changed: &Settings) -> Settings {
    // The server of another image may have other defaults.
    let learned = Some(learned).filter(|_| node.own_image.is_none());
    let default =
        |name: &str| learned.and_then(|learned| learned.default_of(name)).or_else(|| usual_default(name));
    let value = |name: &str| node.settings.get(name).or_else(|| default(name)).map(str::to_owned);
    changed.iter().filter_map(|(name, _)| Some((name, value(name)?))).collect()
}
