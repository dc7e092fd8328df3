//! The membership of engines in a swarm, and why a deployment cannot stand on them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bollard::Docker;
use bollard::models::{LocalNodeState, NodeSpecAvailabilityEnum};
use bollard::query_parameters::ListNodesOptions;

use super::EngineError;
use super::timestamp::since_1970;
use crate::topology::EngineName;

/// How far the clocks of engines may be apart. TLS certificates and the expiry of a deployment depend on them.
const MOST_APART: Duration = Duration::from_secs(30);

/// The facts that an engine tells about itself and its swarm.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EngineIdentity {
    /// Its id. Copies of a machine may have the same id.
    pub id: String,
    /// The processor of its containers.
    pub architecture: String,
    /// Its clock, as time since 1970.
    pub time: Option<Duration>,
    /// The id of its node in a swarm; `None`: it is in none.
    pub node: Option<String>,
    /// Whether it manages the swarm.
    pub is_manager: bool,
    /// The ids of the swarm's managers.
    pub managers: BTreeSet<String>,
    /// The ids of nodes that take no containers, as far as it manages the swarm.
    pub drained: BTreeSet<String>,
}

/// Why a deployment cannot stand on some engines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// The problem.
    pub message: String,
    /// The correction.
    pub hint: String,
}

/// Asks an engine about itself and its swarm.
///
/// # Errors
/// The engine does not answer.
pub async fn identity(docker: &Docker) -> Result<EngineIdentity, EngineError> {
    let info = docker.info().await.map_err(EngineError::call("tell about itself"))?;
    let swarm = info.swarm.unwrap_or_default();
    let is_active = swarm.local_node_state == Some(LocalNodeState::ACTIVE);
    let is_manager = is_active && swarm.control_available == Some(true);
    let drained = if is_manager { drained(docker).await? } else { BTreeSet::new() };
    let managers = swarm.remote_managers.into_iter().flatten().filter_map(|manager| manager.node_id);
    Ok(EngineIdentity {
        id: info.id.unwrap_or_default(),
        architecture: info.architecture.unwrap_or_default(),
        time: info.system_time.as_deref().and_then(since_1970),
        node: swarm.node_id.filter(|_| is_active),
        is_manager,
        managers: managers.collect(),
        drained,
    })
}

async fn drained(docker: &Docker) -> Result<BTreeSet<String>, EngineError> {
    let nodes = docker.list_nodes(None::<ListNodesOptions>).await;
    let nodes = nodes.map_err(EngineError::call("list the nodes of its swarm"))?;
    let is_drained = |node: &bollard::models::Node| {
        let availability = node.spec.as_ref().and_then(|spec| spec.availability);
        availability == Some(NodeSpecAvailabilityEnum::DRAIN)
    };
    Ok(nodes.into_iter().filter(is_drained).filter_map(|node| node.id).collect())
}

/// Why a deployment cannot stand on these engines; `None`: it can.
#[must_use]
pub fn misfit(engines: &BTreeMap<EngineName, EngineIdentity>) -> Option<Misfit> {
    no_swarm(engines).or_else(|| same_twice(engines)).or_else(|| unlike(engines))
}

fn same_twice(engines: &BTreeMap<EngineName, EngineIdentity>) -> Option<Misfit> {
    let mut seen = BTreeMap::new();
    for (name, engine) in engines {
        if let Some(other) = seen.insert((&engine.id, &engine.node), name) {
            return Some(Misfit {
                message: format!("`{other}` and `{name}` are the same engine"),
                hint: "name each engine once".to_owned(),
            });
        }
    }
    None
}

fn no_swarm(engines: &BTreeMap<EngineName, EngineIdentity>) -> Option<Misfit> {
    let list = |names: Vec<&EngineName>| {
        names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    };
    let outside: Vec<&EngineName> =
        engines.iter().filter(|(_, engine)| engine.node.is_none()).map(|(name, _)| name).collect();
    let hint = "one engine makes the swarm (`docker swarm init --advertise-addr ITS-ADDRESS`), the others join it \
                (`docker swarm join-token worker` prints the command); ports 2377/tcp, 7946/tcp+udp and 4789/udp must \
                be open between them";
    if !outside.is_empty() {
        return Some(Misfit {
            message: format!("engines of a deployment must be one swarm, and {} are in none", list(outside)),
            hint: hint.to_owned(),
        });
    }
    let Some((manager, its)) = engines.iter().find(|(_, engine)| engine.is_manager) else {
        return Some(Misfit {
            message: "no engine of the spec manages the swarm, so none can make its network".to_owned(),
            hint: "add a manager to `engines`, or promote one with `docker node promote`".to_owned(),
        });
    };
    let apart = engines.iter().filter(|(_, engine)| engine.managers.is_disjoint(&its.managers));
    let apart: Vec<&EngineName> = apart.map(|(name, _)| name).collect();
    if !apart.is_empty() {
        return Some(Misfit {
            message: format!("{} and `{manager}` are in different swarms", list(apart)),
            hint: hint.to_owned(),
        });
    }
    let is_drained =
        |engine: &EngineIdentity| engine.node.as_ref().is_some_and(|node| its.drained.contains(node));
    let drained: Vec<&EngineName> =
        engines.iter().filter(|(_, engine)| is_drained(engine)).map(|(name, _)| name).collect();
    (!drained.is_empty()).then(|| Misfit {
        message: format!("the swarm gives no containers to the drained engine {}", list(drained)),
        hint: "`docker node update --availability active NODE` on a manager ends that".to_owned(),
    })
}

fn unlike(engines: &BTreeMap<EngineName, EngineIdentity>) -> Option<Misfit> {
    let (first, its) = engines.iter().next()?;
    let other = engines.iter().find(|(_, engine)| engine.architecture != its.architecture);
    if let Some((name, other)) = other {
        return Some(Misfit {
            message: format!(
                "engine `{first}` runs programs for {}, and engine `{name}` for {}",
                its.architecture, other.architecture
            ),
            hint: "use engines with the same processor".to_owned(),
        });
    }
    let apart = engines.iter().find_map(|(name, engine)| {
        let apart = engine.time?.abs_diff(its.time?);
        (apart > MOST_APART).then_some((name, apart))
    });
    apart.map(|(name, apart)| Misfit {
        message: format!("the clocks of the engines `{first}` and `{name}` are {} s apart", apart.as_secs()),
        hint: "set the clocks, or let a time service set them".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn engines(count: u8) -> BTreeMap<EngineName, EngineIdentity> {
        let engine = |number: u8| EngineIdentity {
            id: format!("id-{number}"),
            architecture: "x86_64".to_owned(),
            time: Some(Duration::from_secs(1000 + u64::from(number))),
            node: Some(format!("node-{number}")),
            is_manager: number == 0,
            managers: ["node-0".to_owned()].into(),
            drained: BTreeSet::new(),
        };
        (0..count)
            .map(|number| (EngineName::new(&char::from(b'a' + number).to_string()), engine(number)))
            .collect()
    }

    #[test]
    fn what_keeps_engines_apart_is_said() {
        assert_eq!(misfit(&engines(3)), None);
        let said = |change: fn(&mut EngineIdentity)| {
            let mut engines = engines(3);
            change(engines.get_mut(&EngineName::new("b")).unwrap());
            misfit(&engines).unwrap().message
        };
        let copy = |engine: &mut EngineIdentity| {
            engine.id = "id-0".to_owned();
            engine.node = Some("node-0".to_owned());
        };
        assert_eq!(said(copy), "`a` and `b` are the same engine");
        assert_eq!(
            said(|engine| engine.node = None),
            "engines of a deployment must be one swarm, and `b` are in none"
        );
        assert_eq!(
            said(|engine| engine.managers = ["node-9".to_owned()].into()),
            "`b` and `a` are in different swarms"
        );
        assert_eq!(
            said(|engine| engine.architecture = "aarch64".to_owned()),
            "engine `a` runs programs for x86_64, and engine `b` for aarch64"
        );
        assert_eq!(
            said(|engine| engine.time = Some(Duration::from_secs(1100))),
            "the clocks of the engines `a` and `b` are 100 s apart"
        );
        let mut without_manager = engines(3);
        for engine in without_manager.values_mut() {
            engine.is_manager = false;
        }
        assert!(misfit(&without_manager).unwrap().message.starts_with("no engine of the spec manages"));
        let mut drained = engines(3);
        drained.get_mut(&EngineName::new("a")).unwrap().drained = ["node-2".to_owned()].into();
        assert_eq!(
            misfit(&drained).unwrap().message,
            "the swarm gives no containers to the drained engine `c`"
        );
    }
}
