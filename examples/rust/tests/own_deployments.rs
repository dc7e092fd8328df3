//! Tests with deployments of their own, at the same time, and what stays of them when a test panics or is killed.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use redisctl::deployment::{ConnectedEngine, Event, Listener, RemovedOnDrop};

mod support;

use support::{AnyError, TIME_TO_LIVE};

/// The name of this variable tells a process that it is the one to be killed.
const TO_BE_KILLED: &str = "TESTS_ON_A_CLUSTER_TO_BE_KILLED";

/// How long the deployment of the killed process lives.
const SHORT: Duration = Duration::from_secs(3);

struct Silent;

impl Listener for Silent {
    fn hear(&self, _: Event) {}
}

async fn is_there(name: &str) -> Result<bool, AnyError> {
    let engine = ConnectedEngine::from_environment().await?;
    Ok(engine.deployments().await?.iter().any(|line| line.name == name))
}

async fn standalone(time_to_live: Duration) -> Result<RemovedOnDrop, AnyError> {
    support::deployment("{kind: standalone}", time_to_live).await
}

#[tokio::test]
async fn several_at_once_do_not_meet() -> Result<(), AnyError> {
    let (one, other) = tokio::join!(standalone(TIME_TO_LIVE), standalone(TIME_TO_LIVE));
    let (one, other) = (one?, other?);
    assert_ne!(one.name(), other.name());
    assert_ne!(one.endpoints(), other.endpoints());
    tokio::try_join!(one.down(), other.down())?;
    Ok(())
}

#[tokio::test]
async fn a_panic_removes_the_deployment() -> Result<(), AnyError> {
    let test = tokio::spawn(async {
        let shop = standalone(TIME_TO_LIVE).await.expect("it comes up");
        std::panic::panic_any(shop.name().to_string());
    });
    let name = test.await.expect_err("it panics").into_panic().downcast::<String>().expect("a name");
    assert!(!is_there(&name).await?);
    Ok(())
}

#[tokio::test]
async fn a_killed_process_leaves_nothing_for_long() -> Result<(), AnyError> {
    if std::env::var_os(TO_BE_KILLED).is_some() {
        let shop = standalone(SHORT).await?;
        println!("\nname: {}", shop.name());
        std::future::pending::<()>().await;
    }
    let mut child = Command::new(std::env::current_exe()?)
        .args(["--exact", "a_killed_process_leaves_nothing_for_long", "--nocapture"])
        .env(TO_BE_KILLED, "1")
        .stdout(Stdio::piped())
        .spawn()?;
    let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let name = lines.map_while(Result::ok).find_map(|line| line.strip_prefix("name: ").map(str::to_owned));
    let name = name.expect("the process brings its deployment up");
    child.kill()?;
    child.wait()?;
    assert!(is_there(&name).await?);

    // Any run of redisctl on this engine does this, when the time is over.
    let engine = ConnectedEngine::from_environment().await?;
    let deadline = Instant::now() + 10 * SHORT;
    while is_there(&name).await? {
        assert!(Instant::now() < deadline, "`{name}` is still there");
        engine.remove_expired(&Silent).await?;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}
