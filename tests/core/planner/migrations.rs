//! Plans for clusters of Valkey 9 with running atomic migrations.

use redisctl::plan::{Action, Plan, ServerAction};
use redisctl::topology::server::MoveWay;

use super::*;

const VALKEY: &str = "{kind: cluster, replicas: 0, image: 'valkey/valkey:9.0'}";

/// The ways of all moves of slots.
fn ways(plan: &Plan) -> Vec<MoveWay> {
    let way = |action: &Action| match action {
        Action::Server(ServerAction::MoveSlots { way, .. }) => Some(*way),
        _ => None,
    };
    plan.steps().filter_map(|step| way(&step.action)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_migration_against_the_spec_is_cancelled() {
    let topology = topology(VALKEY);
    let world = up(&topology).await;
    let [first, second] = [1, 2].map(|number| node(&topology, number));
    world.begin_migration(&first, &second, &(0..100).collect());
    assert_snapshot!(repair(&world, &topology).await, @"
    shop: 1 change in 1 stage
    close slots
      shop-1  cancel its migrations of slots  # open slots
    then plan again: the answers of the servers decide the further steps
    ");
}

#[tokio::test(start_paused = true)]
async fn a_migration_of_an_earlier_run_is_joined() {
    let topology = topology(VALKEY);
    let world = up(&topology).await;
    let [first, second] = [1, 2].map(|number| node(&topology, number));
    let slots: SlotSet = (0..100).collect();
    assert!(world.reshard(&first, &second, &slots));
    settle().await;
    world.begin_migration(&second, &first, &(0..40).collect());
    let plans = repair(&world, &topology).await;
    assert!(plans.contains("shop-2  move 100 slots to shop-1"), "{plans}");
    assert!(!plans.contains("cancel"), "{plans}");
}

#[tokio::test(start_paused = true)]
async fn a_cluster_with_several_databases_moves_slots_by_hand() {
    for (databases, atomic) in [(1, true), (4, false)] {
        let spec = |shards: u8| {
            let config = format!("config: {{cluster-databases: '{databases}'}}");
            topology(&format!(
                "{{kind: cluster, shards: {shards}, replicas: 0, image: 'valkey/valkey:9.0', {config}}}"
            ))
        };
        let world = up(&spec(2)).await;
        let after = spec(3);
        let plans = converge(&world, &after, SWAP).await;
        let ways: Vec<bool> = plans.iter().flat_map(ways).map(|way| way.atomic).collect();
        assert_eq!(ways, [atomic; 2], "{databases} databases");
    }
}
