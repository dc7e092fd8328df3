//! Plays a case: one move after another on an engine in memory. After each undisturbed `up`, it checks the promises
//! of `up`.

use std::time::Duration;

use redisctl::topology::{NodeName, Topology};

use super::ledger::{Fault, Ledger};
use super::moves::{Accident, Case, Move, Pick};
use super::shape::Shape;
use crate::memory::World;
use crate::rig::{settle, topology_in};

mod drift;
mod up;

/// A running case.
struct Machine {
    world: World,
    /// The present spec of the user.
    wanted: Shape,
    /// The last spec that `up` accepted.
    accepted: Shape,
    topology: Topology,
    ledger: Ledger,
    /// Whether a move may have left keys that only a second primary or a stranger has.
    has_forked: bool,
    /// The real events, a line for each move.
    happened: Vec<String>,
}

/// Plays a case.
///
/// # Errors
/// The broken promise, and the events until then.
pub(super) async fn play(case: &Case) -> Result<(), String> {
    let world = World::new();
    let Ok(topology) = topology_in(&world, &case.shape.to_string()) else { return Ok(()) };
    let mut machine = Machine {
        world,
        wanted: case.shape.clone(),
        accepted: case.shape.clone(),
        topology,
        ledger: Ledger::default(),
        has_forked: false,
        happened: Vec::new(),
    };
    for one in case.moves.iter().chain([&Move::Up(Accident::None)]) {
        if let Err(wrong) = machine.play(*one).await {
            return Err(format!("{wrong}\nwhat happened:\n  {}", machine.happened.join("\n  ")));
        }
    }
    Ok(())
}

impl Machine {
    fn say(&mut self, what: impl Into<String>) {
        self.happened.push(what.into());
    }

    async fn play(&mut self, one: Move) -> Result<(), String> {
        match one {
            Move::Up(accident) => return self.up(accident).await,
            Move::Wait => {
                self.say("15 s go by");
                settle().await;
                self.ledger.note_primaries(&self.world);
            }
            Move::Write(shard) => self.write(shard).await,
            Move::Reshard(pick, keys) => self.reshard(pick, keys).await,
            Move::ReshardWithin(from, to, is_cut_off) => self.reshard_within(from, to, is_cut_off),
            Move::Change(change) => {
                let mut wanted = self.wanted.clone();
                wanted.change(change);
                if topology_in(&self.world, &wanted.to_string()).is_ok() {
                    self.say(format!("the spec is now {wanted}"));
                    self.wanted = wanted;
                }
            }
            Move::RotatePasswords => {
                self.say("passwords are rotated");
                self.world.rotate_passwords();
            }
            Move::Down => self.down(),
            Move::Stop(_) | Move::Remove(_) | Move::LoseData(_) | Move::Pause(_) | Move::LoseNetwork => {
                self.break_engine(one);
                self.ledger.fault(&self.world, Fault::Outage);
            }
            Move::Reset(_) | Move::DropSlots(_) | Move::Forget(..) | Move::RememberStranger(_) => {
                self.break_cluster(one);
                self.ledger.fault(&self.world, Fault::Outage);
            }
            Move::Vote => {
                // The servers must notice first that a server is down.
                settle().await;
                self.ledger.note_primaries(&self.world);
                self.say("the servers vote");
                self.world.vote();
                tokio::time::sleep(Duration::from_secs(1)).await;
                self.has_forked = true;
                self.ledger.fault(&self.world, Fault::OtherPrimary);
            }
            Move::Promote(_) | Move::Follow(..) | Move::TakeOver(_) => {
                self.swap_roles(one);
                // The servers need this time to notice it.
                tokio::time::sleep(Duration::from_secs(1)).await;
                self.has_forked = true;
                self.ledger.fault(&self.world, Fault::OtherPrimary);
            }
            Move::Configure(_) | Move::DeleteUser(_) | Move::AddUser(_) | Move::BlindSentinel(_) => {
                self.configure(one);
            }
        }
        Ok(())
    }

    /// An answering server, but not a sentinel.
    fn server(&self, pick: Pick) -> Option<NodeName> {
        picked(&self.world.answering(|process| process.sentinel.is_none()), pick)
    }

    fn container(&self, pick: Pick) -> Option<NodeName> {
        let containers: Vec<NodeName> = self.world.state().engine.containers.keys().cloned().collect();
        picked(&containers, pick)
    }
}

fn picked(names: &[NodeName], pick: Pick) -> Option<NodeName> {
    names.get(usize::from(pick) % names.len().max(1)).cloned()
}
