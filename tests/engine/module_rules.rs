//! ACL rules with commands and categories of modules: the server of the image knows them.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::support::{Deployment, STACK, VALKEY_9, fail_with, redisctl, succeed};

/// A module with the command `greetings.hello` in the category `@greetings`.
const MODULE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/engine/greetings.c");

fn compile(to: &Path) {
    let mut cc = Command::new("cc");
    cc.args(["-shared", "-fPIC", "-nostdlib", "-o"]).arg(to).arg(MODULE);
    succeed(&cc.output().expect("a C compiler"));
}

/// Sends a command as the user `app`.
fn as_app(deployment: &Deployment, words: &[&str]) -> Output {
    redisctl(&[&["cli", &deployment.name, "--user", "app", "--"], words].concat())
}

fn write(spec: &Path, modules: &str, rules: &str) {
    let user = format!("{{name: app, password: a, rules: [{rules}]}}");
    let text = format!("kind: replication\n{modules}auth:\n  password: p\n  users: [{user}]\n");
    fs::write(spec, text).expect("it can be written");
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_category_of_a_module_is_a_rule_where_the_module_is() {
    let folder = tempfile::tempdir().expect("a folder");
    compile(&folder.path().join("greetings.so"));
    let spec = folder.path().join("spec.yaml");
    let path = spec.display().to_string();
    let more = ["--image", STACK];
    let deployment = Deployment::new("module-category");

    write(&spec, "modules: none\n", "+@greetings");
    let said = fail_with(&deployment.run("up", &path, &more), 2);
    assert!(said.contains("spec.yaml:5:44") && said.contains("`+@greetings`"), "{said}");
    assert_eq!(deployment.leftovers(), Vec::<String>::new());

    let modules = "modules: [{file: ./greetings.so}]\n";
    write(&spec, modules, "+@greetings");
    deployment.up(&path, &more);
    deployment.verify();
    assert_eq!(deployment.changes(&path, &more), 0);
    assert_eq!(succeed(&as_app(&deployment, &["GREETINGS.HELLO"])), "OK\n");
    assert!(fail_with(&as_app(&deployment, &["PING"]), 1).starts_with("NOPERM "));

    // A command of the module, while the servers run.
    let containers = deployment.containers();
    write(&spec, modules, "+@greetings, -greetings.hello, +ping");
    deployment.up(&path, &more);
    assert!(fail_with(&as_app(&deployment, &["GREETINGS.HELLO"]), 1).starts_with("NOPERM "));
    assert_eq!(deployment.changes(&path, &more), 0);
    write(&spec, modules, "+greetings.bye");
    let said = fail_with(&deployment.run("up", &path, &more), 2);
    assert!(said.contains("spec.yaml:5:44") && said.contains("`+greetings.bye`"), "{said}");
    assert_eq!(deployment.containers(), containers);
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn commands_of_the_images_modules_are_rules() {
    let folder = tempfile::tempdir().expect("a folder");
    let spec = folder.path().join("spec.yaml");
    let path = spec.display().to_string();
    let more = ["--image", STACK];
    let deployment = Deployment::new("module-commands");
    write(&spec, "", "\"~*\", +json.set, +json.get, +ft.search");
    deployment.up(&path, &more);
    deployment.verify();
    assert_eq!(deployment.changes(&path, &more), 0);
    assert_eq!(succeed(&as_app(&deployment, &["JSON.SET", "a", "$", "1"])), "OK\n");
    assert!(fail_with(&as_app(&deployment, &["JSON.DEL", "a"]), 1).starts_with("NOPERM "));

    for (modules, rule) in [("", "+json.nosuch"), ("modules: none\n", "+json.set")] {
        write(&spec, modules, rule);
        let said = fail_with(&deployment.run("up", &path, &more), 2);
        assert!(said.contains("spec.yaml:") && said.contains(&format!("`{rule}`")), "{said}");
    }
    assert_eq!(succeed(&as_app(&deployment, &["JSON.GET", "a"])), "1\n");
}

/// A module that does not know atomic migrations forbids them. Then slots move by hand.
#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn slots_move_although_a_module_forbids_atomic_migrations() {
    let folder = tempfile::tempdir().expect("a folder");
    compile(&folder.path().join("greetings.so"));
    let spec = folder.path().join("spec.yaml");
    let path = spec.display().to_string();
    let deployment = Deployment::new("module-slots");
    let write = |shards: u8| {
        let text =
            format!("kind: cluster\nshards: {shards}\nreplicas: 0\nmodules: [{{file: ./greetings.so}}]\n");
        fs::write(&spec, text).expect("it can be written");
    };
    write(1);
    deployment.up(&path, &["--image", VALKEY_9]);
    let mut first = deployment.connect(1);
    for key in 0..100 {
        let () = redis::Commands::set(&mut first, format!("key:{key}"), key).expect("a write");
    }
    write(2);
    let said = succeed(&deployment.run("up", &path, &["--image", VALKEY_9, "-vv"]));
    assert_eq!(deployment.changes(&path, &["--image", VALKEY_9]), 0, "{said}");
    deployment.verify();
    let kept = succeed(&redisctl(&["cli", &deployment.name, "--all", "--", "DBSIZE"]));
    assert_eq!(kept.trim(), "100");
}
