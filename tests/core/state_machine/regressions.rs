//! Cases that failed once, in a few moves each.

use super::machine::play;
use super::moves::Move::{Change as Changed, Remove, Up};
use super::moves::{Accident, Case, Move};
use super::shape::{Auth, Change, Image, Shape};

/// The plainest spec of a kind.
fn plain(kind: &'static str) -> Shape {
    Shape {
        kind,
        shards: 1,
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

/// Plays a case; it must not fail.
async fn holds(shape: Shape, moves: &[Move]) {
    let case = Case { shape, moves: moves.to_vec() };
    if let Err(wrong) = play(&case).await {
        panic!("{case:?}\n{wrong}");
    }
}

/// Up, with nothing to disturb it.
const UP: Move = Up(Accident::None);

#[tokio::test(start_paused = true)]
#[ignore = "fault: the plan waits for an old replica that cannot link to a newer primary"]
async fn sentinels_are_replaced_though_an_old_replica_has_no_link() {
    let before = Shape { image: Image::Redis70, ..plain("sentinel") };
    holds(before, &[UP, Changed(Change::Image(Image::Redis80)), Remove(1)]).await;
}
