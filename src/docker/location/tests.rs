//! The engine addresses that made-up machines lead to.

use std::collections::BTreeMap;
use std::path::Path;

use super::*;

/// A made-up machine.
struct Machine {
    platform: Platform,
    variables: BTreeMap<&'static str, String>,
    files: BTreeMap<PathBuf, String>,
}

impl Machine {
    fn new() -> Self {
        Self { platform: Platform::Unix, variables: BTreeMap::new(), files: BTreeMap::new() }
    }

    fn variable(mut self, name: &'static str, value: &str) -> Self {
        self.variables.insert(name, value.to_owned());
        self
    }

    fn file(mut self, path: impl Into<PathBuf>, text: &str) -> Self {
        self.files.insert(path.into(), text.to_owned());
        self
    }

    /// A context in the files below `folder`.
    fn context(self, folder: &str, name: &str, host: &str) -> Self {
        let path = format!("{folder}/contexts/meta/{}/meta.json", context::identifier(name));
        self.file(path, &format!(r#"{{"Name":"{name}","Endpoints":{{"docker":{{"Host":"{host}"}}}}}}"#))
    }

    fn find(&self, flag: Option<&str>) -> Result<EngineLocation, LocationError> {
        EngineLocation::find(flag, self)
    }

    /// The address and the origin, as printed.
    fn found(&self) -> (String, AddressOrigin) {
        let location = self.find(None).unwrap();
        (location.address.to_string(), location.origin)
    }
}

impl MachineFacts for Machine {
    fn platform(&self) -> Platform {
        self.platform
    }
    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }
    fn home(&self) -> Option<PathBuf> {
        Some("/home/me".into())
    }
    fn read(&self, path: &Path) -> Option<String> {
        self.files.get(path).cloned()
    }
    fn exists(&self, path: &Path) -> bool {
        self.files.contains_key(path)
    }
}

/// A machine with all sources of an address.
fn everything() -> Machine {
    Machine::new()
        .variable("DOCKER_HOST", "tcp://variable.example:1")
        .variable("DOCKER_CONTEXT", "chosen")
        .context("/home/me/.docker", "chosen", "tcp://chosen.example:2")
        .context("/home/me/.docker", "current", "tcp://current.example:3")
        .file("/home/me/.docker/config.json", r#"{"auths":{},"currentContext":"current"}"#)
        .file("/var/run/docker.sock", "")
}

#[test]
fn the_flag_comes_first_then_the_variables_then_the_configuration_then_the_platform() {
    let mut machine = everything();
    let flagged = machine.find(Some("unix:///flag.sock")).unwrap();
    assert_eq!(
        (flagged.address.to_string(), flagged.origin),
        ("unix:///flag.sock".into(), AddressOrigin::Flag)
    );
    assert_eq!(machine.found(), ("tcp://variable.example:1".into(), AddressOrigin::HostVariable));
    machine.variables.remove("DOCKER_HOST");
    assert_eq!(
        machine.found(),
        ("tcp://chosen.example:2".into(), AddressOrigin::ContextVariable("chosen".into()))
    );
    machine.variables.remove("DOCKER_CONTEXT");
    assert_eq!(
        machine.found(),
        ("tcp://current.example:3".into(), AddressOrigin::CurrentContext("current".into()))
    );
    machine.files.remove(Path::new("/home/me/.docker/config.json"));
    assert_eq!(
        machine.found(),
        ("unix:///var/run/docker.sock".into(), AddressOrigin::Platform { absent: Vec::new() })
    );
}

#[test]
fn every_kind_of_address_may_stand_in_every_place() {
    let tls = EngineTlsFiles::in_folder(Path::new("/certs"));
    let ssh = SshDestination { user: Some("me".into()), host: "c.example".into(), port: Some(2222) };
    for (text, with_tls, expected) in [
        ("unix:///x.sock", false, EngineAddress::Unix("/x.sock".into())),
        ("npipe:////./pipe/x", false, EngineAddress::Pipe("//./pipe/x".into())),
        ("tcp://a.example:1", false, EngineAddress::Tcp { host: "a.example".into(), port: 1 }),
        ("tcp://b.example:2", true, EngineAddress::Tls { host: "b.example".into(), port: 2, files: tls }),
        ("ssh://me@c.example:2222", false, EngineAddress::Ssh(ssh)),
    ] {
        let mut machine = Machine::new();
        if with_tls {
            machine = machine.variable("DOCKER_TLS_VERIFY", "1").variable("DOCKER_CERT_PATH", "/certs");
        }
        assert_eq!(machine.find(Some(text)).unwrap().address, expected);
        let machine = machine.variable("DOCKER_HOST", text);
        assert_eq!(machine.find(None).unwrap().address, expected);
        // A context has its own certificates, in its own folder.
        if !with_tls {
            let machine =
                Machine::new().variable("DOCKER_CONTEXT", "c").context("/home/me/.docker", "c", text);
            assert_eq!(machine.find(None).unwrap().address, expected);
        }
    }
}

#[test]
fn the_context_named_default_is_the_platforms_place() {
    let mut machine = everything().variable("DOCKER_CONTEXT", "default");
    machine.variables.remove("DOCKER_HOST");
    assert_eq!(
        machine.found(),
        ("unix:///var/run/docker.sock".into(), AddressOrigin::Platform { absent: Vec::new() })
    );
}

#[test]
fn other_sockets_are_found_in_their_order_where_the_default_one_is_missing() {
    let sockets = [
        "/run/user/7/docker.sock",
        "/home/me/.docker/run/docker.sock",
        "/home/me/.docker/desktop/docker.sock",
        "/home/me/.colima/default/docker.sock",
        "/home/me/.orbstack/run/docker.sock",
        "/run/user/7/podman/podman.sock",
        "/run/podman/podman.sock",
    ];
    let mut machine = Machine::new().variable("XDG_RUNTIME_DIR", "/run/user/7");
    for socket in sockets {
        machine = machine.file(socket, "");
    }
    for socket in sockets {
        assert_eq!(machine.find(None).unwrap().address, EngineAddress::Unix(socket.into()));
        machine.files.remove(Path::new(socket));
    }
    let location = machine.find(None).unwrap();
    assert_eq!(location.address.to_string(), "unix:///var/run/docker.sock");
    // A made-up machine joins paths like the machine that runs the test.
    let tried = location.origin.to_string().replace('\\', "/");
    assert!(sockets.iter().all(|socket| tried.contains(&format!("`{socket}`"))), "{tried}");
}

#[test]
fn windows_has_a_pipe() {
    let machine = Machine { platform: Platform::Windows, ..Machine::new() };
    assert_eq!(machine.found().0, "npipe:////./pipe/docker_engine");
}

#[test]
fn the_directory_of_a_context_is_the_hash_of_its_name() {
    // The directory that Docker Desktop makes for its context.
    let expected = "fe9c6bd7a66301f49ca9b6a70b217107cd1284598bfc254700c989b916da791e";
    assert_eq!(context::identifier("desktop-linux"), expected);
}

#[test]
fn dockers_configuration_may_be_elsewhere() {
    let machine = Machine::new()
        .variable("DOCKER_CONFIG", "/etc/docker-client")
        .file("/etc/docker-client/config.json", r#"{"currentContext":"colima"}"#)
        .context("/etc/docker-client", "colima", "unix:///colima.sock");
    assert_eq!(machine.found().0, "unix:///colima.sock");
}

#[test]
fn a_context_with_certificates_is_reached_by_tls() {
    let folder = format!("/home/me/.docker/contexts/tls/{}/docker", context::identifier("current"));
    let machine = everything().file(format!("{folder}/ca.pem"), "");
    let machine = Machine { variables: BTreeMap::new(), ..machine };

    let location = machine.find(None).unwrap();
    let files = EngineTlsFiles::in_folder(Path::new(&folder));
    assert_eq!(location.address, EngineAddress::Tls { host: "current.example".into(), port: 3, files });
}

#[test]
fn the_tls_variables_hold_for_the_flag_and_the_host_variable() {
    let machine = Machine::new().variable("DOCKER_TLS_VERIFY", "1");
    let files_of = |location: EngineLocation| match location.address {
        EngineAddress::Tls { files, .. } => files,
        other => panic!("{other} has no TLS"),
    };
    let flagged = files_of(machine.find(Some("tcp://a.example")).unwrap());
    assert_eq!(flagged, EngineTlsFiles::in_folder(Path::new("/home/me/.docker")));
    let machine = machine.variable("DOCKER_CERT_PATH", "/certs").variable("DOCKER_HOST", "tcp://a.example");
    assert_eq!(files_of(machine.find(None).unwrap()), EngineTlsFiles::in_folder(Path::new("/certs")));
}

#[test]
fn what_is_wrong_is_named_with_where_it_is_from() {
    let error = everything().find(Some("ftp://x")).unwrap_err();
    assert_eq!(error.to_string(), "`ftp://x` (from `--host`) is not an engine's address");

    let machine = Machine::new().variable("DOCKER_CONTEXT", "gone");
    let error = machine.find(None).unwrap_err();
    assert!(matches!(&error, LocationError::NoContext { .. }), "{error}");
    assert!(error.to_string().contains("`gone`, from `DOCKER_CONTEXT`"), "{error}");

    let machine = Machine::new().file("/home/me/.docker/config.json", "{");
    assert!(matches!(machine.find(None).unwrap_err(), LocationError::Configuration { .. }));

    let machine = Machine::new().variable("DOCKER_CONTEXT", "cloud").file(
        format!("/home/me/.docker/contexts/meta/{}/meta.json", context::identifier("cloud")),
        r#"{"Name":"cloud","Endpoints":{}}"#,
    );
    assert!(matches!(machine.find(None).unwrap_err(), LocationError::NoEndpoint { .. }));
}

#[test]
fn clients_dial_this_machine_or_the_engines() {
    for (address, host) in [
        ("unix:///x.sock", "127.0.0.1"),
        ("npipe:////./pipe/x", "127.0.0.1"),
        ("tcp://localhost:2375", "127.0.0.1"),
        ("tcp://127.0.0.5:2375", "127.0.0.1"),
        ("tcp://[::1]:2375", "127.0.0.1"),
        ("ssh://me@localhost", "127.0.0.1"),
        ("tcp://10.0.0.5:2375", "10.0.0.5"),
        ("ssh://me@engine.example:22", "engine.example"),
    ] {
        assert_eq!(Machine::new().find(Some(address)).unwrap().endpoint_host(), host, "{address}");
    }
}
