//! Cases that failed once, as short lists of moves.

use super::machine::play;
use super::moves::Move::{
    Change as Changed, Down, Forget, LoseData, LoseNetwork, Pause, RememberStranger, Remove, Reset, Reshard,
    Stop, TakeOver, Up, Wait, Write,
};
use super::moves::{Accident, Case, Move};
use super::shape::{Auth, Change, Image, Shape};

/// The simplest spec of a kind.
fn plain(kind: &'static str) -> Shape {
    Shape {
        kind,
        shards: 1,
        uneven: None,
        replicas: 1,
        sentinels: 1,
        volume: false,
        in_network: false,
        image: Image::Redis80,
        auth: Auth::Off,
        memory: None,
        maxmemory: None,
        databases: None,
    }
}

/// Plays a case. It must not fail.
async fn holds(shape: Shape, moves: &[Move]) {
    let case = Case { shape, moves: moves.to_vec() };
    if let Err(wrong) = play(&case).await {
        panic!("{case:?}\n{wrong}");
    }
}

/// An undisturbed `up`.
const UP: Move = Up(Accident::None);

#[tokio::test(start_paused = true)]
async fn sentinels_are_replaced_though_an_old_replica_has_no_link() {
    let before = Shape { image: Image::Redis70, ..plain("sentinel") };
    holds(before, &[UP, Changed(Change::Image(Image::Redis80)), Remove(1)]).await;
}

#[tokio::test(start_paused = true)]
async fn the_last_replica_that_leaves_gives_its_keys_to_a_primary_that_is_down() {
    let without_replicas = Changed(Change::Replicas(0));
    holds(plain("replication"), &[UP, Write(0), without_replicas, Stop(0)]).await;
    holds(plain("cluster"), &[UP, Write(0), without_replicas, Stop(0)]).await;
}

#[tokio::test(start_paused = true)]
async fn a_primary_that_leaves_outweighs_an_outdated_claim_of_a_node_that_stays() {
    holds(plain("cluster"), &[UP, Stop(0), TakeOver(0), Changed(Change::Replicas(0)), Write(0)]).await;
}

#[tokio::test(start_paused = true)]
async fn a_replica_has_the_keys_of_a_primary_that_ended_together_with_the_sentinels() {
    let in_network = Shape { in_network: true, ..plain("sentinel") };
    holds(in_network, &[UP, Write(0), Stop(0), Stop(2)]).await;
}

#[tokio::test(start_paused = true)]
async fn a_paused_container_that_has_lost_its_namespace_joins_the_new_one() {
    holds(plain("sentinel"), &[UP, Stop(0), Pause(1)]).await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_awaited_of_a_cluster_whose_slots_went_with_somebodys_server() {
    let alone = Shape { replicas: 0, volume: true, ..plain("cluster") };
    holds(alone, &[UP, Reshard(0, 0), Down]).await;
    let with_replica = Shape { volume: true, ..plain("cluster") };
    holds(with_replica, &[UP, Reshard(0, 4), Down]).await;
    let with_replicas = Shape { replicas: 2, ..plain("cluster") };
    holds(with_replicas, &[UP, Reshard(0, 4), LoseNetwork, LoseData(1)]).await;
}

#[tokio::test(start_paused = true)]
async fn a_replica_is_replaced_first_that_cannot_read_copies_of_the_new_primary() {
    let before = Shape { replicas: 2, image: Image::Redis70, ..plain("cluster") };
    holds(before, &[UP, Remove(1), Changed(Change::Image(Image::Redis72)), Reset(0)]).await;
}

#[tokio::test(start_paused = true)]
async fn somebodys_server_without_keys_stays_forgotten() {
    let before = Shape { replicas: 2, image: Image::Redis70, ..plain("cluster") };
    holds(before, &[UP, Remove(1), Changed(Change::Image(Image::Redis72)), Reshard(0, 0)]).await;
    let alone = Shape { shards: 3, replicas: 0, ..plain("cluster") };
    holds(alone, &[UP, Reshard(0, 0), Forget(0, 1)]).await;
}

#[tokio::test(start_paused = true)]
async fn an_outdated_claim_of_slots_that_somebodys_server_has_is_no_obstacle() {
    holds(plain("cluster"), &[UP, Stop(0), TakeOver(0), Wait, Reshard(0, 0)]).await;
}

#[tokio::test(start_paused = true)]
async fn a_lone_node_that_forgets_a_stranger_gets_its_epoch_at_once() {
    holds(Shape { replicas: 0, ..plain("cluster") }, &[UP, Reset(0), RememberStranger(0)]).await;
}

#[tokio::test(start_paused = true)]
async fn files_that_a_failed_run_did_not_write_are_written() {
    let volumes = Shape { volume: true, ..plain("cluster") };
    holds(volumes, &[UP, Changed(Change::Databases(Some(32))), Up(Accident::CallFails(1))]).await;
}

#[tokio::test(start_paused = true)]
async fn a_stranger_that_comes_in_during_a_replacement_is_left_alone() {
    let alone = Shape { shards: 2, replicas: 0, volume: true, ..plain("cluster") };
    holds(alone, &[UP, Stop(0), Changed(Change::Memory(Some(128))), Reshard(0, 4), Reset(0)]).await;
}

#[tokio::test(start_paused = true)]
async fn a_first_up_with_users_that_was_killed_lets_a_spec_without_users_in() {
    for kind in ["replication", "sentinel", "cluster"] {
        for steps in 1..16 {
            let with_users = Shape { auth: Auth::Users, ..plain(kind) };
            holds(with_users, &[Up(Accident::Killed(steps)), Changed(Change::Auth(Auth::Off))]).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_stranger_that_is_down_and_unknown_to_a_node_is_not_awaited() {
    let two_alone = Shape { shards: 2, replicas: 0, volume: true, ..plain("cluster") };
    holds(two_alone, &[UP, Stop(0), Reshard(0, 4), Down]).await;
}

#[tokio::test(start_paused = true)]
async fn a_replica_of_a_primary_that_leaves_logs_in_as_a_new_user() {
    let (auth, alone) = (Changed(Change::Auth(Auth::OwnUsersOnly)), Changed(Change::Replicas(0)));
    holds(plain("cluster"), &[UP, auth, TakeOver(5), alone]).await;
}

#[tokio::test(start_paused = true)]
async fn replicas_have_the_keys_of_a_primary_that_lost_its_volume() {
    for kind in ["sentinel", "replication", "cluster"] {
        let volumes = Shape { replicas: 2, volume: true, ..plain(kind) };
        let lost = if kind == "sentinel" { LoseData(1) } else { LoseData(0) };
        holds(volumes, &[UP, Write(0), lost]).await;
    }
}
