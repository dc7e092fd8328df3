//! The modules that an image loads, from the arguments that its start script gives to the server.
//!
//! Images load modules in several ways. An entrypoint adds arguments for each file of a folder. A start script calls
//! the server with fixed arguments. A configuration file names modules. So the image's own command is run once, with
//! a script in the place of the server. The script records its arguments.

use std::collections::BTreeMap;
use std::time::Duration;

use bollard::Docker;
use bollard::models::{ContainerCreateBody, HostConfig};
use bollard::query_parameters::{
    CreateContainerOptions, DownloadFromContainerOptionsBuilder, LogsOptionsBuilder, StartContainerOptions,
    UploadToContainerOptionsBuilder, WaitContainerOptions,
};
use futures_util::{StreamExt as _, TryStreamExt as _};
use tokio::time::timeout;

use super::exported_variables::set_by_script;
use super::image::Image;
use super::{EngineError, archive, container, labels, server_binary};
use crate::topology::{DeploymentName, Module, Server};

/// The time limit of a start script. It prepares folders and starts the server, which takes tenths of a second. A
/// script that waits for its server never ends.
const PATIENCE: Duration = Duration::from_secs(10);

/// The file with the recorded arguments, beside the server.
const RECORD: &str = ".redisctl-recorded";

/// The script in the place of a server. It records the number of its arguments, its folder, the variables, and the
/// arguments. Start scripts may first ask the server for its version.
fn recorder(folder: &str, server: Server) -> String {
    let product = server.program().trim_end_matches("-server");
    format!(
        "#!/bin/sh\n\
         case \"$1\" in -v | --version) echo \"{product} server v={} sha=00000000:0\"; exit ;; esac\n\
         printf '%s\\0' \"$#\" \"$PWD\" \"$(export -p)\" \"$@\" >>'{folder}/{RECORD}'\n",
        server.version
    )
}

/// A recorded start of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Start {
    folder: String,
    /// The output of `export -p`.
    exported: String,
    arguments: Vec<String>,
}

impl Start {
    /// The last start in a record.
    fn last(record: &[u8]) -> Option<Self> {
        let mut words =
            record.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned());
        let mut last = None;
        while let Some(count) = words.next().and_then(|count| count.parse().ok()) {
            let (folder, exported) = (words.next()?, words.next()?);
            let arguments: Vec<String> = words.by_ref().take(count).collect();
            if arguments.len() < count {
                break;
            }
            last = Some(Self { folder, exported, arguments });
        }
        last
    }

    /// The configuration file of the server: the first argument, unless it is an option.
    fn configuration(&self) -> Option<String> {
        let first = self.arguments.first().filter(|first| !first.is_empty() && !first.starts_with('-'))?;
        Some(self.absolute(first))
    }

    fn absolute(&self, path: &str) -> String {
        if path.starts_with('/') { path.to_owned() } else { format!("{}/{path}", self.folder) }
    }
}

/// The start of an image's server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ServerStart {
    /// The modules that the server loads.
    pub(super) modules: Vec<Module>,
    /// The variables that the start script sets for it.
    pub(super) environment: BTreeMap<String, String>,
}

/// The start of an image's server, or the reason why it is not known.
///
/// # Errors
/// The engine does not answer.
pub(super) async fn server_start(
    docker: &Docker,
    reference: &str,
    image: &Image,
    server: Server,
    deployment: &DeploymentName,
) -> Result<Result<ServerStart, String>, EngineError> {
    let Some((program, arguments)) = image.command.split_first() else {
        return Ok(Ok(ServerStart::default()));
    };
    let name = program.rsplit('/').next().unwrap_or(program);
    let starts_server = ["redis-server", "valkey-server"].contains(&name);
    let folder = image.folder.clone().filter(|folder| !folder.is_empty()).unwrap_or_else(|| "/".to_owned());
    let own = Start { folder, exported: String::new(), arguments: arguments.to_vec() };
    if starts_server && own.configuration().is_none() {
        return Ok(Ok(ServerStart { modules: Module::in_arguments(arguments), ..ServerStart::default() }));
    }
    let body = ContainerCreateBody {
        image: Some(reference.to_owned()),
        labels: Some(labels::of_deployment(deployment, &BTreeMap::new(), false)),
        host_config: Some(HostConfig { network_mode: Some("none".to_owned()), ..Default::default() }),
        ..Default::default()
    };
    let operation = format!("ask the image `{reference}` for its modules");
    let created = docker.create_container(None::<CreateContainerOptions>, body).await;
    let id = created.map_err(EngineError::call(operation))?.id;
    let start = if starts_server { Ok(own) } else { record(docker, &id, image, server).await };
    let start = match start {
        Ok(start) => Ok(ServerStart {
            modules: modules(docker, &id, &start).await,
            environment: set_by_script(&start.exported, &image.variables),
        }),
        Err(reason) => Err(reason),
    };
    container::remove(docker, &id, &id).await?;
    Ok(start)
}

/// The modules of a server with this start.
async fn modules(docker: &Docker, container: &str, start: &Start) -> Vec<Module> {
    let text = match start.configuration() {
        Some(path) => content(docker, container, &path).await.unwrap_or_default(),
        None => Vec::new(),
    };
    let mut modules = Module::in_configuration(&String::from_utf8_lossy(&text));
    modules.extend(Module::in_arguments(&start.arguments));
    let absolute = |module: Module| Module { path: start.absolute(&module.path), ..module };
    modules.into_iter().map(absolute).collect()
}

/// Runs an image's own command in a container, with the script in the place of its server. The error tells why the
/// server was not started.
async fn record(docker: &Docker, id: &str, image: &Image, server: Server) -> Result<Start, String> {
    let program = server.program();
    let found = server_binary::find(docker, id, program, image.path.as_deref()).await;
    let path = found.ok_or_else(|| format!("`{program}` is not on its path"))?.path;
    let (folder, name) = path.rsplit_once('/').ok_or_else(|| format!("`{program}` is nowhere"))?;
    let folder = if folder.is_empty() { "/" } else { folder };
    let script = recorder(folder, server);
    let files = [(name, 0o755, script.as_bytes()), (RECORD, 0o666, b"")];
    let bytes = archive::programs(&files).map_err(|error| error.to_string())?;
    let options = UploadToContainerOptionsBuilder::default().path(folder).build();
    let uploaded = docker.upload_to_container(id, Some(options), bollard::body_full(bytes.into())).await;
    uploaded.map_err(|error| error.to_string())?;
    let started = docker.start_container(id, None::<StartContainerOptions>).await;
    started.map_err(|error| error.to_string())?;
    // The wait fails if the exit code is not zero. The record tells whether the server was started.
    let _exit = timeout(PATIENCE, docker.wait_container(id, None::<WaitContainerOptions>).next()).await;
    let record = content(docker, id, &format!("{folder}/{RECORD}")).await.unwrap_or_default();
    match Start::last(&record) {
        Some(start) => Ok(start),
        None => Err(last_line(docker, id).await),
    }
}

/// The content of a file in a container; `None` if the file does not exist.
async fn content(docker: &Docker, container: &str, path: &str) -> Option<Vec<u8>> {
    let options = DownloadFromContainerOptionsBuilder::default().path(path).build();
    let download = docker.download_from_container(container, Some(options));
    let bytes = download.try_fold(Vec::new(), |mut bytes, chunk| async move {
        bytes.extend_from_slice(&chunk);
        Ok(bytes)
    });
    archive::read_first_bytes(&bytes.await.ok()?).ok()
}

/// The last line in a container's log.
async fn last_line(docker: &Docker, id: &str) -> String {
    let options = LogsOptionsBuilder::default().stdout(true).stderr(true).tail("5").build();
    let lines = docker.logs(id, Some(options)).filter_map(|line| async { line.ok() });
    let lines: Vec<String> = lines.map(|line| line.to_string().trim().to_owned()).collect().await;
    let last = lines.into_iter().rfind(|line| !line.is_empty());
    last.unwrap_or_else(|| "it wrote nothing".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(folder: &str, arguments: &[&str]) -> Start {
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        Start { folder: folder.to_owned(), exported: "export A='b'".to_owned(), arguments }
    }

    #[test]
    fn the_last_start_counts() {
        let record = b"1\0/data\0\0/etc/redis.conf\x003\0/\0export A='b'\0--save\0\0--x\0";
        assert_eq!(Start::last(record), Some(start("/", &["--save", "", "--x"])));
        assert_eq!(Start::last(b"0\0/data\0export A='b'\0"), Some(start("/data", &[])));
        for broken in [&b""[..], b"2\0/data\0\0one", b"x"] {
            assert_eq!(Start::last(broken), None, "{broken:?}");
        }
    }

    #[test]
    fn the_first_argument_is_a_configuration_unless_it_is_an_option() {
        assert_eq!(
            start("/data", &["redis.conf", "--save"]).configuration().as_deref(),
            Some("/data/redis.conf")
        );
        assert_eq!(start("/data", &["/etc/redis.conf"]).configuration().as_deref(), Some("/etc/redis.conf"));
        assert_eq!(start("/data", &["--save", "x"]).configuration(), None);
        assert_eq!(start("/data", &[]).configuration(), None);
    }

    #[test]
    fn the_recorder_is_a_script_that_any_shell_runs() {
        let script = recorder("/usr/bin", Server::assumed("redis:7.4.1"));
        assert_eq!(
            script,
            "#!/bin/sh\ncase \"$1\" in -v | --version) echo \"redis server v=7.4.1 sha=00000000:0\"; exit ;; esac\n\
             printf '%s\\0' \"$#\" \"$PWD\" \"$(export -p)\" \"$@\" >>'/usr/bin/.redisctl-recorded'\n"
        );
    }
}
