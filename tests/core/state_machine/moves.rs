//! The moves of a case, as plain data. Each move prints as a line. A part of a list of moves is a valid case, too.
//!
//! Moves name nodes by number. A move that is impossible (its node does not run, or the kind does not have its
//! object) is skipped. So a failing case can lose any of its moves.

use std::fmt;

use proptest::prelude::*;

use super::shape::{Change, Shape, any_change, any_shape};

/// A node by number, modulo the number of nodes.
pub(super) type Pick = u8;

/// A move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Move {
    /// A client writes keys to the primary of a shard.
    Write(Pick),
    /// 15 s pass.
    Wait,
    /// `docker stop`.
    Stop(Pick),
    /// `docker rm -f`.
    Remove(Pick),
    /// `docker rm -f`, and `docker volume rm` of the node's data.
    LoseData(Pick),
    /// `docker pause`.
    Pause(Pick),
    /// The network is removed; every container is disconnected.
    LoseNetwork,
    /// Every failover that is due by vote.
    Vote,
    /// CONFIG SET of a directive that the spec does not have.
    Configure(Pick),
    /// The user of replicas is deleted on a server.
    DeleteUser(Pick),
    /// A user is added to a server.
    AddUser(Pick),
    /// REPLICAOF NO ONE.
    Promote(Pick),
    /// REPLICAOF another node.
    Follow(Pick, Pick),
    /// CLUSTER DELSLOTS of some slots.
    DropSlots(Pick),
    /// CLUSTER FAILOVER TAKEOVER.
    TakeOver(Pick),
    /// CLUSTER FORGET.
    Forget(Pick, Pick),
    /// FLUSHALL and CLUSTER RESET HARD.
    Reset(Pick),
    /// A client writes this number of keys. A stranger joins the cluster and gets the third of a primary's slots that
    /// has the keys.
    Reshard(Pick, u8),
    /// `redis-cli --cluster reshard` of a third of a primary's slots to another primary of the deployment. With
    /// `true`, it is cut off.
    ReshardWithin(Pick, Pick, bool),
    /// A node still knows a node that is gone.
    RememberStranger(Pick),
    /// A sentinel forgets its primary.
    BlindSentinel(Pick),
    /// The spec is changed.
    Change(Change),
    /// Other passwords are written into the spec.
    RotatePasswords,
    /// `redisctl up`.
    Up(Accident),
    /// `redisctl down`.
    Down,
}

/// An event during `up`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Accident {
    None,
    /// The process is killed after this number of steps.
    Killed(u8),
    /// A call fails.
    CallFails(u8),
    /// The servers vote after this number of steps.
    Vote(u8),
    /// A container stops after this number of steps.
    Stop(u8, Pick),
    /// A node is silent for 14 s, after this number of steps.
    Silence(u8, Pick),
}

/// A spec, and moves. A case ends with an undisturbed `up`.
#[derive(Clone)]
pub(super) struct Case {
    pub(super) shape: Shape,
    pub(super) moves: Vec<Move>,
}

impl fmt::Debug for Case {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "\n    {}", self.shape)?;
        for one in &self.moves {
            write!(formatter, "\n    {one:?}")?;
        }
        Ok(())
    }
}

fn any_accident() -> impl Strategy<Value = Accident> {
    let steps = || 1_u8..60;
    prop_oneof![
        4 => Just(Accident::None),
        4 => steps().prop_map(Accident::Killed),
        2 => steps().prop_map(Accident::CallFails),
        1 => steps().prop_map(Accident::Vote),
        1 => (steps(), any::<u8>()).prop_map(|(after, node)| Accident::Stop(after, node)),
        1 => (steps(), any::<u8>()).prop_map(|(after, node)| Accident::Silence(after, node)),
    ]
}

fn any_move() -> impl Strategy<Value = Move> {
    let node = || 0_u8..12;
    prop_oneof![
        5 => node().prop_map(Move::Write),
        3 => Just(Move::Wait),
        3 => node().prop_map(Move::Stop),
        3 => node().prop_map(Move::Remove),
        1 => node().prop_map(Move::LoseData),
        1 => node().prop_map(Move::Pause),
        1 => Just(Move::LoseNetwork),
        4 => Just(Move::Vote),
        1 => node().prop_map(Move::Configure),
        1 => node().prop_map(Move::DeleteUser),
        1 => node().prop_map(Move::AddUser),
        1 => node().prop_map(Move::Promote),
        1 => (node(), node()).prop_map(|(one, other)| Move::Follow(one, other)),
        1 => node().prop_map(Move::DropSlots),
        2 => node().prop_map(Move::TakeOver),
        1 => (node(), node()).prop_map(|(one, other)| Move::Forget(one, other)),
        1 => node().prop_map(Move::Reset),
        1 => (node(), prop::sample::select(vec![4_u8, 4, 4, 0])).prop_map(|(from, keys)| Move::Reshard(from, keys)),
        2 => (node(), node(), any::<bool>()).prop_map(|(from, to, cut)| Move::ReshardWithin(from, to, cut)),
        1 => node().prop_map(Move::RememberStranger),
        1 => node().prop_map(Move::BlindSentinel),
        8 => any_change().prop_map(Move::Change),
        1 => Just(Move::RotatePasswords),
        8 => any_accident().prop_map(Move::Up),
        1 => Just(Move::Down),
    ]
}

/// Any case. Most begin with a complete `up`, because few moves are possible without a deployment.
pub(super) fn any_case() -> impl Strategy<Value = Case> {
    let first = prop_oneof![3 => Just(Accident::None), 1 => any_accident()];
    (any_shape(), first, prop::collection::vec(any_move(), 1..10)).prop_map(|(shape, first, rest)| {
        let mut moves = vec![Move::Up(first)];
        moves.extend(rest);
        Case { shape, moves }
    })
}
