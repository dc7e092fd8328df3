//! Modules on every server: the image's own modules, none, and a list. `verify` proves them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::{
    Deployment, REDIS_7, REDIS_8_2, STACK, clean_up, docker, fail_with, output, own_image, redisctl, succeed,
    texts,
};

/// The names of the modules of each server in `status`, without parts of the server.
fn modules(deployment: &Deployment) -> Vec<Vec<String>> {
    let status = deployment.status();
    let of_node = |node: &Value| -> Option<Vec<String>> {
        let modules = node["modules"].as_array()?.iter().filter(|module| module["built_in"] == false);
        let mut names: Vec<String> =
            modules.map(|module| module["name"].as_str().unwrap_or_default().to_owned()).collect();
        names.sort();
        Some(names)
    };
    status["nodes"].as_array().expect("nodes").iter().filter_map(of_node).collect()
}

/// The number of nodes whose modules `verify` has proved.
fn proved(deployment: &Deployment) -> usize {
    let report = deployment.verify();
    let checks = report["checks"].as_array().expect("checks").iter();
    checks.filter(|check| check["name"] == "modules").count()
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn the_modules_of_the_official_layout_are_on_every_node_of_a_cluster() {
    let deployment = Deployment::new("modules-official");
    let image = ["--image", REDIS_8_2];
    let plan = deployment.plan("cluster", &image);
    assert!(plan.contains("modules falkordb.so"), "{plan}");
    let said = deployment.up("cluster", &image);
    assert!(said.contains("modules graph "), "{said}");
    assert_eq!(modules(&deployment), vec![vec!["graph".to_owned()]; 6]);
    assert_eq!(proved(&deployment), 6);
    assert_eq!(deployment.changes("cluster", &image), 0);
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn redis_stack_has_its_modules_and_a_changed_list_comes_node_by_node() {
    let deployment = Deployment::new("modules-stack");
    let image = ["--image", STACK];
    deployment.up("sentinel", &image);
    let all = ["ReJSON", "bf", "search", "timeseries"].map(str::to_owned).to_vec();
    let nodes = modules(&deployment).len();
    assert_eq!(modules(&deployment), vec![all.clone(); nodes], "no sentinel has any");
    assert_eq!(proved(&deployment), nodes);
    succeed(&redisctl(&["cli", &deployment.name, "--", "SET", "kept", "1"]));

    let folder = "/opt/redis-stack/lib";
    let list = format!(
        "modules=[{folder}/redisearch.so, {folder}/redistimeseries.so, {folder}/rejson.so, \
         {{path: {folder}/redisbloom.so, args: [ERROR_RATE, 0.004]}}]"
    );
    let list = list.as_str();
    let changed = [&image[..], &["--set", list]].concat();
    let plan = deployment.plan("sentinel", &changed);
    assert!(plan.contains("# spec changed: modules"), "{plan}");
    deployment.up("sentinel", &changed);
    assert_eq!(proved(&deployment), nodes);
    let kept = succeed(&redisctl(&["cli", &deployment.name, "--", "GET", "kept"]));
    assert!(kept.contains('1'), "{kept}");
    assert_eq!(deployment.changes("sentinel", &changed), 0);

    // A server without Search cannot read data that Search wrote, even if Search has no data.
    deployment.up("sentinel", &[&image[..], &["--set", "modules=none", "--recreate"]].concat());
    assert_eq!(modules(&deployment), vec![Vec::<String>::new(); nodes]);
}

/// Modules of Redis Stack without Bloom, as a setting.
const WITHOUT_BLOOM: &str = "modules=[/opt/redis-stack/lib/redisearch.so, /opt/redis-stack/lib/redistimeseries.so, \
                             /opt/redis-stack/lib/rejson.so]";

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_module_goes_node_by_node_once_its_data_is_gone() {
    let deployment = Deployment::new("modules-fewer");
    let image = ["--image", STACK];
    let fewer = [&image[..], &["--set", WITHOUT_BLOOM]].concat();
    deployment.up("sentinel", &image);
    let cli = |words: &[&str]| succeed(&redisctl(&[&["cli", &deployment.name, "--"], words].concat()));
    cli(&["SET", "kept", "1"]);
    cli(&["BF.ADD", "filter", "x"]);
    let before = deployment.containers();
    let said = fail_with(&deployment.run("up", "sentinel", &fewer), 1);
    assert!(said.contains("without `redisbloom.so` cannot read") && said.contains("I can't load"), "{said}");
    assert_eq!(deployment.containers(), before, "nothing was changed");

    cli(&["DEL", "filter"]);
    deployment.up("sentinel", &fewer);
    let left = ["ReJSON", "search", "timeseries"].map(str::to_owned).to_vec();
    assert!(modules(&deployment).iter().all(|modules| *modules == left), "{:?}", modules(&deployment));
    deployment.verify();
    assert_eq!(cli(&["GET", "kept"]).trim(), "1");
    assert_eq!(deployment.changes("sentinel", &fewer), 0);
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn commands_of_a_module_that_goes_leave_the_append_only_file() {
    let deployment = Deployment::new("modules-file-of-commands");
    let image = ["--image", STACK, "--set", "data=volume"];
    let fewer = [&image[..], &["--set", WITHOUT_BLOOM]].concat();
    deployment.up("standalone", &image);
    let cli = |words: &[&str]| succeed(&redisctl(&[&["cli", &deployment.name, "--"], words].concat()));
    cli(&["SET", "kept", "1"]);
    cli(&["BF.ADD", "filter", "x"]);
    cli(&["DEL", "filter"]);
    let plan = deployment.plan("standalone", &fewer);
    assert!(plan.contains("rewrite its append-only file"), "{plan}");
    deployment.up("standalone", &fewer);
    assert_eq!(cli(&["GET", "kept"]).trim(), "1");
    deployment.verify();
    assert_eq!(deployment.changes("standalone", &fewer), 0);
}

/// A file of an image, copied to this machine.
fn copy(image: &str, from: &str, to: &Path) {
    let container = docker(&["create", image, "redis-server"]);
    docker(&["cp", &format!("{container}:{from}"), &to.display().to_string()]);
    docker(&["rm", &container]);
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_module_of_this_machine_is_loaded_and_one_that_fails_is_shown_with_the_servers_words() {
    let folder = tempfile::tempdir().expect("a folder");
    copy(STACK, "/opt/redis-stack/lib/redisbloom.so", &folder.path().join("bloom.so"));
    copy(REDIS_8_2, "/usr/local/lib/redis/modules/falkordb.so", &folder.path().join("graph.so"));
    let spec = folder.path().join("spec.yaml");
    let text =
        |file: &str| format!("kind: replication\nmodules: [{{file: ./{file}, args: [ERROR_RATE, 0.01]}}]\n");
    let path = spec.display().to_string();

    fs::write(&spec, text("bloom.so")).expect("it can be written");
    let deployment = Deployment::new("modules-file");
    deployment.up(&path, &["--image", REDIS_7, "--set", "data=volume"]);
    assert_eq!(modules(&deployment), vec![vec!["bf".to_owned()]; 2]);
    assert_eq!(proved(&deployment), 2);
    succeed(&redisctl(&["down", &deployment.name, "--volumes"]));

    // It needs libraries that the image does not have.
    fs::write(&spec, text("graph.so")).expect("it can be written");
    let said = fail_with(&deployment.run("up", &path, &["--image", REDIS_7]), 2);
    assert!(said.contains("spec.yaml:2:18") && said.contains("graph.so failed to load: lib"), "{said}");
    // The module's own message about its arguments.
    fs::write(&spec, text("bloom.so").replace("0.01", "x")).expect("it can be written");
    let said = fail_with(&deployment.run("up", &path, &["--image", REDIS_7]), 2);
    assert!(said.contains("Invalid argument for 'ERROR_RATE'; Module "), "{said}");
    assert_eq!(deployment.leftovers(), Vec::<String>::new());
}

/// An image that is removed when it is dropped.
struct MadeImage(String);

impl MadeImage {
    /// An image of Redis 8.2 with another start script. Only the script finds a library that its module needs.
    fn with(name: String, script: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("file");
        let container = docker(&["create", REDIS_8_2, "redis-server"]);
        let put = |to: &str| docker(&["cp", &file.display().to_string(), &format!("{container}:{to}")]);
        let library = format!("/usr/lib/{}-linux-gnu/libgomp.so.1.0.0", std::env::consts::ARCH);
        docker(&["cp", &format!("{container}:{library}"), &file.display().to_string()]);
        put("/usr/local/lib/redis/libgomp.so.1");
        fs::write(&file, script).expect("it can be written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("it is executable");
        put(&library);
        put("/start.sh");
        docker(&["commit", "--change", r#"ENTRYPOINT ["/start.sh"]"#, &container, &name]);
        docker(&["rm", &container]);
        Self(name)
    }
}

impl Drop for MadeImage {
    fn drop(&mut self) {
        clean_up(&["rmi", "--force", &self.0]);
    }
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn an_unknown_start_script_keeps_its_modules_their_arguments_and_their_environment() {
    let script = "#!/bin/sh\nexport LD_LIBRARY_PATH=/usr/local/lib/redis SECRET=x\ncd /usr/local/lib/redis\n\
                  exec redis-server --loadmodule modules/falkordb.so THREAD_COUNT 1 --port 7 \"$@\"\n";
    let image = MadeImage::with(own_image("own-script-1"), script);
    let deployment = Deployment::new("modules-own-script");
    let plan = deployment.plan("standalone", &["--image", &image.0]);
    assert!(plan.contains("modules falkordb.so"), "{plan}");
    deployment.up("standalone", &["--image", &image.0]);
    assert_eq!(modules(&deployment), vec![vec!["graph".to_owned()]]);
    assert_eq!(proved(&deployment), 1);
    let environment = docker(&["inspect", "--format", "{{.Config.Env}}", &deployment.node(1)]);
    assert!(
        environment.contains("LD_LIBRARY_PATH=/usr/local/lib/redis") && !environment.contains("SECRET"),
        "{environment}"
    );
    assert_eq!(deployment.changes("standalone", &["--image", &image.0]), 0);
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_module_of_the_image_that_does_not_load_is_shown_with_the_node() {
    let script = "#!/bin/sh\nexec redis-server --loadmodule /usr/local/lib/redis/modules/falkordb.so\n";
    let image = MadeImage::with(own_image("own-script-3"), script);
    let deployment = Deployment::new("modules-of-image-fail");
    let said = fail_with(&deployment.run("up", "standalone", &["--image", &image.0]), 1);
    assert!(said.contains(&deployment.node(1)) && said.contains("falkordb.so failed to load"), "{said}");
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_start_script_that_refuses_to_start_leaves_a_warning() {
    let script = "#!/bin/sh\necho 'EULA is not accepted' >&2\nexit 1\n";
    let image = MadeImage::with(own_image("own-script-2"), script);
    let deployment = Deployment::new("modules-refusing-script");
    let (_, said) = texts(&deployment.run("up", "standalone", &["--image", &image.0]));
    assert!(said.contains("(EULA is not accepted): servers load no modules"), "{said}");
    deployment.verify();
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn modules_that_cannot_be_loaded_are_found_before_anything_is_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let (machine, processor) = if cfg!(target_arch = "aarch64") { (62, "amd64") } else { (183, "arm64") };
    fs::write(folder.path().join("other.so"), crate::images::elf_header(machine)).expect("it can be written");
    let spec = folder.path().join("spec.yaml");
    let list = "  - /nowhere.so\n  - {path: /etc/passwd}\n  - {file: other.so}\n";
    fs::write(&spec, format!("kind: standalone\nmodules:\n{list}")).expect("it can be written");
    let deployment = Deployment::new("modules-bad");
    let said = fail_with(&deployment.run("up", &spec.display().to_string(), &[]), 2);
    for (place, words) in [
        (":3:5", "has no file `/nowhere.so`".to_owned()),
        (":4:12", "`/etc/passwd` is no module: it is not an ELF file".to_owned()),
        (":5:12", format!("`other.so` is for {processor}, and the server of the image is for ")),
    ] {
        assert!(said.contains(place) && said.contains(&words), "{said}");
    }
    assert_eq!(deployment.leftovers(), Vec::<String>::new());
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn what_an_image_holds_is_found_out_once() {
    let deployment = Deployment::new("found-out-once");
    let cache = tempfile::tempdir().expect("a folder");
    let now = || docker(&["system", "info", "--format", "{{.SystemTime}}"]);
    let filter = format!("label=io.redisctl.deployment={}", deployment.name);
    let made = || {
        let begin = now();
        let mut plan = deployment.command("plan", "standalone", &["--image", STACK]);
        succeed(&output(plan.env("XDG_CACHE_HOME", cache.path())));
        let events =
            ["events", "--filter", "event=create", "--filter", &filter, "--since", &begin, "--until"];
        let events =
            Command::new("docker").args(events).arg(now()).output().expect("the docker client starts");
        succeed(&events).lines().count()
    };
    // One container tells the version, another container the modules.
    assert_eq!(made(), 2);
    assert_eq!(made(), 0);
}
