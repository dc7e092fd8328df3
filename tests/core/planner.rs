//! Plans as text, for new deployments and for deployments with drift. Following a plan must repair the deployment.

use insta::assert_snapshot;
use redisctl::planner::Options;
use redisctl::topology::{Kind, SlotSet, Topology};

use crate::memory::World;
use crate::rig::{
    DISCARD, PLAIN, RESET, SWAP, assert_ready, changed, converge, is_between_primaries, node, obstacles,
    plan, primary_of, run, run_and_stop, settle, topology, up,
};

mod at_stake;
mod changed;
mod counts;
mod drifted;
mod engines;
mod estranged;
mod in_short;
mod kept_data;
mod migrations;
mod modules;
mod moved_image;
mod moved_slots;
mod new;
mod on_purpose;
mod own_image;
mod reset;
mod sentinel;
mod unformed;

const CLUSTER: &str = "kind: cluster";
const REPLICATION: &str = "kind: replication";

fn new_plan(yaml: &str, options: Options) -> String {
    plan(&World::new(), &topology(yaml), options).to_string()
}

/// The plans of a drifted deployment, until the plan is empty.
async fn repair(world: &World, topology: &Topology) -> String {
    let plans = converge(world, topology, SWAP).await;
    settle().await;
    assert_ready(world, topology);
    plans.iter().map(ToString::to_string).collect()
}

/// Writes keys to every primary before a change, and expects all of them after it.
async fn changed_without_loss(from: &str, to: &str) -> String {
    let before = topology(from);
    let world = up(&before).await;
    for shard in &before.shards {
        world.put_keys(&shard.primary.name, 100);
    }
    settle().await;
    let after = topology(to);
    let plans = repair(&world, &after).await;
    for shard in &after.shards {
        assert_eq!(world.keys(&primary_of(&world, shard)), 100, "{plans}");
    }
    plans
}
