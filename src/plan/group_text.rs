//! Whether two steps differ only in their nodes, and a common text for these steps.

use super::action_text::with_modules;
use super::names::list;
use super::{Action, Cause, EngineAction, ServerAction, Step};
use crate::counted::counted;
use crate::topology::container::Namespace;
use crate::topology::{NodeName, SlotSet};

/// A placeholder for each node's own name.
const OWN_NAME: &str = "<node>";

/// Whether two steps differ only in their nodes and in each node's own data: its address, its slots, the nodes that
/// it meets. The engine of a server does not matter.
pub(super) fn alike(one: &Step, other: &Step) -> bool {
    let at_one_engine = !one.action.is_engine_call() || one.engine == other.engine;
    at_one_engine && actions_are_alike(one, other) && causes_are_alike(one, other)
}

fn actions_are_alike(one: &Step, other: &Step) -> bool {
    let own_parts = match (&one.action, &other.action) {
        (Action::Engine(one), Action::Engine(other)) => match (one, other) {
            (EngineAction::CreateContainer(one), EngineAction::CreateContainer(other)) => {
                one.image == other.image
                    && one.modules == other.modules
                    && own_ports(&one.network) == own_ports(&other.network)
            }
            (
                EngineAction::WriteFiles { primary: one, .. },
                EngineAction::WriteFiles { primary: other, .. },
            ) => return one == other,
            (EngineAction::AttachContainer { .. }, EngineAction::AttachContainer { .. }) => true,
            _ => false,
        },
        (Action::Server(one), Action::Server(other)) => matches!(
            (one, other),
            (ServerAction::SetConfigEpoch(_), ServerAction::SetConfigEpoch(_))
                | (ServerAction::AssignSlots(_), ServerAction::AssignSlots(_))
                | (ServerAction::Meet(_), ServerAction::Meet(_))
                | (ServerAction::Replicate(_), ServerAction::Replicate(_))
        ),
        _ => false,
    };
    own_parts || own_text(one, &one.action.to_string()) == own_text(other, &other.action.to_string())
}

/// Whether a container has a network namespace of its own.
fn own_ports(namespace: &Namespace) -> bool {
    matches!(namespace, Namespace::Own { .. } | Namespace::AtEngine { .. })
}

fn causes_are_alike(one: &Step, other: &Step) -> bool {
    let same_kind = matches!(
        (&one.cause, &other.cause),
        (Cause::Unassigned(_), Cause::Unassigned(_))
            | (Cause::Unknown(_), Cause::Unknown(_))
            | (Cause::PrimaryGoes(_), Cause::PrimaryGoes(_))
    );
    same_kind || own_text(one, &one.cause.to_string()) == own_text(other, &other.cause.to_string())
}

/// A text of a step without its node's own name.
fn own_text(step: &Step, text: &str) -> String {
    let Some(name) = step.node.as_ref().map(NodeName::as_str) else { return text.to_owned() };
    let belongs_to_name = |character: char| character.is_ascii_alphanumeric() || "_.-".contains(character);
    let mut own = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(name) {
        // `shop-1` is not part of `shop-10`, but `shop-1-data` belongs to the node.
        let is_name = !before.ends_with(belongs_to_name)
            && !after.starts_with(|next: char| next.is_ascii_alphanumeric());
        own.push_str(before);
        own.push_str(if is_name { OWN_NAME } else { name });
        rest = after;
    }
    own + rest
}

/// The action of alike steps, in a single text.
pub(super) fn action_of(steps: &[&Step]) -> String {
    let [first, .., last] = steps else {
        return steps.first().map_or_else(String::new, |only| only.action.to_string());
    };
    let text = first.action.to_string();
    if steps.iter().all(|step| step.action.to_string() == text) {
        return text;
    }
    match (&first.action, &last.action) {
        (
            Action::Engine(EngineAction::CreateContainer(one)),
            Action::Engine(EngineAction::CreateContainer(other)),
        ) => {
            let ports = match (&one.network, &other.network) {
                (Namespace::Of { anchor, port }, Namespace::Of { port: last, .. }) => {
                    format!("ports {port} … {last} of {anchor}")
                }
                (one, other) => format!("{one} … {}", other.to_string().trim_start_matches("address ")),
            };
            format!("create container, image {}, {ports}{}", one.image, with_modules(&one.modules))
        }
        (Action::Engine(EngineAction::WriteFiles { primary, .. }), _) => {
            let nodes = steps.iter().flat_map(|step| match &step.action {
                Action::Engine(EngineAction::WriteFiles { nodes, .. }) => nodes.as_slice(),
                _ => &[],
            });
            let primary = primary.as_ref().map_or_else(String::new, |primary| format!(", primary {primary}"));
            format!("write files of {}{primary}", list(&distinct(nodes)))
        }
        (
            Action::Engine(EngineAction::CreateVolume(one)),
            Action::Engine(EngineAction::CreateVolume(other)),
        ) => format!("create volume {} … {}", one.name, other.name),
        (
            Action::Engine(EngineAction::AttachContainer { ip: Some(ip), .. }),
            Action::Engine(EngineAction::AttachContainer { ip: Some(last), .. }),
        ) => format!("attach to the network at {ip} … {last}"),
        (
            Action::Server(ServerAction::SetConfigEpoch(epoch)),
            Action::Server(ServerAction::SetConfigEpoch(last)),
        ) => format!("set config epoch {epoch} … {last}"),
        (Action::Server(ServerAction::AssignSlots(_)), _) => {
            let slots = steps.iter().filter_map(|step| match &step.action {
                Action::Server(ServerAction::AssignSlots(slots)) => Some(slots),
                _ => None,
            });
            format!("assign slots {}, a part to each", union(slots))
        }
        (Action::Server(ServerAction::Meet(_)), _) => {
            let counts = steps.iter().filter_map(|step| match &step.action {
                Action::Server(ServerAction::Meet(peers)) => Some(peers.len()),
                _ => None,
            });
            match (counts.clone().min(), counts.max()) {
                (Some(fewest), Some(most)) if fewest != most => format!("meet {fewest} to {most} nodes each"),
                (_, most) => format!("meet {} each", counted(most.unwrap_or(0), "node")),
            }
        }
        (Action::Server(ServerAction::Replicate(_)), _) => {
            let primaries = steps.iter().filter_map(|step| match &step.action {
                Action::Server(ServerAction::Replicate(primary)) => Some(primary),
                _ => None,
            });
            format!("replicate {}", list(&distinct(primaries)))
        }
        _ => own_text(first, &text),
    }
}

/// The cause of alike steps, in a single text.
pub(super) fn cause_of(steps: &[&Step]) -> String {
    let Some(first) = steps.first() else { return String::new() };
    let text = first.cause.to_string();
    if steps.iter().all(|step| step.cause.to_string() == text) {
        return text;
    }
    match &first.cause {
        Cause::Unassigned(_) => {
            let slots = steps.iter().filter_map(|step| match &step.cause {
                Cause::Unassigned(slots) => Some(slots),
                _ => None,
            });
            Cause::Unassigned(union(slots)).to_string()
        }
        Cause::Unknown(_) => "nodes not known".to_owned(),
        Cause::PrimaryGoes(_) => {
            let primaries = steps.iter().filter_map(|step| match &step.cause {
                Cause::PrimaryGoes(primary) => Some(primary),
                _ => None,
            });
            format!("{} leave or are replaced", list(&distinct(primaries)))
        }
        _ => own_text(first, &text),
    }
}

fn union<'a>(sets: impl Iterator<Item = &'a SlotSet>) -> SlotSet {
    sets.flat_map(|set| set.ranges().iter().copied()).collect()
}

/// Each name once, sorted.
fn distinct<'a>(names: impl Iterator<Item = &'a NodeName>) -> Vec<NodeName> {
    let names: std::collections::BTreeSet<&NodeName> = names.collect();
    names.into_iter().cloned().collect()
}
