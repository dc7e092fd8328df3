//! A topology as a compose file: the same servers, addresses, settings and limits.
//!
//! A single file has variables for passwords, and a comment lists the steps that it cannot do. A [`folder`] has the
//! files of the servers beside the compose file, and services that put them into a volume and form the cluster.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::spec::{DataSpec, ModulesSpec};
use crate::topology::address::gateway;
use crate::topology::container::{container, data_volume};
use crate::topology::{Kind, Node, Topology, health_check};

mod command;
mod document;
pub mod folder;
mod forming;
mod modules;
mod tls;
mod variables;
mod yaml;

pub use document::Compose;
use document::{AddressManagement, Attachment, HealthCheck, Named, Network, Pool, Service, literal};
use modules::Modules;

/// The folder of a server's data in the official images.
const DATA_FOLDER: &str = "/data";

/// The hint for `image: host`: redisctl makes this image from the machine's own server.
const HOST_IMAGE: &str = "${REDIS_IMAGE:?name the image}";

/// The compose file of a topology as data: it is valid as JSON, too. `modules` are those of its spec.
#[must_use]
pub fn compose(topology: &Topology, modules: Option<&ModulesSpec>) -> Compose {
    let nodes = topology.nodes();
    let keeps_data = topology.data == DataSpec::Volume;
    let volumes = nodes.iter().filter(|_| keeps_data).map(|node| data_volume(&node.name));
    Compose {
        services: nodes
            .iter()
            .map(|node| (node.name.to_string(), service(topology, node, Modules(modules))))
            .collect(),
        networks: networks(topology),
        volumes: volumes.map(|name| (name.clone(), Named { name })).collect(),
    }
}

/// The deployment's network.
fn networks(topology: &Topology) -> BTreeMap<String, Network> {
    let pool = Pool { subnet: topology.subnet.to_string(), gateway: gateway(topology.subnet).to_string() };
    let ipam = AddressManagement { config: [pool] };
    let driver_opts =
        topology.mtu.map(|mtu| ("com.docker.network.driver.mtu", mtu.to_string())).into_iter().collect();
    let network = Network { name: topology.name.to_string(), driver: "bridge", driver_opts, ipam };
    BTreeMap::from([(topology.name.to_string(), network)])
}

fn service(topology: &Topology, node: &Node, modules: Modules<'_>) -> Service {
    let settings = container(topology, node);
    let port = node.address.port;
    let (mut volumes, tmpfs) = match topology.data {
        DataSpec::Volume => (vec![format!("{}:{DATA_FOLDER}", data_volume(&node.name))], Vec::new()),
        DataSpec::Ephemeral => (Vec::new(), vec![format!("{DATA_FOLDER}:{}", owner(&settings.user))]),
    };
    volumes.extend(tls::mount(topology));
    volumes.extend(modules.mounts());
    Service {
        image: match topology.image_of(node) {
            "host" => HOST_IMAGE.to_owned(),
            image => literal(image),
        },
        hostname: Some(node.name.to_string()),
        entrypoint: (!modules.are_of_image()).then(|| vec![topology.server_of(node).program().to_owned()]),
        command: command::command(topology, node, modules),
        networks: BTreeMap::from([(topology.name.to_string(), Attachment::at(node.address.ip))]),
        ports: vec![format!("{}:{port}:{port}", topology.bind)],
        volumes,
        tmpfs,
        healthcheck: health_check(topology, node),
        ..Service::of_container(topology, &settings)
    }
}

/// The health check of a node; `None` where the image has no shell for it.
fn health_check(topology: &Topology, node: &Node) -> Option<HealthCheck> {
    let image = topology.image_of(node);
    let image = if image == "host" { health_check::IMAGES_WITHOUT_SHELL } else { image };
    let tls = tls::client_paths(topology, node);
    let words = health_check::command(image, node.address.port, topology.auth.as_ref(), tls.as_ref())?;
    Some(HealthCheck::of(&words))
}

/// `uid:gid` as options of a file system.
fn owner(user: &str) -> String {
    let (user, group) = user.split_once(':').unwrap_or((user, user));
    format!("mode=0700,uid={user},gid={group}")
}

/// The compose file of a topology as text, with comments.
///
/// # Errors
/// It cannot be written as YAML.
pub fn render(topology: &Topology, modules: Option<&ModulesSpec>) -> Result<String, serde_yaml::Error> {
    text(&comments(topology, Modules(modules)), &compose(topology, modules))
}

/// A compose file with comments at its beginning.
fn text(comments: &[String], compose: &Compose) -> Result<String, serde_yaml::Error> {
    let mut text = String::new();
    for line in comments {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}", format!("# {line}").trim_end());
    }
    text.push_str(&yaml::to_string(compose)?);
    Ok(text)
}

fn comments(topology: &Topology, modules: Modules<'_>) -> Vec<String> {
    let mut lines =
        vec![format!("{}: {}. Written by `redisctl export compose`.", topology.name, topology.summary())];
    let mut paragraph = |text: Vec<String>| {
        lines.push(String::new());
        lines.extend(text);
    };
    if topology.image == "host" {
        paragraph(vec![
            "REDIS_IMAGE: the image of this machine's own server, which `redisctl up --image host` makes;"
                .to_owned(),
            "`docker images redisctl-host` lists it.".to_owned(),
        ]);
    }
    let variables = variables::all(topology);
    if !variables.is_empty() {
        paragraph(vec![
            format!("Passwords: set {} in the environment or in `.env`.", variables.join(", ")),
            "Compose hands them to the servers as arguments, where who may inspect the containers sees them;"
                .to_owned(),
            "`redisctl up` writes them to files that only the servers can read.".to_owned(),
        ]);
    }
    if let Some(comment) = tls::comment(topology) {
        paragraph(comment);
    }
    if let Some(comment) = modules.comment() {
        paragraph(comment);
    }
    if topology.data == DataSpec::Ephemeral {
        paragraph(vec!["Data is in memory, and gone when its container stops.".to_owned()]);
    }
    if topology.kind == Kind::Cluster && topology.formed {
        let login = if variables.is_empty() { "" } else { "-e REDISCLI_AUTH=\"$REDIS_PASSWORD\" " };
        let mut text = vec![
            "What is missing: compose starts these servers, but cannot make one cluster of them. `redisctl up`".to_owned(),
            "does that, and proves that it works. `redisctl export compose --output-dir DIR` writes a folder with a".to_owned(),
            "service that does it. Otherwise, once all servers run:".to_owned(),
        ];
        text.extend(forming::commands(topology, login).into_iter().map(|command| format!("  {command}")));
        paragraph(text);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Spec;
    use crate::topology::resolve::{Facts, resolve};

    fn text(yaml: &str) -> String {
        let spec: Spec = serde_yaml::from_str(yaml).unwrap();
        render(&resolve(&spec, &Facts::offline("shop")).unwrap(), spec.modules.as_ref()).unwrap()
    }

    const SECURE: &str = "
kind: replication
image: redis:7.2
data: volume
resources: {memory: 128mb, cpus: 0.5, files: 4096}
sysctls: {net.core.somaxconn: 1024}
platform: linux/amd64
labels: {team: check$out}
config: {maxmemory: 64mb, save: 3600 1 300 10}
auth:
  password: hunter2
  replica_password: hunter3
  users: [{name: read-only, password: hunter4, rules: ['~*', '+@read']}]
";

    #[test]
    fn an_uneven_cluster_is_formed_shard_by_shard() {
        let shards = "[{slots: 0-99, replicas: 0}, {}]";
        let text = text(&format!("{{kind: cluster, image: 'redis:7.0', shards: {shards}}}"));
        let commands: Vec<&str> =
            text.lines().filter_map(|line| line.strip_prefix("#   docker exec ")).collect();
        assert_eq!(
            commands,
            [
                "shop-1 redis-cli -p 7001 cluster addslots $(seq 0 99)",
                "shop-2 redis-cli -p 7002 cluster addslots $(seq 100 16383)",
                "shop-1 redis-cli -p 7001 cluster meet 172.30.0.12 7002",
                "shop-1 redis-cli -p 7001 cluster meet 172.30.0.13 7003",
                "shop-3 redis-cli -p 7003 cluster replicate $(docker exec shop-2 redis-cli -p 7002 cluster myid)",
            ]
        );
    }

    #[test]
    fn a_cluster_says_what_compose_cannot_do() {
        insta::assert_snapshot!(text("kind: cluster\nreplicas: 0"));
    }

    #[test]
    fn passwords_are_variables_and_dollars_are_none() {
        let text = text(SECURE);
        assert!(!text.contains("hunter"), "{text}");
        insta::assert_snapshot!(text);
    }

    #[test]
    fn with_tls_certificates_come_from_a_folder() {
        let text = text("{kind: cluster, shards: 1, replicas: 0, tls: {client_auth: true}}");
        for words in [
            "${REDIS_TLS_FOLDER:?set it}:/tls:ro",
            "--tls-cert-file\n    - /tls/shop-1.pem\n",
            "# TLS: set REDIS_TLS_FOLDER to a folder with `ca.pem`, and `NODE.pem`",
            "redis-cli --tls --cacert /tls/ca.pem --cert /tls/shop-1.pem --key /tls/shop-1-key.pem -p 7001",
        ] {
            assert!(text.contains(words), "{words} in\n{text}");
        }
        assert!(!text.contains("/redisctl/"), "{text}");
    }

    #[test]
    fn an_image_of_this_machines_server_is_a_variable() {
        let text = text("kind: standalone\nimage: host");
        assert!(text.contains("image: ${REDIS_IMAGE:?"), "{text}");
        assert!(text.contains("docker images redisctl-host"), "{text}");
    }

    #[test]
    fn listed_modules_are_loaded_without_the_entrypoint_and_files_are_mounted() {
        let list = "[/a.so, {file: my.so, args: [x, $y]}, {file: /opt/b.so}]";
        let text = text(&format!("kind: standalone\nmodules: {list}"));
        for words in [
            "entrypoint:\n    - redis-server\n",
            "    - --loadmodule\n    - /a.so\n    - --loadmodule\n    - /modules/2/my.so\n    - x\n    - $$y\n    - \
             --loadmodule\n    - /modules/3/b.so\n",
            "    - ./my.so:/modules/2/my.so:ro\n    - /opt/b.so:/modules/3/b.so:ro\n",
            "# Modules: put this file into the folder of the spec",
        ] {
            assert!(text.contains(words), "{words} in\n{text}");
        }
    }

    #[test]
    fn modules_none_keeps_the_entrypoint_from_adding_any() {
        let text = text("kind: standalone\nmodules: none");
        assert!(text.contains("entrypoint:") && !text.contains("odules:"), "{text}");
    }

    #[test]
    fn the_file_is_yaml_with_a_service_for_each_node() {
        let value: serde_yaml::Value = serde_yaml::from_str(&text("kind: cluster")).unwrap();
        let service = &value["services"]["shop-6"];
        assert_eq!(service["networks"]["shop"]["ipv4_address"], "172.30.0.16");
        assert_eq!(service["ports"][0], "127.0.0.1:7006:7006");
    }
}
