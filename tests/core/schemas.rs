//! `docs/schemas` holds the JSON Schema of every document. Programs of other people depend on these files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use std::{env, fs};

use clap::CommandFactory as _;
use redisctl::cli::Cli;
use redisctl::event::{Event, JsonLines, Note, SlotProgress, Transfer, TransferUnit, Warning};
use redisctl::output::SCHEMAS;
use serde_json::Value;

use crate::documents::check_text;
use crate::memory::World;
use crate::rig::{Recorder, SWAP, node, plan, run_with, topology, up};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schemas")
}

/// Whether the test writes the files instead of comparing them, as `insta` does.
fn writes() -> bool {
    env::var("INSTA_UPDATE").is_ok_and(|mode| mode == "always")
}

#[test]
fn the_files_are_the_schemas_of_the_types() {
    let mut expected = Vec::new();
    for named in SCHEMAS {
        let path = folder().join(format!("{}.json", named.name));
        let text = format!("{}\n", serde_json::to_string_pretty(&named.schema()).unwrap());
        if writes() {
            fs::create_dir_all(folder()).unwrap();
            fs::write(&path, &text).unwrap();
        }
        let committed = fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
        assert!(committed == text, "{} is old: run `INSTA_UPDATE=always cargo test`", path.display());
        expected.push(path);
    }
    let mut files: Vec<_> = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    expected.sort();
    assert_eq!(files, expected);
}

#[test]
fn every_schema_is_named_in_the_documentation() {
    let page = fs::read_to_string(folder().with_file_name("json.md")).unwrap();
    for named in SCHEMAS {
        assert!(
            page.contains(&format!("schemas/{}.json", named.name)),
            "{} is not in docs/json.md",
            named.name
        );
    }
}

/// A new command needs a line about its output.
#[test]
fn every_command_is_named_in_the_documentation() {
    let page = fs::read_to_string(folder().with_file_name("json.md")).unwrap();
    for command in Cli::command().get_subcommands().filter(|command| !command.is_hide_set()) {
        let name = command.get_name();
        let is_named = [format!("`{name}`"), format!("`{name} ")].iter().any(|words| page.contains(words));
        assert!(is_named, "`{name}` is not in docs/json.md");
    }
}

/// Events of a run that fails: it waits for a silent primary.
async fn events_of_a_failed_run(world: &World) -> Vec<Event> {
    let topology = topology("kind: replication");
    world.promote(&node(&topology, 2));
    let plan = plan(world, &topology, SWAP);
    let recorder = Recorder::new(world, None).silencing(node(&topology, 1), "hasten");
    let result = run_with(&recorder, world, &topology, &plan, Duration::from_secs(5)).await;
    result.expect_err("the primary is silent");
    let planned = Event::Planned { plan: Arc::new(plan) };
    [planned].into_iter().chain(recorder.events.into_inner().expect("nothing panicked")).collect()
}

#[tokio::test(start_paused = true)]
async fn every_event_is_a_line_as_its_schema_says() {
    let world = up(&topology("kind: replication")).await;
    let mut events = events_of_a_failed_run(&world).await;
    let step = events.iter().find_map(|event| match event {
        Event::StepStarted { step } => Some(*step),
        _ => None,
    });
    let progress =
        SlotProgress { slots: 1, all_slots: 3, keys: 10, all_keys: 30, took: Duration::from_secs(1) };
    let transfer = Transfer { subject: "a.redis".to_owned(), unit: TransferUnit::Keys, done: 1, total: 2 };
    events.extend([
        Event::Pulling { reference: "redis:8".to_owned(), done: 1, total: 2 },
        Event::Transfer(transfer),
        Event::Moving { step: step.unwrap(), progress },
        Event::Note(Note::PortTaken { port: 7001 }),
        Event::Warning(Warning::NeighbourTable {
            detail: "it is full".to_owned(),
            hint: "make it larger".to_owned(),
        }),
    ]);
    let mut lines = JsonLines::default();
    let lines = events.iter().filter_map(|event| lines.line(event));
    let seen: BTreeSet<String> =
        lines.map(|line| check_text("event", &line)["event"].as_str().unwrap().to_owned()).collect();
    let schema: Value = serde_json::from_str(include_str!("../../docs/schemas/event.json")).unwrap();
    let forms = schema["oneOf"].as_array().unwrap().iter();
    let known = forms.map(|form| form["properties"]["event"]["const"].as_str().unwrap().to_owned());
    assert_eq!(seen, known.collect());
}
