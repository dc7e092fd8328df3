//! A topology as Kubernetes manifests: `StatefulSet`s with stable names, headless Services, a `ConfigMap`, a Secret, and a
//! Job that forms a cluster.
//!
//! Pods get new IPs when they are replaced. So nodes are known by the names of their pods, and each pod tells its servers
//! its present IP.

use serde_json::{Value, json};

use crate::spec::{Access, DataSpec, ModulesSpec, SecretText};
use crate::topology::files::SERVER_USER;
use crate::topology::settings::owned;
use crate::topology::{Credentials, Kind, Node, Topology};

mod configuration;
mod limits;
mod scripts;

pub use limits::limit;

/// The port of servers. Each pod has an IP of its own, so all servers have the same.
const PORT: u16 = 6379;

/// The port of sentinels.
const SENTINEL_PORT: u16 = 26379;

/// The size of each volume for data. A spec has no sizes.
const STORAGE: &str = "1Gi";

/// The manifests of a topology.
pub struct Manifests {
    comments: String,
    /// All objects without the Secret.
    objects: Vec<Value>,
    /// The Secret with logins and users; `None` without passwords.
    secret: Option<Value>,
}

/// The manifests of a topology that has no [`limit`].
#[must_use]
pub fn manifests(topology: &Topology, modules: Option<&ModulesSpec>, credentials: &Credentials) -> Manifests {
    let mut objects = vec![
        service(topology, &server_set(topology), "server", PORT),
        configuration::config_map(topology, modules),
        stateful_set(topology, Role::Server),
    ];
    if topology.kind == Kind::Sentinel {
        objects.push(service(topology, &sentinel_set(topology), "sentinel", SENTINEL_PORT));
        objects.push(stateful_set(topology, Role::Sentinel));
    }
    if topology.kind == Kind::Cluster && topology.formed {
        objects.push(job(topology));
    }
    let secret = configuration::secret(topology, credentials);
    Manifests { comments: comments(topology), objects, secret }
}

impl Manifests {
    /// All objects without the Secret as YAML.
    ///
    /// # Errors
    /// They cannot be written as YAML.
    pub fn text(&self) -> Result<String, serde_yaml::Error> {
        let mut text = self.comments.clone();
        for object in &self.objects {
            text.push_str("---\n");
            text.push_str(&serde_yaml::to_string(object)?);
        }
        Ok(text)
    }

    /// All objects without the Secret as one list.
    #[must_use]
    pub fn list(&self) -> Value {
        json!({"apiVersion": "v1", "kind": "List", "items": self.objects})
    }

    /// The Secret as YAML; `None` without passwords.
    ///
    /// # Errors
    /// It cannot be written as YAML.
    pub fn secret_text(&self) -> Result<Option<SecretText>, serde_yaml::Error> {
        self.secret.as_ref().map(|secret| serde_yaml::to_string(secret).map(SecretText::new)).transpose()
    }
}

/// The two `StatefulSet`s.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Server,
    Sentinel,
}

/// The name of the servers' `StatefulSet` and Service.
fn server_set(topology: &Topology) -> String {
    topology.name.to_string()
}

/// The name of the sentinels' `StatefulSet` and Service.
fn sentinel_set(topology: &Topology) -> String {
    format!("{}-sentinel", topology.name)
}

/// The name of a server in the namespace: that of its pod, which counts from 0, and of the Service.
fn host(topology: &Topology, node: &Node) -> String {
    let servers = topology.servers();
    let position = servers.iter().position(|other| other.name == node.name).unwrap_or_default();
    format!("{0}-{position}.{0}", topology.name)
}

fn metadata(topology: &Topology, name: &str, component: &str) -> Value {
    json!({"name": name, "labels": labels(topology, component)})
}

fn labels(topology: &Topology, component: &str) -> Value {
    json!({
        "app.kubernetes.io/name": "redis",
        "app.kubernetes.io/instance": topology.name.as_str(),
        "app.kubernetes.io/component": component,
    })
}

/// A headless Service: it gives each pod a name. Nodes that are not ready yet must find each other, too.
fn service(topology: &Topology, name: &str, component: &str, port: u16) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(topology, name, component),
        "spec": {
            "clusterIP": "None",
            "publishNotReadyAddresses": true,
            "selector": labels(topology, component),
            "ports": [{"name": "redis", "port": port}],
        },
    })
}

fn stateful_set(topology: &Topology, role: Role) -> Value {
    let (name, component, port, script, count) = match role {
        Role::Server => (server_set(topology), "server", PORT, "server.sh", topology.servers().len()),
        Role::Sentinel => {
            (sentinel_set(topology), "sentinel", SENTINEL_PORT, "sentinel.sh", topology.sentinels.len())
        }
    };
    let keeps_data = topology.data == DataSpec::Volume && role == Role::Server;
    let node = match role {
        Role::Server => &topology.shards[0].primary,
        Role::Sentinel => &topology.sentinels[0],
    };
    let mut container = container(topology, component, script);
    container["ports"] = json!([{"name": "redis", "containerPort": port}]);
    container["readinessProbe"] = json!({"tcpSocket": {"port": "redis"}, "periodSeconds": 5});
    let mut limits = serde_json::Map::new();
    node.resources.memory.map(|bytes| limits.insert("memory".into(), bytes.to_string().into()));
    node.resources.millicpus.map(|cpus| limits.insert("cpu".into(), format!("{cpus}m").into()));
    if !limits.is_empty() {
        container["resources"] = json!({"limits": limits});
    }
    let mut pod = pod(topology, &container);
    let mut set = json!({
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": metadata(topology, &name, component),
    });
    let volumes = pod["volumes"].as_array_mut().expect("a pod has volumes");
    let mut claims = Vec::new();
    if keeps_data {
        claims.push(json!({
            "metadata": {"name": "data"},
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": STORAGE}}},
        }));
    } else {
        volumes.push(json!({"name": "data", "emptyDir": {}}));
    }
    set["spec"] = json!({
        "serviceName": name,
        "replicas": count,
        "podManagementPolicy": "Parallel",
        "selector": {"matchLabels": labels(topology, component)},
        "template": {"metadata": {"labels": labels(topology, component)}, "spec": pod},
    });
    if !claims.is_empty() {
        set["spec"]["volumeClaimTemplates"] = claims.into();
    }
    set
}

/// The Job that forms the cluster. Kubernetes repeats it until it succeeds.
fn job(topology: &Topology) -> Value {
    let mut pod = pod(topology, &container(topology, "form", "form.sh"));
    let volumes = pod["volumes"].as_array_mut().expect("a pod has volumes");
    volumes.push(json!({"name": "data", "emptyDir": {}}));
    pod["restartPolicy"] = "OnFailure".into();
    json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata(topology, &format!("{}-form", topology.name), "form"),
        "spec": {"backoffLimit": 10, "template": {"metadata": {"labels": labels(topology, "form")}, "spec": pod}},
    })
}

fn container(topology: &Topology, name: &str, script: &str) -> Value {
    let mut mounts = vec![
        json!({"name": "config", "mountPath": "/config"}),
        json!({"name": "data", "mountPath": "/data"}),
    ];
    if topology.auth.is_some() {
        mounts.push(json!({"name": "secret", "mountPath": "/secret"}));
    }
    json!({
        "name": name,
        "image": topology.image,
        "command": ["sh", format!("/config/{script}")],
        "env": [{"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}],
        "volumeMounts": mounts,
        "securityContext": {
            "allowPrivilegeEscalation": false,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": true,
        },
    })
}

fn pod(topology: &Topology, container: &Value) -> Value {
    let mut volumes =
        vec![json!({"name": "config", "configMap": {"name": format!("{}-config", topology.name)}})];
    if topology.auth.is_some() {
        // The group of the servers may read it.
        let secret = json!({"secretName": format!("{}-secret", topology.name), "defaultMode": 0o440});
        volumes.push(json!({"name": "secret", "secret": secret}));
    }
    let mut security = json!({
        "runAsNonRoot": true,
        "runAsUser": SERVER_USER,
        "runAsGroup": SERVER_USER,
        "fsGroup": SERVER_USER,
        "seccompProfile": {"type": "RuntimeDefault"},
    });
    if !topology.sysctls.is_empty() {
        let sysctls = topology.sysctls.iter().map(|(name, value)| json!({"name": name, "value": value}));
        security["sysctls"] = sysctls.collect::<Vec<_>>().into();
    }
    json!({"securityContext": security, "containers": [container], "volumes": volumes})
}

/// The directives of a node that are the user's own, or that `data` decides.
fn own_directives(node: &Node) -> impl Iterator<Item = (&str, &str)> {
    node.settings.iter().filter(|(name, _)| owned(name).is_none())
}

fn comments(topology: &Topology) -> String {
    let name = &topology.name;
    let mut lines = vec![
        format!("{name}: {}. Written by `redisctl export kubernetes`.", topology.summary()),
        String::new(),
        format!(
            "Servers are {name}-0.{name}, {name}-1.{name} …, port {PORT}, for clients in the same namespace."
        ),
    ];
    if topology.kind == Kind::Sentinel {
        lines.push(format!(
            "Sentinels are {0}-0.{0} …, port {SENTINEL_PORT}. Their primary is `{name}`.",
            sentinel_set(topology)
        ));
    }
    if topology.kind == Kind::Cluster && topology.formed {
        lines.push(format!("The Job {name}-form makes one cluster of them."));
    }
    lines.extend([
        String::new(),
        "Limits: the objects fit the published schemas of Kubernetes, and were never applied to a cluster of it.".to_owned(),
        "If all pods of a Redis cluster get new IPs at once, its nodes do not find each other again.".to_owned(),
    ]);
    if topology.access == Access::Host {
        lines.push(
            "Nothing is reached from outside the Kubernetes cluster. Ports of the spec do not count."
                .to_owned(),
        );
    }
    match topology.data {
        DataSpec::Volume => lines
            .push(format!("Each server has a volume of {STORAGE}: change the size before you apply this.")),
        DataSpec::Ephemeral => lines.push(
            "Data is gone when a pod is replaced. A primary that comes back empty empties its replicas."
                .to_owned(),
        ),
    }
    if topology.seeded {
        lines.push("The files of `seed` are not applied.".to_owned());
    }
    lines.iter().map(|line| format!("# {line}").trim_end().to_owned() + "\n").collect()
}
