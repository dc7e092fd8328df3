//! The membership of engines in a swarm, and why a deployment cannot stand on them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bollard::Docker;
use bollard::models::{LocalNodeState, Node, NodeSpecAvailabilityEnum, NodeState};
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
    /// The beginning of a command line of Docker's client for it, as in `docker --host tcp://one:2375`.
    pub client: String,
    /// The host of its machine.
    pub host: String,
    /// The name of its machine, and the folder of its data. They tell copies of a machine apart, whose ids are equal.
    pub machine: (String, String),
    /// Its labels, as its daemon was started with them.
    pub labels: BTreeMap<String, String>,
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
    /// The ids of nodes that get no part of a network, as far as it manages the swarm.
    pub closed: BTreeMap<String, Closed>,
}

/// Why a node of a swarm gets no part of its networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// Its availability is `drain`.
    Drained,
    /// Its availability is `pause`.
    Paused,
    /// The manager does not hear from it.
    Down,
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
    let closed = if is_manager { closed(docker).await? } else { BTreeMap::new() };
    let managers = swarm.remote_managers.into_iter().flatten().filter_map(|manager| manager.node_id);
    Ok(EngineIdentity {
        client: "docker".to_owned(),
        host: String::new(),
        id: info.id.unwrap_or_default(),
        machine: (info.name.unwrap_or_default(), info.docker_root_dir.unwrap_or_default()),
        labels: info.labels.into_iter().flatten().map(|label| pair(&label)).collect(),
        architecture: info.architecture.unwrap_or_default(),
        time: info.system_time.as_deref().and_then(since_1970),
        node: swarm.node_id.filter(|_| is_active),
        is_manager,
        managers: managers.collect(),
        closed,
    })
}

/// A label `NAME=VALUE`.
fn pair(label: &str) -> (String, String) {
    let (name, value) = label.split_once('=').unwrap_or((label, ""));
    (name.to_owned(), value.to_owned())
}

async fn closed(docker: &Docker) -> Result<BTreeMap<String, Closed>, EngineError> {
    let nodes = docker.list_nodes(None::<ListNodesOptions>).await;
    let nodes = nodes.map_err(EngineError::call("list the nodes of its swarm"))?;
    let closed = |node: Node| {
        let state = node.status.and_then(|status| status.state);
        let why = match node.spec.and_then(|spec| spec.availability) {
            Some(NodeSpecAvailabilityEnum::DRAIN) => Some(Closed::Drained),
            Some(NodeSpecAvailabilityEnum::PAUSE) => Some(Closed::Paused),
            _ => (state == Some(NodeState::DOWN)).then_some(Closed::Down),
        };
        Some((node.id?, why?))
    };
    Ok(nodes.into_iter().filter_map(closed).collect())
}

/// Why a deployment cannot stand on these engines; `None`: it can. With `host_ports`, it needs no swarm.
#[must_use]
pub fn misfit(engines: &BTreeMap<EngineName, EngineIdentity>, host_ports: bool) -> Option<Misfit> {
    let no_swarm = if host_ports { None } else { no_swarm(engines) };
    no_swarm.or_else(|| same_twice(engines)).or_else(|| unlike(engines))
}

fn same_twice(engines: &BTreeMap<EngineName, EngineIdentity>) -> Option<Misfit> {
    let mut seen = BTreeMap::new();
    for (name, engine) in engines {
        if let Some(other) = seen.insert((&engine.id, &engine.node, &engine.machine), name) {
            return Some(Misfit {
                message: format!("`{other}` and `{name}` are the same engine"),
                hint: "name each engine once".to_owned(),
            });
        }
    }
    None
}

fn no_swarm(engines: &BTreeMap<EngineName, EngineIdentity>) -> Option<Misfit> {
    let list =
        |names: &[&EngineName]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let outside: Vec<&EngineName> =
        engines.iter().filter(|(_, engine)| engine.node.is_none()).map(|(name, _)| name).collect();
    if !outside.is_empty() {
        return Some(Misfit {
            message: format!("engines of a deployment must be one swarm, and {} are in none", list(&outside)),
            hint: join(engines, &outside),
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
            message: format!("{} and `{manager}` are in different swarms", list(&apart)),
            hint: join(engines, &apart),
        });
    }
    engines.iter().find_map(|(name, engine)| Some(shut(name, *its.closed.get(engine.node.as_ref()?)?)))
}

fn shut(engine: &EngineName, why: Closed) -> Misfit {
    let hint = match why {
        Closed::Drained | Closed::Paused => {
            "`docker node update --availability active NODE` on a manager of the swarm ends that"
        }
        Closed::Down => {
            "port 2377/tcp of the managers must be open for it; after a restart, an engine takes some seconds"
        }
    };
    let message = match why {
        Closed::Drained => format!("the swarm gives no networks to engine `{engine}`: it is drained"),
        Closed::Paused => format!("the swarm gives no networks to engine `{engine}`: it is paused"),
        Closed::Down => format!("the manager of the swarm does not hear from engine `{engine}`"),
    };
    Misfit { message, hint: hint.to_owned() }
}

/// The commands by which these engines join one swarm, and the way without a swarm.
fn join(engines: &BTreeMap<EngineName, EngineIdentity>, joining: &[&EngineName]) -> String {
    let manager = engines.iter().find(|(name, engine)| engine.is_manager && !joining.contains(name));
    let Some(first) = manager.map(|(_, engine)| engine).or_else(|| engines.get(*joining.first()?)) else {
        return String::new();
    };
    let mut commands = Vec::new();
    if manager.is_none() {
        commands.push(format!("{} swarm init --advertise-addr {}", first.client, first.host));
    }
    commands.push(format!("{} swarm join-token --quiet worker", first.client));
    for engine in
        joining.iter().filter_map(|name| engines.get(*name)).filter(|engine| engine.client != first.client)
    {
        if engine.node.is_some() {
            commands.push(format!("{} swarm leave", engine.client));
        }
        commands.push(format!(
            "{} swarm join --advertise-addr {} --token TOKEN {}:2377",
            engine.client, engine.host, first.host
        ));
    }
    format!(
        "`{}` make a swarm; ports 2377/tcp, 7946/tcp+udp and 4789/udp must be open between the machines. Without a swarm: \
         `network: {{driver: host-ports}}`",
        commands.join("`, `")
    )
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
            client: format!("docker --host tcp://box-{number}:2375"),
            host: format!("box-{number}"),
            id: format!("id-{number}"),
            machine: (format!("machine-{number}"), "/var/lib/docker".to_owned()),
            labels: BTreeMap::new(),
            architecture: "x86_64".to_owned(),
            time: Some(Duration::from_secs(1000 + u64::from(number))),
            node: Some(format!("node-{number}")),
            is_manager: number == 0,
            managers: ["node-0".to_owned()].into(),
            closed: BTreeMap::new(),
        };
        (0..count)
            .map(|number| (EngineName::new(&char::from(b'a' + number).to_string()), engine(number)))
            .collect()
    }

    #[test]
    fn what_keeps_engines_apart_is_said() {
        assert_eq!(misfit(&engines(3), false), None);
        let mut alone = engines(3);
        for engine in alone.values_mut() {
            (engine.node, engine.is_manager) = (None, false);
        }
        assert_eq!(
            misfit(&alone, false).unwrap().hint,
            "`docker --host tcp://box-0:2375 swarm init --advertise-addr box-0`, `docker --host tcp://box-0:2375 swarm \
             join-token --quiet worker`, `docker --host tcp://box-1:2375 swarm join --advertise-addr box-1 --token TOKEN \
             box-0:2377`, `docker --host tcp://box-2:2375 swarm join --advertise-addr box-2 --token TOKEN box-0:2377` \
             make a swarm; ports 2377/tcp, 7946/tcp+udp and 4789/udp must be open between the machines. Without a \
             swarm: `network: {driver: host-ports}`"
        );
        let mut one = engines(3);
        one.get_mut(&EngineName::new("c")).unwrap().node = None;
        let hint = misfit(&one, false).unwrap().hint;
        assert!(!hint.contains("swarm init") && hint.contains("box-2:2375 swarm join --adv"), "{hint}");
        // Copies of a machine have its id.
        let mut copies = engines(3);
        for engine in copies.values_mut() {
            (engine.id, engine.node) = ("id".to_owned(), None);
        }
        assert_eq!(misfit(&copies, true), None);
        assert!(misfit(&copies, false).unwrap().hint.contains("host-ports"));
        let said = |change: fn(&mut EngineIdentity)| {
            let mut engines = engines(3);
            change(engines.get_mut(&EngineName::new("b")).unwrap());
            misfit(&engines, false).unwrap().message
        };
        let copy = |engine: &mut EngineIdentity| {
            engine.id = "id-0".to_owned();
            engine.node = Some("node-0".to_owned());
            engine.machine.0 = "machine-0".to_owned();
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
        assert!(
            misfit(&without_manager, false).unwrap().message.starts_with("no engine of the spec manages")
        );
        let shut = |why| {
            let mut shut = engines(3);
            shut.get_mut(&EngineName::new("a")).unwrap().closed = [("node-2".to_owned(), why)].into();
            misfit(&shut, false).unwrap().message
        };
        assert_eq!(shut(Closed::Drained), "the swarm gives no networks to engine `c`: it is drained");
        assert_eq!(shut(Closed::Paused), "the swarm gives no networks to engine `c`: it is paused");
        assert_eq!(shut(Closed::Down), "the manager of the swarm does not hear from engine `c`");
    }
}
