//! Images: one that cannot be had, one made from this machine's own server, one with ways of its own, and
//! servers that do not know what the spec asks of them.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::support::{
    Deployment, REDIS_6, REDIS_7, REDIS_8, clean_up, docker, end, fail_with, own_image, redisctl, succeed,
};

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn an_image_that_cannot_be_pulled_is_an_error_with_ways_out() {
    let deployment = Deployment::new("no-image");
    let said = fail_with(&deployment.run("up", "standalone", &["--image", "redisctl-test/absent:1"]), 1);
    assert!(said.contains("redisctl-test/absent:1") && said.contains("--image"), "{said}");
    assert_eq!(deployment.leftovers(), Vec::<String>::new());
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn an_image_of_this_machines_own_server_is_made_once() {
    let deployment = Deployment::new("host-image");
    let host = ["--image", "host"];
    deployment.up("replica", &host);
    deployment.verify();
    let images = || docker(&["images", "-q", "--no-trunc", "redisctl-host"]);
    let before = images();
    assert!(!before.is_empty());
    deployment.up("replica", &host);
    assert_eq!(images(), before, "the image was made again");
    assert_eq!(deployment.changes("replica", &host), 0);
    succeed(&deployment.run("plan", "replica", &host));
}

/// An image with its own entrypoint and volume, like the official images. It is removed when it is dropped.
struct OfficialLike(String);

impl OfficialLike {
    /// Makes it from a test image. Its entrypoint does the same as the official entrypoint before it starts the
    /// server: it needs rights that redisctl's containers do not have.
    fn make(name: String) -> Self {
        let dockerfile = format!(
            "FROM {REDIS_7}\n\
             LABEL org.opencontainers.image.title= org.opencontainers.image.version=\n\
             VOLUME /data\n\
             ENTRYPOINT [\"sh\", \"-c\", \"chown -R 999 /data && exec gosu redis \\\"$0\\\" \\\"$@\\\"\"]\n\
             CMD [\"redis-server\"]\n"
        );
        let mut build = Command::new("docker")
            .args(["build", "--quiet", "--tag", &name, "-"])
            .env("DOCKER_BUILDKIT", "0")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the docker client starts");
        build.stdin.take().expect("a pipe").write_all(dockerfile.as_bytes()).expect("it reads");
        succeed(&end(build));
        Self(name)
    }
}

impl Drop for OfficialLike {
    fn drop(&mut self) {
        clean_up(&["rmi", "--force", &self.0]);
    }
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_tag_that_moves_to_another_image_is_followed_node_by_node() {
    let (moving, deployment) = (OfficialLike(own_image("moving")), Deployment::new("moving"));
    let image = ["--image", &moving.0];
    let id = |image: &str| docker(&["image", "inspect", "--format", "{{.Id}}", image]);
    let short = |image: &str| id(image).trim_start_matches("sha256:")[..12].to_owned();
    let versions = || -> Vec<String> {
        let status = deployment.status();
        let nodes = status["nodes"].as_array().expect("nodes").iter();
        nodes.map(|node| node["version"].as_str().unwrap_or_default()[..3].to_owned()).collect()
    };
    docker(&["tag", REDIS_7, &moving.0]);
    deployment.up("replica", &image);
    succeed(&redisctl(&["cli", &deployment.name, "--", "SET", "kept", "1"]));

    // The same server in another image.
    let rebuilt = docker(&["create", REDIS_7, "redis-server"]);
    docker(&["commit", "--change", "LABEL rebuilt=yes", &rebuilt, &moving.0]);
    docker(&["rm", &rebuilt]);
    let plan = succeed(&deployment.run("plan", "replica", &image));
    assert!(plan.contains(&short(REDIS_7)) && plan.contains(&short(&moving.0)), "{plan}");
    deployment.up("replica", &image);
    let runs = docker(&["inspect", "--format", "{{.Image}}", &deployment.node(1), &deployment.node(2)]);
    assert!(runs.lines().all(|run| run == id(&moving.0)), "{runs}");
    assert_eq!(deployment.changes("replica", &image), 0);

    // A newer server.
    docker(&["tag", REDIS_8, &moving.0]);
    deployment.up("replica", &image);
    assert_eq!(versions(), ["8.0", "8.0"]);
    let kept = succeed(&redisctl(&["cli", &deployment.name, "--", "GET", "kept"]));
    assert!(kept.contains('1'), "{kept}");
    assert_eq!(deployment.changes("replica", &image), 0);

    // An older server, which cannot read the data.
    docker(&["tag", REDIS_7, &moving.0]);
    let said = fail_with(&deployment.run("up", "replica", &image), 1);
    assert!(said.contains("an older server"), "{said}");
    assert_eq!(versions(), ["8.0", "8.0"]);
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn an_image_with_an_entrypoint_and_a_volume_of_its_own_works_and_leaves_nothing() {
    let image = OfficialLike::make(own_image("official-like"));
    let deployment = Deployment::new("official-like");
    deployment.up("replica", &["--image", &image.0]);
    deployment.verify();

    let anonymous = |number| {
        let format = "{{range .Mounts}}{{if eq .Destination \"/data\"}}{{.Name}}{{end}}{{end}}";
        docker(&["inspect", "--format", format, &deployment.node(number)])
    };
    let volumes = [anonymous(1), anonymous(2)];
    assert!(volumes.iter().all(|volume| !volume.is_empty()), "the image asks for volumes: {volumes:?}");
    succeed(&redisctl(&["down", &deployment.name]));
    let left = docker(&["volume", "ls", "--quiet"]);
    assert!(volumes.iter().all(|volume| !left.contains(volume)), "left behind: {left}");
}

/// The header of an ELF file for a processor (`e_machine`) of 64 bits.
pub(crate) fn elf_header(machine: u16) -> Vec<u8> {
    let mut header = b"\x7fELF\x02\x01\x01".to_vec();
    header.resize(16, 0);
    header.extend(2_u16.to_le_bytes());
    header.extend(machine.to_le_bytes());
    header.resize(64, 0);
    header
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_server_for_another_processor_is_told_with_both_processors() {
    let name = own_image("other-processor");
    let (machine, found) = if cfg!(target_arch = "aarch64") { (62, "amd64") } else { (183, "arm64") };
    let mut archive = tar::Builder::new(Vec::new());
    let mut entry = |path: &str, kind, link: Option<&str>, content: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(0o755);
        header.set_size(content.len() as u64);
        match link {
            Some(link) => archive.append_link(&mut header, path, link),
            None => archive.append_data(&mut header, path, content),
        }
        .expect("an archive in memory");
    };
    entry("usr/bin/redis-check-rdb", tar::EntryType::Regular, None, &elf_header(machine));
    // As in Debian's package.
    entry("usr/bin/redis-server", tar::EntryType::Symlink, Some("redis-check-rdb"), b"");
    let archive = archive.into_inner().expect("an archive in memory");
    let mut import = Command::new("docker")
        .args(["import", "-", &name])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the docker client starts");
    import.stdin.take().expect("a pipe").write_all(&archive).expect("it reads");
    succeed(&end(import));
    let image = OfficialLike(name);

    let deployment = Deployment::new("other-processor");
    let said = fail_with(&deployment.run("up", "standalone", &["--image", &image.0]), 1);
    assert!(
        said.contains(&format!("holds a `redis-server` for {found}, and the engine runs programs for ")),
        "{said}"
    );
    assert_eq!(deployment.leftovers(), Vec::<String>::new());
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_directive_that_came_later_is_found_before_anything_is_made() {
    let deployment = Deployment::new("too-early");
    let later = ["--image", REDIS_6, "--set", "config.maxmemory-clients=10mb"];
    let said = fail_with(&deployment.run("up", "standalone", &later), 2);
    assert!(said.contains("does not know the directive `maxmemory-clients`"), "{said}");
    assert!(said.contains("redis 7.0"), "{said}");
    assert_eq!(deployment.leftovers(), Vec::<String>::new());
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_configuration_that_ends_a_server_is_told_with_its_own_words_before_anything_is_made() {
    let deployment = Deployment::new("refuses");
    for (directive, words) in [
        ("no-such-thing=1", "Bad directive"),
        ("timeout=plenty", "argument couldn't be parsed into an integer"),
        ("loadmodule=/no/such.so", "/no/such.so"),
        ("rename-command=NOSUCH x", "No such command"),
    ] {
        let set = format!("config.{directive}");
        for verb in ["plan", "up"] {
            let said = fail_with(&deployment.run(verb, "standalone", &["--set", &set]), 2);
            let name = directive.split('=').next().unwrap_or_default();
            assert!(
                said.contains(&format!("does not start with `{name}`")) && said.contains(words),
                "{said}"
            );
            assert!(said.contains(&format!("--set {set}")) || said.contains("command line"), "{said}");
        }
    }
    assert_eq!(deployment.leftovers(), Vec::<String>::new());
}
