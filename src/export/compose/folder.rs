//! A folder with a compose file that brings up a whole deployment: the containers of `up` with the same files, users,
//! certificates and sentinels. The files are beside the compose file, so it has no password.
//!
//! The service `files` copies them into the deployment's volume, for the servers' user. In a cluster, the service
//! `form` makes one cluster of the nodes. Both end when they are done.

use std::collections::BTreeMap;

use super::document::{Attachment, Dependency, HealthCheck, Named, Service, literal};
use super::forming::FORM;
use super::modules::Modules;
use super::{Compose, forming, networks, text};
use crate::spec::{DataSpec, ModulesSpec, SecretText};
use crate::topology::container::{ContainerSettings, Namespace, containers, shared_volume};
use crate::topology::files::{self, DEPLOYMENT_FILE, File, SERVER_USER};
use crate::topology::paths::MOUNT;
use crate::topology::{Credentials, DeploymentName, Kind, NodeName, Topology};

/// The service that copies the files.
const FILES: &str = "files";

/// The folder of the servers' files beside the compose file.
pub const NODES_FOLDER: &str = "nodes";

/// Copies the files of each node once, and makes its folder for data. A server changes its files later: a sentinel
/// writes its knowledge to its configuration.
const COPY: &str = "set -eu
umask 077
for path in /files/*; do
  name=${path##*/}
  if [ -d \"$path\" ] && [ ! -e \"/redisctl/$name/.copied\" ]; then
    mkdir -p \"/redisctl/$name/data\"
    cp -R \"$path/.\" \"/redisctl/$name/\"
    : >\"/redisctl/$name/.copied\"
  elif [ -f \"$path\" ]; then
    cp \"$path\" \"/redisctl/$name\"
  fi
  chown -R OWNER \"/redisctl/$name\"
done";

/// The compose file and the files beside it.
pub struct Folder {
    /// The deployment, whose name is the project's.
    pub deployment: DeploymentName,
    /// The compose file.
    pub compose: Compose,
    /// The comments at its beginning.
    comments: Vec<String>,
    /// The other files, with their paths in the folder.
    pub files: Vec<File>,
}

impl Folder {
    /// The compose file as text.
    ///
    /// # Errors
    /// It cannot be written as YAML.
    pub fn text(&self) -> Result<String, serde_yaml::Error> {
        text(&self.comments, &self.compose)
    }
}

/// The folder of a topology. `modules` are those of its spec, and `module_files` are their files of this machine, with
/// their paths in the deployment's volume. `None`: a node runs this machine's own server, so its image has no shell.
#[must_use]
pub fn folder(
    topology: &Topology,
    credentials: &Credentials,
    modules: Option<&ModulesSpec>,
    module_files: Vec<File>,
) -> Option<Folder> {
    let settings = containers(topology);
    if settings.iter().any(|container| container.image == "host") {
        return None;
    }
    let is_formed = topology.kind == Kind::Cluster && topology.formed;
    let mut services: BTreeMap<String, Service> = settings
        .iter()
        .map(|container| (container.name.to_string(), of_container(topology, container, Modules(modules))))
        .collect();
    services.insert(FILES.to_owned(), copies_files(topology, &settings));
    if is_formed {
        services.insert(FORM.to_owned(), forms(topology));
    }
    let volumes = settings.iter().flat_map(|container| &container.volumes);
    let names = volumes.map(|mount| mount.volume.clone()).chain([shared_volume(&topology.name)]);
    let compose = Compose {
        services,
        networks: networks(topology),
        volumes: names.map(|name| (name.clone(), Named { name })).collect(),
    };
    let nodes: Vec<NodeName> = settings.into_iter().map(|container| container.name).collect();
    let of_deployment = |file: &File| matches!(file, File::Content { path, .. } if path == DEPLOYMENT_FILE);
    let mut files = files::render(topology, credentials, &nodes, None);
    // It is for redisctl, which knows nothing of containers of compose.
    files.retain(|file| !of_deployment(file));
    files.extend(module_files);
    if is_formed {
        files.extend(files_of_forming(topology, credentials));
    }
    Some(Folder {
        deployment: topology.name.clone(),
        compose,
        comments: comments(topology, Modules(modules)),
        files: files.into_iter().map(|file| file.below(NODES_FOLDER)).collect(),
    })
}

/// The service of a container of `up`.
fn of_container(topology: &Topology, container: &ContainerSettings, modules: Modules<'_>) -> Service {
    let node = topology.node(&container.name);
    let runs_entrypoint = modules.are_of_image() && node.is_some() && !container.is_sentinel();
    let (program, arguments) = container.command.split_at(1);
    let words = |words: &[String]| words.iter().map(|word| literal(word)).collect::<Vec<_>>();
    let (entrypoint, command) = if runs_entrypoint {
        (None, words(&container.command))
    } else {
        (Some(words(program)), words(arguments))
    };
    let (network_mode, networks, ports) = match &container.network {
        Namespace::Own { ip, ports } => {
            let ports = ports.iter().map(|port| format!("{}:{port}:{port}", container.bind));
            (None, BTreeMap::from([(topology.name.to_string(), Attachment::at(*ip))]), ports.collect())
        }
        Namespace::AtEngine { .. } => {
            let ports =
                container.network.held_ports().map(|port| format!("{}:{port}:{port}", container.bind));
            (None, BTreeMap::new(), ports.collect())
        }
        Namespace::Of { anchor, .. } => (Some(format!("service:{anchor}")), BTreeMap::new(), Vec::new()),
    };
    Service {
        hostname: network_mode.is_none().then(|| container.name.to_string()),
        entrypoint,
        command,
        depends_on: after(FILES, "service_completed_successfully"),
        network_mode,
        networks,
        ports,
        volumes: container.volumes.iter().map(|mount| format!("{}:{}", mount.volume, mount.target)).collect(),
        healthcheck: container.health_check.as_deref().map(HealthCheck::of),
        ..Service::of_container(topology, container)
    }
}

/// The service that copies the files. It also gives the data volumes to the servers' user.
fn copies_files(topology: &Topology, containers: &[ContainerSettings]) -> Service {
    let own = |(volume, target): (&str, &str)| format!("{volume}:{target}");
    let mounts = containers.iter().flat_map(|container| &container.volumes);
    let mut volumes: Vec<String> = mounts.map(|mount| own((&mount.volume, &mount.target))).collect();
    volumes.sort_unstable();
    volumes.dedup();
    volumes.push(format!("./{NODES_FOLDER}:/files:ro"));
    Service {
        user: "0:0".to_owned(),
        command: vec![literal(&COPY.replace("OWNER", &format!("{SERVER_USER}:{SERVER_USER}")))],
        network_mode: Some("none".to_owned()),
        volumes,
        // It reads files of the folder's owner, and gives the copies to the servers' user.
        cap_add: vec!["CHOWN", "DAC_OVERRIDE", "FOWNER"],
        ..once(topology, FILES)
    }
}

/// The service that forms the cluster. It is in the network namespace of the first node.
fn forms(topology: &Topology) -> Service {
    let first = &topology.shards[0].primary.name;
    let nodes = topology.nodes().into_iter().map(|node| node.name.to_string());
    let started = |name: String| (name, Dependency { condition: "service_started" });
    Service {
        command: vec![format!(". {MOUNT}/{FORM}/{}", forming::SCRIPT_FILE)],
        depends_on: nodes.map(started).collect(),
        network_mode: Some(format!("service:{first}")),
        volumes: vec![format!("{}:{MOUNT}:ro", shared_volume(&topology.name))],
        ..once(topology, FORM)
    }
}

/// A service that runs a shell until it is done.
fn once(topology: &Topology, name: &str) -> Service {
    let user = format!("{SERVER_USER}:{SERVER_USER}");
    Service {
        entrypoint: Some(vec!["sh".to_owned(), "-c".to_owned()]),
        ..Service::new(topology, format!("{}-{name}", topology.name), user)
    }
}

fn after(service: &str, condition: &'static str) -> BTreeMap<String, Dependency> {
    BTreeMap::from([(service.to_owned(), Dependency { condition })])
}

/// The script that forms the cluster, and the files for its login.
fn files_of_forming(topology: &Topology, credentials: &Credentials) -> Vec<File> {
    let file = |name: &str, text: SecretText| File::Content { path: format!("{FORM}/{name}"), text };
    let mut files = vec![
        File::Folder { path: FORM.to_owned() },
        file(forming::SCRIPT_FILE, SecretText::new(forming::script(topology))),
    ];
    files.extend(credentials.operator.clone().map(|password| file(forming::PASSWORD_FILE, password)));
    if let Some(certificates) = &credentials.certificates {
        let pair = certificates.client();
        files.push(file(forming::CERTIFICATE_FILE, SecretText::new(&*pair.certificate)));
        files.push(file(forming::KEY_FILE, pair.key.clone()));
    }
    files
}

fn comments(topology: &Topology, modules: Modules<'_>) -> Vec<String> {
    let name = &topology.name;
    let mut lines = vec![format!("{name}: {}. Written by `redisctl export compose`.", topology.summary())];
    let mut paragraph = |text: &[String]| {
        lines.push(String::new());
        lines.extend_from_slice(text);
    };
    let usage = |command: &str, effect: &str| format!("  {command:<34}{effect}");
    let wait = (topology.kind == Kind::Cluster && topology.formed)
        .then(|| usage(&format!("docker wait {name}-{FORM}"), "prints 0 once its nodes form one cluster"));
    let mut usages = vec![usage("docker compose up --detach", "starts it")];
    usages.extend(wait);
    usages.push(usage(". ./connection.sh", "sets REDIS_URL and other variables for clients"));
    usages.push(usage("docker compose down --volumes", "removes it with its data"));
    paragraph(&usages);
    paragraph(&[
        format!(
            "The service `{FILES}` copies the servers' files from `{NODES_FOLDER}` into a volume, once: after another export,"
        ),
        "`docker compose down --volumes` comes first. The engine must be on the machine of this folder."
            .to_owned(),
    ]);
    if topology.auth.is_some() || topology.tls.is_some() {
        paragraph(&[
            format!(
                "Passwords and keys are in `{NODES_FOLDER}`, `tls` and `connection*.sh`, for you alone: keep them out of"
            ),
            "repositories.".to_owned(),
        ]);
    }
    if modules.are_of_image() {
        paragraph(&modules.comment().unwrap_or_default());
    }
    if topology.seeded {
        paragraph(&["The files of `seed` are not applied.".to_owned()]);
    }
    if topology.data == DataSpec::Ephemeral {
        paragraph(&[
            "Keys are in memory, and gone when their server stops, unless `config` saves them.".to_owned()
        ]);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Spec;
    use crate::topology::resolve::{Facts, resolve};

    fn exported(yaml: &str) -> Folder {
        let spec: Spec = serde_yaml::from_str(yaml).unwrap();
        let topology = resolve(&spec, &Facts::offline("shop")).unwrap();
        let secret = |text: &str| Some(SecretText::new(text));
        let mut credentials = Credentials::default();
        if topology.auth.is_some() {
            credentials.operator = secret("hunter2");
            credentials.replication = secret("hunter3");
            credentials.default = secret("hunter4");
        }
        folder(&topology, &credentials, spec.modules.as_ref(), Vec::new()).unwrap()
    }

    fn paths(folder: &Folder) -> Vec<&str> {
        let mut paths = Vec::new();
        for file in &folder.files {
            if let File::Content { path, .. } = file {
                paths.push(path.as_str());
            }
        }
        paths
    }

    #[test]
    fn a_sentinel_deployment_has_its_files_and_its_shared_namespace_and_no_password() {
        let folder =
            exported("{kind: sentinel, data: volume, auth: {password: generate}, resources: {cpus: 0.5}}");
        let text = folder.text().unwrap();
        assert!(!text.contains("hunter"), "{text}");
        assert!(paths(&folder).contains(&"nodes/shop-3/users.acl"), "{:?}", paths(&folder));
        assert!(!paths(&folder).iter().any(|path| path.contains("deployment.json")));
        insta::assert_snapshot!(text);
    }

    #[test]
    fn a_cluster_is_formed_by_a_script_that_knows_its_login() {
        let folder =
            exported("{kind: cluster, shards: [{slots: 0-99, replicas: 0}, {}], auth: {password: p}}");
        let text = folder.text().unwrap();
        assert!(text.contains("network_mode: service:shop-1") && !text.contains("hunter"), "{text}");
        assert!(paths(&folder).contains(&"nodes/form/password"), "{:?}", paths(&folder));
        let script = folder.files.iter().find_map(|file| match file {
            File::Content { path, text } if path.ends_with("form.sh") => Some(text.expose().to_owned()),
            _ => None,
        });
        insta::assert_snapshot!(script.unwrap());
    }

    #[test]
    fn what_is_not_formed_has_no_service_for_it_and_an_image_of_this_machine_has_no_shell() {
        assert!(!exported("{kind: cluster, formed: false}").compose.services.contains_key(FORM));
        let spec = serde_yaml::from_str("{kind: standalone, image: host}").unwrap();
        let topology = resolve(&spec, &Facts::offline("shop")).unwrap();
        assert!(folder(&topology, &Credentials::default(), None, Vec::new()).is_none());
    }
}
