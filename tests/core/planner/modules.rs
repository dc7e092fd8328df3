//! Plans for deployments whose servers load modules.

use redisctl::observation::{NeededModules, Observation};
use redisctl::plan::Obstacle;
use redisctl::planner;
use redisctl::topology::Credentials;
use redisctl::topology::files::{File, render};

use super::*;

#[tokio::test(start_paused = true)]
async fn another_list_of_modules_comes_node_by_node() {
    let to = "{kind: replication, modules: [/a.so, {path: /lib/b.so, args: [x]}]}";
    let plans = changed_without_loss(REPLICATION, to).await;
    let lines: Vec<&str> = plans.lines().filter(|line| line.contains("create container")).collect();
    assert_eq!(lines.len(), 2, "{plans}");
    for line in lines {
        assert!(line.contains(", modules a.so, b.so  # spec changed: modules"), "{plans}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_module_that_goes_leaves_no_command_in_the_append_only_file() {
    let from = "{kind: replication, data: volume, modules: [/a.so, /b.so]}";
    let plans = changed_without_loss(from, "{kind: replication, data: volume, modules: [/b.so]}").await;
    assert_eq!(plans.matches("rewrite its append-only file").count(), 2, "{plans}");
    let plans =
        changed_without_loss(from, "{kind: replication, data: volume, modules: [/a.so, /b.so, /c.so]}").await;
    assert_eq!(plans.matches("rewrite its append-only file").count(), 0, "{plans}");
}

#[tokio::test(start_paused = true)]
async fn data_that_needs_a_module_is_not_given_up_without_a_word() {
    let before = topology("{kind: standalone, data: volume, modules: [/a.so]}");
    let world = up(&before).await;
    let after = topology("{kind: standalone, data: volume}");
    let needed = NeededModules {
        node: before.shards[0].primary.name.clone(),
        modules: vec!["a.so".to_owned()],
        words: "I can't load it".to_owned(),
    };
    let observed = Observation { needed_modules: Some(needed.clone()), ..world.observe(&after) };
    let refused = planner::plan(&after, &observed, Options::default());
    assert_eq!(refused.err(), Some(vec![Obstacle::NeededModules(needed.clone())]));
    let anew = Options { recreate: true, ..Options::default() };
    let plan = planner::plan(&after, &observed, anew).expect("a plan").to_string();
    assert!(plan.contains("remove volume"), "{plan}");
    // Once the containers have the new modules, the former data is no obstacle.
    let observed = Observation { needed_modules: Some(needed), ..world.observe(&before) };
    assert!(planner::plan(&before, &observed, Options::default()).is_ok());
}

#[test]
fn every_server_loads_the_modules_and_no_sentinel_does() {
    let plan = new_plan("{kind: sentinel, modules: [/a.so]}", SWAP);
    let with_modules = plan.lines().filter(|line| line.ends_with("modules a.so  # not found")).count();
    assert_eq!(with_modules, 2, "{plan}");
    let topology = topology("{kind: sentinel, modules: [{path: /a.so, args: ['x y', 5]}]}");
    let nodes: Vec<_> = topology.nodes().into_iter().map(|node| node.name.clone()).collect();
    let files = render(&topology, &Credentials::default(), &nodes, None);
    let loads = |file: &File| match file {
        File::Content { path, text } if path.ends_with("server.conf") => {
            Some(text.expose().lines().any(|line| line == r#"loadmodule "/a.so" "x y" "5""#))
        }
        _ => None,
    };
    let loads: Vec<bool> = files.iter().filter_map(loads).collect();
    assert_eq!(loads.iter().filter(|loads| **loads).count(), 2, "{loads:?}");
}
