//! The row of each node in `status`.

use super::reading::Reading;
use super::{Link, ModuleStatus, NodeStatus, Role};
use crate::arrangement::{Seats, Standing};
use crate::observation::LoadedModule;
use crate::topology::Node;

/// The row of a node.
pub(super) fn node(reading: &Reading<'_>, seats: &Seats<'_>, node: &Node) -> NodeStatus {
    let view = reading.arrangement.view(&node.name);
    let mut status = NodeStatus {
        name: node.name.clone(),
        role: seats.seat(&node.name).role.into(),
        address: node.address.to_string(),
        endpoint: node.endpoint.to_string(),
        container: node.name.clone(),
        engine: node.engine.clone(),
        condition: reading.condition(&node.name),
        slots: Vec::new(),
        primary: None,
        link: None,
        lag: None,
        memory: view.map(|view| view.memory),
        keys: view.filter(|view| view.sentinel.is_none()).map(|view| view.keys),
        version: view.and_then(|view| Some(view.server?.version.to_string())),
        modules: view.and_then(|view| Some(view.modules.as_ref()?.iter().map(module).collect())),
    };
    match reading.arrangement.standing(&node.name) {
        None => {}
        Some(Standing::Sentinel { of }) => status.primary = of,
        Some(Standing::Primary { slots }) => {
            status.role = Role::Primary;
            status.slots = slots.ranges().iter().map(|range| [range.start(), range.end()]).collect();
        }
        Some(Standing::Replica { of, link_up, lag }) => {
            status.role = Role::Replica;
            status.link = Some(if link_up { Link::Up } else { Link::Down });
            (status.primary, status.lag) = (of, lag);
        }
    }
    status
}

fn module(module: &LoadedModule) -> ModuleStatus {
    let file = module.file.as_ref().filter(|_| !module.is_built_in());
    ModuleStatus {
        name: module.name.clone(),
        version: module.version,
        built_in: module.is_built_in(),
        path: file.map(|file| file.path.clone()),
        args: file.map(|file| file.args.clone()).unwrap_or_default(),
    }
}
