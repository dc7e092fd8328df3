//! Frames as text, at usual and narrow sizes.

use std::collections::BTreeMap;

use super::*;
use crate::status::{Counters, DeploymentState, Link, Look, Role, Sample, StatusView};
use crate::topology::NodeName;
use crate::ui::status::tests::{healthy, topology};

const PLAIN: bool = false;

/// A sample after so many seconds, in which each server has executed `rate` commands per second.
fn sample(status: &StatusView, seconds: u64, rate: u64) -> Look {
    let answering = status.nodes.iter().filter(|node| node.condition == NodeCondition::Answering);
    let counters = answering.map(|node| {
        let counters = if node.role == Role::Sentinel {
            Counters::default()
        } else {
            Counters { operations: Some(seconds * rate), clients: Some(3) }
        };
        (node.name.clone(), counters)
    });
    let (taken, counters) = (Duration::from_secs(seconds), counters.collect::<BTreeMap<NodeName, _>>());
    Look::Seen(Box::new(Sample { taken, status: status.clone(), counters }))
}

/// A watch that has seen these states, one per second.
fn watched(states: &[&StatusView]) -> LiveStatus {
    let mut live = LiveStatus::new("shop");
    for (second, status) in (0..).zip(states) {
        live.note(sample(status, second, 1200), Duration::from_secs(second));
    }
    live
}

fn text(live: &LiveStatus, width: usize, height: usize) -> String {
    let lines = frame(live, Duration::from_secs(5), Palette::new(PLAIN), width, height);
    assert!(lines.len() <= height, "{lines:#?}");
    assert!(lines.iter().all(|line| measure_text_width(line) <= width), "{lines:#?}");
    let coloured = frame(live, Duration::from_secs(5), Palette::new(true), width, height);
    assert_eq!(console::strip_ansi_codes(&coloured.join("\n")), lines.join("\n"), "colours change the text");
    lines.join("\n")
}

fn node(status: &mut StatusView, number: usize) -> &mut NodeStatus {
    &mut status.nodes[number - 1]
}

/// A cluster whose first primary has ended, before and after its replica took over.
fn failover() -> (StatusView, StatusView, StatusView) {
    let before = healthy(&topology("kind: cluster"));
    let mut killed = before.clone();
    killed.state = DeploymentState::Degraded;
    killed.problems = vec!["shop-1 has ended".to_owned(), "shop-4 has no link to shop-1".to_owned()];
    let first = node(&mut killed, 1);
    (first.condition, first.memory, first.keys) = (NodeCondition::Exited, None, None);
    first.slots.clear();
    (node(&mut killed, 4).link, node(&mut killed, 4).lag) = (Some(Link::Down), None);
    let mut taken_over = killed.clone();
    taken_over.problems.truncate(1);
    node(&mut taken_over, 1).role = Role::Replica;
    let successor = node(&mut taken_over, 4);
    (successor.role, successor.primary, successor.link) = (Role::Primary, None, None);
    successor.slots = before.nodes[0].slots.clone();
    (before, killed, taken_over)
}

#[test]
fn a_cluster_in_a_usual_terminal() {
    let cluster = healthy(&topology("kind: cluster"));
    insta::assert_snapshot!(text(&watched(&[&cluster, &cluster]), 80, 24));
}

#[test]
fn a_cluster_in_a_narrow_terminal() {
    let cluster = healthy(&topology("kind: cluster"));
    insta::assert_snapshot!(text(&watched(&[&cluster, &cluster]), 40, 10));
}

#[test]
fn a_failover() {
    let (before, killed, taken_over) = failover();
    insta::assert_snapshot!(text(&watched(&[&before, &killed]), 80, 24));
    let live = watched(&[&before, &before, &killed, &taken_over]);
    insta::assert_snapshot!(text(&live, 80, 24));
    insta::assert_snapshot!(text(&live, 40, 10));
}

#[test]
fn slots_on_their_way() {
    let before = healthy(&topology("kind: cluster\nreplicas: 0"));
    let mut later = before.clone();
    (node(&mut later, 1).slots, node(&mut later, 2).slots) =
        (vec![[100, 5460]], vec![[0, 99], [5461, 10922]]);
    let mut last = later.clone();
    (node(&mut last, 1).slots, node(&mut last, 2).slots) =
        (vec![[2000, 5460]], vec![[0, 1999], [5461, 10922]]);
    let live = watched(&[&before, &later, &last]);
    insta::assert_snapshot!(text(&live, 100, 24));
}

#[test]
fn more_nodes_than_lines() {
    let mut cluster = healthy(&topology("kind: cluster\nshards: 10"));
    insta::assert_snapshot!(text(&watched(&[&cluster]), 80, 8));
    cluster.state = DeploymentState::Degraded;
    cluster.problems = vec!["shop-20 is paused".to_owned()];
    node(&mut cluster, 20).condition = NodeCondition::Paused;
    insta::assert_snapshot!(text(&watched(&[&cluster]), 80, 8));
}

#[test]
fn a_replication_with_lag() {
    let mut status = healthy(&topology("kind: replication\nreplicas: 2"));
    node(&mut status, 2).lag = Some(2_500_000);
    (node(&mut status, 3).link, node(&mut status, 3).lag) = (Some(Link::Down), None);
    insta::assert_snapshot!(text(&watched(&[&status, &status]), 80, 24));
    insta::assert_snapshot!(text(&watched(&[&status, &status]), 40, 24));
}

#[test]
fn a_standalone_server() {
    let status = healthy(&topology("kind: standalone"));
    insta::assert_snapshot!(text(&watched(&[&status, &status]), 80, 24));
}

#[test]
fn a_deployment_that_goes_and_comes_back() {
    let status = healthy(&topology("kind: replication"));
    let mut live = watched(&[&status]);
    live.note(
        Look::Unseen("the engine does not answer: connection refused".to_owned()),
        Duration::from_secs(1),
    );
    insta::assert_snapshot!(text(&live, 80, 24));
    live.note(Look::Gone, Duration::from_secs(2));
    insta::assert_snapshot!(text(&live, 80, 24));
    live.note(sample(&status, 3, 7), Duration::from_secs(3));
    insta::assert_snapshot!(text(&live, 80, 24));
}

#[test]
fn every_size_has_a_frame() {
    let (before, killed, taken_over) = failover();
    let live = watched(&[&before, &killed, &taken_over]);
    for width in 1..120 {
        for height in 1..20 {
            text(&live, width, height);
        }
    }
}

#[test]
fn lines_of_a_shard_stay_together_and_in_their_places() {
    let (before, killed, taken_over) = failover();
    for states in [[&before, &killed, &taken_over], [&taken_over, &taken_over, &before]] {
        let names: Vec<String> = watched(&states).nodes().iter().map(|node| node.name.to_string()).collect();
        assert_eq!(names.len(), 6);
        assert_eq!(
            names.iter().position(|name| name == "shop-5").unwrap(),
            1 + names.iter().position(|name| name == "shop-2").unwrap()
        );
    }
    let order = |states: &[&StatusView]| -> Vec<String> {
        watched(states).nodes().iter().map(|node| node.name.to_string()).collect()
    };
    assert_eq!(order(&[&before]), ["shop-1", "shop-4", "shop-2", "shop-5", "shop-3", "shop-6"]);
    assert_eq!(order(&[&before]), order(&[&before, &killed, &taken_over]));
}
