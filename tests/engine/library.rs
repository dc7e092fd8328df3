//! The library behind the commands, as an integration test of another project would use it.

use std::panic::AssertUnwindSafe;
use std::process::Command;
use std::sync::Mutex;

use redisctl::deployment::{
    ConnectedEngine, DeploymentName, Down, Error, Event, Listener, Spec, SpecKind, SpecSource, Up,
};
use redisctl::spec::{PortBase, PortsSpec};
use redisctl::status::Role;

use crate::support::{REDIS_7, output, own_name};

/// Counts events.
#[derive(Default)]
struct Heard(Mutex<usize>);

impl Listener for Heard {
    fn hear(&self, _: Event) {
        *self.0.lock().expect("no panic") += 1;
    }
}

/// A spec that is built in code.
fn in_code(name: &str) -> SpecSource {
    let ports = PortsSpec { base: Some(PortBase::Port(11_990)), ..PortsSpec::default() };
    let image = Some(REDIS_7.to_owned());
    SpecSource::from(Spec { image, ports: Some(ports), ..Spec::new(SpecKind::Standalone) }).name(name)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

async fn remove(name: &str) {
    let engine = ConnectedEngine::from_environment().await.expect("an engine");
    let name = DeploymentName::new(name).expect("a good name");
    // Parts that an earlier run of this test left.
    let _ = Down::new(&engine, name).data(true).run().await;
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_test_of_another_project_brings_a_deployment_up_and_down() {
    let name = own_name("library");
    runtime().block_on(async {
        remove(&name).await;
        let heard = Heard::default();
        let source = SpecSource::text(&name, "{kind: replication, ports: {base: auto}}").image(REDIS_7);
        let up = Up::new(source.clone()).listener(&heard).run().await.expect("it comes up");
        assert!(up.result.changes > 0 && up.result.passed() && *heard.0.lock().expect("no panic") > 0);
        let shop = up.deployment.remove_on_drop();
        let settings = shop.connection(None, None).await.expect("the default user");
        assert!(settings.get("REDIS_URL").is_some());
        let primary = shop.primary().await;
        assert_eq!(primary.role().await.expect("an engine"), Role::Primary);
        assert_eq!(shop.node("2").expect("a replica").role().await.expect("an engine"), Role::Replica);
        assert!(shop.verify().await.passed());
        assert!(Up::new(source).plan().await.expect("a plan").is_empty());
        let removed = shop.down().await.expect("it goes");
        assert_eq!(removed.containers.len(), 2);
    });
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_test_that_panics_leaves_nothing_behind() {
    let name = own_name("library-panic");
    let runtime = runtime();
    runtime.block_on(remove(&name));
    let source = in_code(&name);
    let panics = AssertUnwindSafe(|| {
        runtime.block_on(async {
            let up = Up::new(source).verify(false).run().await.expect("it comes up");
            let _shop = up.deployment.remove_on_drop();
            panic!("a failed assertion");
        });
    });
    assert!(std::panic::catch_unwind(panics).is_err());
    runtime.block_on(async {
        let engine = ConnectedEngine::from_environment().await.expect("an engine");
        let found = engine.deployment(Some(&name)).await;
        assert!(matches!(found, Err(Error::NoSuchDeployment { .. })), "it is still there");
    });
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn the_example_program_runs_and_leaves_nothing_behind() {
    runtime().block_on(remove("example-library"));
    let mut program = Command::new(env!("CARGO"));
    program.args(["run", "--quiet", "--locked", "--example", "library", "--", REDIS_7]);
    let ended = output(program.current_dir(env!("CARGO_MANIFEST_DIR")));
    let (text, errors) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert!(ended.status.success(), "{text}{errors}");
    assert!(text.contains("example-library-1 at 127.0.0.1:"), "{text}");
    assert!(text.ends_with("greeting: hello\nremoved 2 containers\n"), "{text}");
}
