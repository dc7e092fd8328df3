//! Plans for deployments whose servers load modules.

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
