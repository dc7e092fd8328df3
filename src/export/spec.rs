//! A deployment as the spec that describes it. `up` with this spec changes nothing, and makes the same deployment
//! elsewhere. Passwords and files are not in it.

use std::collections::{BTreeMap, BTreeSet};

use serde_yaml::{Mapping, Value};

use crate::spec::{Access, ClientAuth, DataSpec, Problem, Spec};
use crate::topology::facts::{Existing, Facts};
use crate::topology::modules::MODULES_FOLDER;
use crate::topology::paths::MOUNT;
use crate::topology::resolve::resolve;
use crate::topology::slot_division::divide;
use crate::topology::tls::CertificateSource;
use crate::topology::users::EVERYTHING;
use crate::topology::{
    Auth, EngineReference, Kind, Module, Node, NodeName, Settings, Shard, SlotSet, Tls, Topology,
};

/// A spec as text.
pub struct ExportedSpec {
    fields: Mapping,
    /// The comment before a field, by its name.
    comments: BTreeMap<&'static str, String>,
}

/// The spec of a deployment. `engine_host` is the host that clients of its engine dial by default.
///
/// # Errors
/// The problems of the spec: the deployment cannot be described.
pub fn spec(topology: &Topology, engine_host: &str) -> Result<ExportedSpec, Vec<Problem>> {
    let mut exported = ExportedSpec { fields: Mapping::new(), comments: BTreeMap::new() };
    exported.shape(topology);
    exported.ports(topology);
    exported.access(topology);
    exported.environment(topology);
    let facts = facts(topology, engine_host);
    if let Some(host) = other_host(topology, &exported.resolved(&facts)?) {
        exported.announce(host);
    }
    exported.limits(topology);
    let base = exported.resolved(&facts)?;
    exported.config(topology, &base);
    let base = exported.resolved(&facts)?;
    exported.memory(topology, &base);
    Ok(exported)
}

/// Facts with which the spec resolves to the deployment.
fn facts(topology: &Topology, engine_host: &str) -> Facts {
    let existing = Existing {
        subnet: Some(topology.subnet),
        stored: Some(Box::new(topology.clone())),
        adopted: None,
        replacement: None,
        containers: BTreeMap::new(),
    };
    let host = topology.shards.first().map(|shard| shard.primary.endpoint.host.clone());
    // A name that resolves to this machine, as the deployment's placement tells.
    let ip = if topology.anchor.is_some() { std::net::Ipv4Addr::LOCALHOST } else { topology.bind };
    Facts {
        endpoint_host: engine_host.to_owned(),
        engine_hosts: topology
            .engines
            .iter()
            .map(|(name, engine)| (name.to_string(), engine.host.clone()))
            .collect(),
        host_ips: if topology.has_host_ports() {
            topology.nodes().iter().map(|node| (node.endpoint.host.clone(), node.address.ip)).collect()
        } else {
            host.into_iter().map(|host| (host, ip)).collect()
        },
        server: Some(topology.server),
        environment: topology.environment.clone(),
        existing,
        ..Facts::offline(topology.name.as_str())
    }
}

/// The host that clients dial, if the spec must name it.
fn other_host<'t>(topology: &'t Topology, base: &Topology) -> Option<&'t str> {
    let host = |topology: &'t Topology| Some(topology.shards.first()?.primary.endpoint.host.as_str());
    let default = base.shards.first().map(|shard| shard.primary.endpoint.host.as_str());
    host(topology).filter(|host| Some(*host) != default)
}

impl ExportedSpec {
    /// The spec as YAML, with comments.
    ///
    /// # Errors
    /// A value cannot be written as YAML.
    pub fn text(&self) -> Result<String, serde_yaml::Error> {
        let mut text = String::new();
        for (name, value) in &self.fields {
            if let Some(comment) = name.as_str().and_then(|name| self.comments.get(name)) {
                comment.lines().for_each(|line| text.extend(["# ", line, "\n"]));
            }
            let field: Mapping = std::iter::once((name.clone(), value.clone())).collect();
            text.push_str(&serde_yaml::to_string(&field)?);
        }
        Ok(text)
    }

    /// The same spec as JSON, without comments.
    #[must_use]
    pub fn fields(&self) -> &Mapping {
        &self.fields
    }

    fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.fields.insert(name.into(), value.into());
    }

    /// A mapping in the spec, made at its first use.
    fn mapping(&mut self, path: &[&str]) -> &mut Mapping {
        let mut mapping = &mut self.fields;
        for name in path {
            let value = mapping.entry((*name).into()).or_insert_with(|| Mapping::new().into());
            let Value::Mapping(inner) = value else { unreachable!("the path names mappings") };
            mapping = inner;
        }
        mapping
    }

    fn resolved(&self, facts: &Facts) -> Result<Topology, Vec<Problem>> {
        let spec: Spec = serde_yaml::from_value(Value::Mapping(self.fields.clone()))
            .map_err(|error| vec![Problem::new::<&str>(&[], error.to_string())])?;
        resolve(&spec, facts)
    }

    fn shape(&mut self, topology: &Topology) {
        self.set("name", topology.name.as_str());
        self.set("kind", topology.kind.as_str());
        self.set("image", topology.image.as_str());
        let platform = topology.platform.as_ref().map(ToString::to_string);
        if let Some(platform) = platform {
            self.set("platform", platform);
        }
        let (fewest, most) = topology.replicas_per_shard().into_inner();
        let are_divided = topology.shards.iter().map(|shard| shard.slots.clone());
        let evenly = divide(topology.shards.len()).into_iter().map(SlotSet::from);
        let is_even = fewest == most && (!topology.formed || are_divided.eq(evenly));
        match topology.kind {
            Kind::Cluster if is_even => self.set("shards", topology.shards.len()),
            Kind::Cluster => {
                let shard = |shard: &Shard| {
                    let mut fields = Mapping::new();
                    if topology.formed {
                        fields.insert("slots".into(), shard.slots.to_string().into());
                    }
                    fields.insert("replicas".into(), shard.replicas.len().into());
                    Value::from(fields)
                };
                self.set("shards", topology.shards.iter().map(shard).collect::<Vec<_>>());
            }
            Kind::Standalone | Kind::Replication | Kind::Sentinel => {}
        }
        if topology.kind != Kind::Standalone && (topology.kind != Kind::Cluster || is_even) {
            self.set("replicas", most);
        }
        if !topology.formed {
            self.set("formed", false);
        }
        if topology.kind == Kind::Sentinel {
            self.set("sentinels", topology.sentinels.len());
        }
        self.engines(topology);
    }

    /// The engines, and the engine of each node.
    fn engines(&mut self, topology: &Topology) {
        for (name, engine) in &topology.engines {
            let (field, value) = match &engine.at {
                EngineReference::Host(address) => ("host", address),
                EngineReference::Context(context) => ("context", context),
            };
            self.mapping(&["engines", name.as_str()]).insert(field.into(), value.as_str().into());
            let names_host =
                matches!(&engine.at, EngineReference::Host(address) if address.contains(&engine.host));
            if topology.has_host_ports() && !names_host {
                self.mapping(&["engines", name.as_str()])
                    .insert("address".into(), engine.host.as_str().into());
            }
            if let Some(zone) = &engine.zone {
                self.mapping(&["engines", name.as_str()]).insert("zone".into(), zone.as_str().into());
            }
        }
        if topology.has_host_ports() {
            self.mapping(&["network"]).insert("driver".into(), "host-ports".into());
        }
        if let Some(spread) = &topology.spread {
            self.set("spread", spread.as_str());
        }
        for (node, engine) in topology.places() {
            self.mapping(&["nodes", node.as_str()]).insert("engine".into(), engine.as_str().into());
        }
    }

    /// The first port, and the ports of nodes that do not count up from it.
    fn ports(&mut self, topology: &Topology) {
        let number =
            |node: &Node| node.name.number_in(&topology.name).and_then(|number| u16::try_from(number).ok());
        let nodes = topology.nodes();
        let numbered = || nodes.iter().filter_map(|node| Some((*node, number(node)?)));
        let first = numbered().find_map(|(node, number)| node.address.port.checked_sub(number - 1));
        let Some(base) = first else { return };
        self.mapping(&["ports"]).insert("base".into(), base.into());
        if topology.bind != std::net::Ipv4Addr::LOCALHOST {
            self.mapping(&["ports"]).insert("bind".into(), topology.bind.to_string().into());
        }
        let others = numbered().filter(|(node, number)| node.address.port != base.saturating_add(number - 1));
        for (node, _) in others {
            self.mapping(&["nodes", node.name.as_str()]).insert("port".into(), node.address.port.into());
        }
        if let Some(mtu) = topology.mtu {
            self.mapping(&["network"]).insert("mtu".into(), mtu.into());
        }
        let subnet = topology.subnet;
        self.comments.insert(
            "ports",
            format!("network: {{subnet: {subnet}}}  (otherwise, a new deployment gets a free one)"),
        );
    }

    fn announce(&mut self, host: &str) {
        self.mapping(&["ports"]).insert("announce".into(), host.into());
    }

    fn access(&mut self, topology: &Topology) {
        if topology.access == Access::Network {
            self.set("access", "network");
        }
        if let Some(auth) = &topology.auth {
            self.set("auth", auth_fields(auth));
            let comment = "This deployment keeps its passwords; a new one gets others. To choose a password, write\n\
                           `{file: PATH}`, or `${NAME}` for a variable.";
            self.comments.insert("auth", comment.to_owned());
        }
        if let Some(tls) = &topology.tls {
            self.set("tls", tls_fields(*tls));
            if tls.certificates == CertificateSource::Own {
                let comment = "Put the files of your certificate here.";
                self.comments.insert("tls", comment.to_owned());
            }
        }
    }

    fn environment(&mut self, topology: &Topology) {
        if topology.data == DataSpec::Volume {
            self.set("data", "volume");
        }
        self.modules(&topology.modules);
        for (name, map) in [("labels", &topology.labels), ("sysctls", &topology.sysctls)] {
            if !map.is_empty() {
                let map: Mapping =
                    map.iter().map(|(name, text)| (name.as_str().into(), value(text))).collect();
                self.set(name, map);
            }
        }
        if topology.seeded {
            let comment = "seed: FILES  (the deployment keeps its files of `seed`; name them here, or `up` forgets them)";
            let ports = self.comments.entry("ports").or_default();
            ports.extend(["\n", comment]);
        }
    }

    fn modules(&mut self, modules: &[Module]) {
        if modules.is_empty() {
            self.set("modules", "none");
            return;
        }
        let own = format!("{MOUNT}/{MODULES_FOLDER}/");
        let module = |module: &Module| {
            let is_file = module.path.starts_with(&own);
            if !is_file && module.args.is_empty() {
                return Value::from(module.path.as_str());
            }
            let mut fields = Mapping::new();
            if is_file {
                fields.insert("file".into(), format!("./{}", module.file_name()).into());
            } else {
                fields.insert("path".into(), module.path.as_str().into());
            }
            if !module.args.is_empty() {
                let args: Vec<Value> = module.args.iter().map(|argument| argument.as_str().into()).collect();
                fields.insert("args".into(), args.into());
            }
            fields.into()
        };
        let list: Vec<Value> = modules.iter().map(module).collect();
        self.set("modules", list);
        if modules.iter().any(|module| module.path.starts_with(&own)) {
            self.comments.insert("modules", "Put the files of your modules here.".to_owned());
        }
    }

    /// The limits of CPUs and files, which do not depend on settings.
    fn limits(&mut self, topology: &Topology) {
        let fields = |node: &Node| {
            let mut fields = Mapping::new();
            #[expect(clippy::cast_precision_loss, reason = "a machine has few CPUs")]
            let cpus = node.resources.millicpus.map(|millicpus| millicpus as f64 / 1000.0);
            cpus.map(|cpus| fields.insert("cpus".into(), cpus.into()));
            node.resources.files.map(|files| fields.insert("files".into(), files.into()));
            fields
        };
        self.resources(topology, fields);
    }

    /// The memory limits that do not follow from settings.
    fn memory(&mut self, topology: &Topology, base: &Topology) {
        let differs = |node: &Node| {
            base.node(&node.name).is_none_or(|other| other.resources.memory != node.resources.memory)
        };
        if !topology.nodes().into_iter().any(differs) {
            return;
        }
        let fields = |node: &Node| {
            let memory = node.resources.memory.map_or_else(|| Value::from("unlimited"), Value::from);
            std::iter::once((Value::from("memory"), memory)).collect()
        };
        self.resources(topology, fields);
    }

    /// Adds limits: for all nodes if they are equal, otherwise for each node.
    fn resources(&mut self, topology: &Topology, fields: impl Fn(&Node) -> Mapping) {
        let nodes = topology.nodes();
        let all: Vec<Mapping> = nodes.iter().map(|node| fields(node)).collect();
        let are_equal = all.windows(2).all(|pair| pair[0] == pair[1]);
        let has_own = |node: &&Node| {
            let own = self.fields.get("nodes").and_then(|nodes| nodes.get(node.name.as_str()));
            own.is_some_and(|own| own.get("resources").is_some())
        };
        let is_common = are_equal && !nodes.iter().any(has_own);
        let common = self.fields.get("resources").and_then(Value::as_mapping).cloned().unwrap_or_default();
        for (node, fields) in nodes.iter().zip(all) {
            if fields.is_empty() {
                continue;
            }
            if is_common {
                self.mapping(&["resources"]).extend(fields);
            } else {
                // The limits of a node replace the common limits.
                let own = self.mapping(&["nodes", node.name.as_str(), "resources"]);
                own.extend(common.clone().into_iter().chain(fields));
            }
        }
    }

    /// The directives that the base does not have. `base` is the topology of the spec without them.
    fn config(&mut self, topology: &Topology, base: &Topology) {
        let none = Settings::default();
        let of_base = |name: &NodeName| base.node(name).map_or(&none, |node| &node.settings);
        let sentinels: Vec<&Node> = topology.sentinels.iter().collect();
        for nodes in [topology.servers(), sentinels] {
            let own: Vec<(&Node, BTreeMap<&str, &str>)> =
                nodes.iter().map(|node| (*node, beyond(&node.settings, of_base(&node.name)))).collect();
            let names: BTreeSet<&str> = own.iter().flat_map(|(_, own)| own.keys().copied()).collect();
            for name in names {
                let values: BTreeSet<Option<&&str>> = own.iter().map(|(_, own)| own.get(name)).collect();
                if let (1, Some(Some(text))) = (values.len(), values.first()) {
                    self.mapping(&["config"]).insert(name.into(), value(text));
                    continue;
                }
                for (node, own) in &own {
                    if let Some(text) = own.get(name) {
                        let config = self.mapping(&["nodes", node.name.as_str(), "config"]);
                        config.insert(name.into(), value(text));
                    }
                }
            }
        }
    }
}

/// The directives that differ from those of the base.
fn beyond<'s>(settings: &'s Settings, base: &Settings) -> BTreeMap<&'s str, &'s str> {
    settings.iter().filter(|(name, text)| base.get(name) != Some(*text)).collect()
}

/// A text as a YAML value: a number if it is one.
fn value(text: &str) -> Value {
    match text.parse::<i64>() {
        Ok(number) if number.to_string() == text => number.into(),
        _ => text.into(),
    }
}

fn auth_fields(auth: &Auth) -> Mapping {
    let mut fields = Mapping::new();
    for (name, is_set) in [("password", auth.default_password), ("replica_password", auth.replica_password)] {
        if is_set {
            fields.insert(name.into(), "generate".into());
        }
    }
    let mut users = Vec::new();
    match &auth.default_rules {
        None => {
            fields.insert("default".into(), "off".into());
        }
        Some(rules) if !rules.iter().eq(EVERYTHING) => users.push(user("default", rules, false)),
        Some(_) => {}
    }
    users.extend(auth.users.iter().map(|own| user(&own.name, &own.rules, own.needs_password())));
    if !users.is_empty() {
        fields.insert("users".into(), users.into());
    }
    fields
}

fn user(name: &str, rules: &[String], has_password: bool) -> Value {
    let mut fields = Mapping::new();
    fields.insert("name".into(), name.into());
    if has_password {
        fields.insert("password".into(), "generate".into());
    }
    let rules: Vec<Value> = rules.iter().map(|rule| rule.as_str().into()).collect();
    fields.insert("rules".into(), rules.into());
    fields.into()
}

fn tls_fields(tls: Tls) -> Value {
    let mut fields = Mapping::new();
    if tls.certificates == CertificateSource::Own {
        for (field, file) in [("ca", "./ca.pem"), ("cert", "./cert.pem"), ("key", "./key.pem")] {
            fields.insert(field.into(), file.into());
        }
    }
    match tls.client_auth {
        ClientAuth::No => {}
        ClientAuth::Optional => {
            fields.insert("client_auth".into(), "optional".into());
        }
        ClientAuth::Required => {
            fields.insert("client_auth".into(), true.into());
        }
    }
    if fields.is_empty() { true.into() } else { fields.into() }
}
