//! Acts on a running `up`, at a moment that its events tell.

use std::io::{BufRead as _, BufReader};
use std::process::ExitStatus;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::support::Deployment;

/// The end of an `up`.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    /// Its events, and its error as the last line.
    pub(crate) stderr: String,
}

/// The process of an `up`.
pub(crate) struct Process(u32);

impl Process {
    /// Sends it a signal by name. Another process for it would come milliseconds later.
    pub(crate) fn signal(&self, name: &str) {
        let signal: Signal = format!("SIG{name}").parse().expect("a signal");
        kill(Pid::from_raw(self.0.try_into().expect("an id")), signal).expect("a signal can be sent");
    }
}

/// Whether a step has begun (`step-started`) or ended (`step-finished`) whose action begins with the text.
pub(crate) fn is_step(event: &Value, kind: &str, action: &str) -> bool {
    event["event"] == kind && event["action"].as_str().is_some_and(|text| text.starts_with(action))
}

/// Runs `up`, and calls `then` at the `count`th event that matches. The event must come.
#[track_caller]
pub(crate) fn at(
    deployment: &Deployment,
    arguments: &[&str],
    (count, is_moment): (usize, impl Fn(&Value) -> bool),
    then: impl FnOnce(&Process, &Value),
) -> Ended {
    let [topology, more @ ..] = arguments else { panic!("which topology?") };
    let more: Vec<&str> = more.iter().copied().chain(["--output", "json"]).collect();
    let mut up = deployment.command("up", topology, &more).spawn().expect("redisctl starts");
    let process = Process(up.id());
    let mut then = Some(then);
    let (mut left, mut said) = (count, String::new());
    for line in BufReader::new(up.stderr.take().expect("a pipe")).lines() {
        let line = line.expect("text");
        let event: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        if left > 0 && is_moment(&event) {
            left -= 1;
        }
        if let (0, Some(then)) = (left, then.take_if(|_| left == 0)) {
            then(&process, &event);
        }
        said.push_str(&line);
        said.push('\n');
    }
    let status = up.wait().expect("it ends");
    assert_eq!(left, 0, "the moment did not come: {status}\n{said}");
    Ended { status, stderr: said }
}

/// The same, but `up` is stopped during the call.
#[track_caller]
pub(crate) fn meanwhile(
    deployment: &Deployment,
    arguments: &[&str],
    moment: (usize, impl Fn(&Value) -> bool),
    then: impl FnOnce(&Value),
) -> Ended {
    /// Lets it continue when it is dropped.
    struct Standing<'a>(&'a Process);
    impl Drop for Standing<'_> {
        fn drop(&mut self) {
            self.0.signal("CONT");
        }
    }
    at(deployment, arguments, moment, |process, event| {
        process.signal("STOP");
        let _standing = Standing(process);
        then(event);
    })
}
