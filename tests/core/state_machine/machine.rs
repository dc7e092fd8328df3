//! Plays a case: one move after another on an engine in memory, and after each `up` that nothing disturbed, asks whether
//! it did what it promises.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redisctl::topology::container::containers;
use redisctl::topology::users::{DEFAULT, REPLICATION};
use redisctl::topology::{Address, NodeName, SlotSet, Topology};

use super::ledger::{Fault, Ledger, primaries};
use super::moves::{Accident, Case, Move, Pick};
use super::shape::Shape;
use crate::memory::World;
use crate::rig::{DISCARD, Recorder, SWAP, UpFailure, settle, topology_in, try_plan, try_up, what_is_wrong};

/// For how long a node is not heard: longer than a wait takes to think again.
const SILENCE: Duration = Duration::from_secs(14);

/// How many keys a client writes at a time.
const KEYS: u64 = 5;

/// A case while it is played.
struct Machine {
    world: World,
    /// The spec as the person has it now.
    wanted: Shape,
    /// The last spec that `up` accepted.
    accepted: Shape,
    topology: Topology,
    ledger: Ledger,
    /// Whether a move may have left keys that only a second primary or somebody else's server has.
    has_forked: bool,
    /// What really happened, a line for each move.
    happened: Vec<String>,
}

/// Plays a case.
///
/// # Errors
/// What did not hold, and what had happened until then.
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
                // Those that are down are noticed first.
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
                // Until the servers know of it.
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

    /// One of the servers that answer, sentinels left out.
    fn server(&self, pick: Pick) -> Option<NodeName> {
        picked(&self.world.answering(|process| process.sentinel.is_none()), pick)
    }

    fn container(&self, pick: Pick) -> Option<NodeName> {
        let containers: Vec<NodeName> = self.world.state().engine.containers.keys().cloned().collect();
        picked(&containers, pick)
    }

    async fn write(&mut self, shard: Pick) {
        let shards = &self.topology.shards;
        let slot = shards[usize::from(shard) % shards.len()].slots.slots().next().unwrap_or_default();
        let primaries = primaries(&self.world, slot);
        let [primary] = primaries.as_slice() else { return };
        if !self.world.takes_writes(primary) {
            return;
        }
        self.say(format!("a client writes to {primary}"));
        self.ledger.wrote(self.world.write_keys(primary, KEYS));
        // Until its replicas have the keys.
        tokio::time::sleep(Duration::from_secs(1)).await;
        self.ledger.note_primaries(&self.world);
    }

    /// Somebody's server gets slots of a primary, if there is none yet.
    async fn reshard(&mut self, pick: Pick, keys: u8) {
        let owners = self.world.answering(|process| {
            process.cluster.as_ref().is_some_and(|cluster| cluster.ok && !cluster.own().slots.is_empty())
        });
        let Some(from) = picked(&owners, pick).filter(|_| self.world.state().strangers.is_empty()) else {
            return;
        };
        let stranger = Address { ip: [172, 30, 0, 77].into(), port: 6379 };
        let slots = self.world.slots(&from);
        let slots: SlotSet = slots.slots().take(slots.len() / 3).collect();
        self.say(format!("{from} gives slots {slots} with {keys} new keys to somebody's server"));
        self.ledger.wrote(self.world.write_keys_in(&from, keys.into(), &slots));
        self.world.reshard_to_a_stranger(&from, stranger, &slots).await;
        self.has_forked = true;
        self.ledger.fault(&self.world, Fault::Outage);
    }

    fn break_engine(&mut self, one: Move) {
        let world = &self.world;
        let what = match one {
            Move::LoseNetwork => {
                world.lose_network();
                "the network is removed".to_owned()
            }
            Move::Stop(pick) | Move::Remove(pick) | Move::LoseData(pick) | Move::Pause(pick) => {
                let Some(name) = self.container(pick) else { return };
                match one {
                    Move::Stop(_) | Move::Pause(_) if !world.runs(&name) => return,
                    Move::Stop(_) => {
                        world.stop_container(&name);
                        format!("{name} is stopped")
                    }
                    Move::Remove(_) => {
                        world.remove_container(&name);
                        format!("{name} is removed")
                    }
                    Move::LoseData(_) => {
                        world.lose_data(&name);
                        format!("{name} is removed with its data volume")
                    }
                    _ => {
                        world.pause(&name);
                        format!("{name} is paused")
                    }
                }
            }
            _ => return,
        };
        self.say(what);
    }

    fn break_cluster(&mut self, one: Move) {
        let world = &self.world;
        if world.answering(|process| process.cluster.is_some()).is_empty() {
            return;
        }
        let what = match one {
            Move::Reset(pick) => {
                let Some(name) = self.server(pick) else { return };
                world.flush_and_reset(&name);
                format!("{name} is flushed and reset")
            }
            Move::DropSlots(pick) => {
                let Some(name) = self.server(pick) else { return };
                let slots: SlotSet = (0..16384).step_by(999).collect();
                world.drop_slots(&name, &slots);
                format!("{name} drops slots {slots}")
            }
            Move::Forget(pick, other) => {
                let (Some(name), Some(other)) = (self.server(pick), self.server(other)) else { return };
                if !world.try_forget(&name, &other) {
                    return;
                }
                format!("{name} forgets {other}")
            }
            Move::RememberStranger(pick) => {
                let Some(name) = self.server(pick) else { return };
                world.remember_a_stranger(&name);
                format!("{name} remembers a stranger")
            }
            _ => return,
        };
        self.say(what);
    }

    fn swap_roles(&mut self, one: Move) {
        let world = &self.world;
        let is_cluster = !world.answering(|process| process.cluster.is_some()).is_empty();
        let what = match one {
            Move::TakeOver(pick) if is_cluster => {
                let Some(name) = self.server(pick) else { return };
                if !world.is_replica(&name) {
                    return;
                }
                world.take_over(&name);
                format!("{name} takes over")
            }
            Move::Promote(pick) if !is_cluster => {
                let Some(name) = self.server(pick) else { return };
                world.promote(&name);
                format!("{name} is promoted")
            }
            Move::Follow(pick, other) if !is_cluster => {
                let (Some(name), Some(other)) = (self.server(pick), self.server(other)) else { return };
                if name == other {
                    return;
                }
                world.follow(&name, &other);
                format!("{name} is told to follow {other}")
            }
            _ => return,
        };
        self.say(what);
    }

    fn configure(&mut self, one: Move) {
        let world = &self.world;
        let (Move::Configure(pick)
        | Move::DeleteUser(pick)
        | Move::AddUser(pick)
        | Move::BlindSentinel(pick)) = one
        else {
            return;
        };
        let what = if let Move::BlindSentinel(_) = one {
            let sentinels = world.answering(|process| process.sentinel.is_some());
            let Some(name) = picked(&sentinels, pick) else { return };
            world.with_sentinel(&name, |sentinel| sentinel.primary = None);
            format!("{name} watches nothing")
        } else {
            let Some(name) = self.server(pick) else { return };
            match one {
                Move::Configure(_) => world.configure(&name, "repl-diskless-sync-delay", "7"),
                Move::DeleteUser(_) => world.delete_user(&name, REPLICATION),
                _ => world.set_user(&name, "guest", &["on", "nopass", "~*", "+get"]),
            }
            format!("{name}: {one:?}")
        };
        self.say(what);
    }

    fn down(&mut self) {
        self.say("down");
        self.world.take_all_down();
        self.ledger.down(&self.world);
        if !self.accepted.volume {
            self.ledger.clear();
        }
    }

    /// Resolves the spec for what there is now, and asks whether `up` would refuse it.
    fn resolve(&mut self) -> Result<(), String> {
        self.topology = topology_in(&self.world, &self.wanted.to_string())?;
        match try_plan(&self.world, &self.topology, SWAP) {
            Ok(_) => Ok(()),
            Err(obstacles) => Err(obstacles.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")),
        }
    }

    async fn up(&mut self, accident: Accident) -> Result<(), String> {
        if self.world.state().engine.containers.is_empty() {
            // What is stored can be read through a container only, so that `up` cannot know that the spec does not fit
            // the data volumes.
            (self.wanted.shards, self.wanted.volume) = (self.accepted.shards, self.accepted.volume);
        }
        if let Err(refusal) = self.resolve()
            && self.wanted != self.accepted
        {
            self.say(format!("refused: {refusal}"));
            self.wanted = self.accepted.clone();
            self.resolve().ok();
        }
        self.accepted = self.wanted.clone();
        self.say(format!(
            "up{}",
            if accident == Accident::None { String::new() } else { format!(", {accident:?}") }
        ));
        let is_over = match accident {
            Accident::None => true,
            Accident::Killed(steps) => self.up_until_killed(usize::from(steps)).await?,
            Accident::CallFails(call) => self.up_with_failing_call(usize::from(call)).await?,
            Accident::Vote(_) | Accident::Stop(..) | Accident::Silence(..) => {
                self.up_disturbed(accident).await?
            }
        };
        if !is_over {
            self.ledger.fault(&self.world, Fault::Outage);
            return Ok(());
        }
        // Where the accident came too late, the same `up` has come to its end, and another has nothing to do.
        let quiet = || Recorder::new(&self.world, None);
        let plans = try_up(&self.world, &self.topology, SWAP, &quiet()).await;
        let plans = plans.map_err(|failure| format!("up failed: {}", text(failure)))?;
        let mut plans: String = plans.iter().map(ToString::to_string).collect();
        if self.holds_back(&plans)? {
            let more = try_up(&self.world, &self.topology, DISCARD, &quiet()).await;
            let more = more.map_err(|failure| format!("up --discard-keys failed: {}", text(failure)))?;
            self.happened.push("up --discard-keys".to_owned());
            plans.extend(more.iter().map(ToString::to_string));
            self.ledger.give_up(&self.world);
        }
        self.assert_up(&plans)?;
        settle().await;
        self.assert_up(&plans)?;
        self.ledger.note_primaries(&self.world);
        Ok(())
    }

    /// Whether `up` leaves something alone for the sake of keys. Then it loses none, and has nothing else to do.
    fn holds_back(&self, plans: &str) -> Result<bool, String> {
        let Ok(next) = try_plan(&self.world, &self.topology, SWAP) else { return Ok(false) };
        if next.at_stake.is_empty() {
            return Ok(false);
        }
        let mut wrong = self.ledger.lost_everywhere(&self.world);
        if !self.has_forked {
            wrong.push("keys are at stake, though nobody made a second primary".to_owned());
        }
        if !next.is_empty() {
            wrong.push("there is something to do".to_owned());
        }
        if wrong.is_empty() {
            Ok(true)
        } else {
            Err(format!("{}\n{next}\nafter plans\n{plans}", wrong.join("\n")))
        }
    }

    fn assert_up(&self, plans: &str) -> Result<(), String> {
        let (world, topology) = (&self.world, &self.topology);
        let mut wrong = what_is_wrong(world, topology);
        wrong.extend(self.ledger.lost(world));
        if wrong.is_empty() && topology.auth.as_ref().is_some_and(|auth| auth.default_password) {
            let generation = world.state().generation;
            if !world.lets_in_everywhere(topology, DEFAULT, Some(&format!("default {generation}"))) {
                wrong.push("the default user's password does not let in everywhere".to_owned());
            }
        }
        match try_plan(world, topology, SWAP) {
            Err(obstacles) => wrong.push(format!("the next plan meets obstacles: {obstacles:?}")),
            Ok(next) if !next.is_empty() => wrong.push(format!("the next plan is not empty: {next}")),
            Ok(_) => {}
        }
        if wrong.is_empty() { Ok(()) } else { Err(format!("{}\nafter plans\n{plans}", wrong.join("\n"))) }
    }

    /// Whether it came to its end before it was killed.
    async fn up_until_killed(&mut self, steps: usize) -> Result<bool, String> {
        let recorder = Recorder::new(&self.world, Some(steps));
        let ended = tokio::select! {
            biased;
            () = self.world.stopped() => None,
            result = try_up(&self.world, &self.topology, SWAP, &recorder) => Some(result),
        };
        drop(recorder);
        self.world.heal();
        match ended {
            None => Ok(false),
            Some(Ok(_)) => Ok(true),
            Some(Err(failure)) => Err(format!("up failed: {}", text(failure))),
        }
    }

    /// Whether it came to its end before the call.
    async fn up_with_failing_call(&mut self, call: usize) -> Result<bool, String> {
        let fail_at = self.world.calls() + call;
        self.world.state().faults.fail_at = Some(fail_at);
        let recorder = Recorder::new(&self.world, None);
        let ended = try_up(&self.world, &self.topology, SWAP, &recorder).await;
        drop(recorder);
        let has_failed = self.world.calls() >= fail_at;
        self.world.heal();
        match ended {
            Ok(_) => Ok(true),
            Err(_) if has_failed => Ok(false),
            Err(failure) => Err(format!("up failed: {}", text(failure))),
        }
    }

    /// Whether nothing disturbed it.
    async fn up_disturbed(&mut self, accident: Accident) -> Result<bool, String> {
        let world = &self.world;
        let (Accident::Vote(after) | Accident::Stop(after, _) | Accident::Silence(after, _)) = accident
        else {
            return Ok(true);
        };
        let containers = containers(&self.topology);
        let picked = |pick: Pick| &containers[usize::from(pick) % containers.len()].name;
        let has_come = AtomicBool::new(false);
        let recorder = Recorder::new(world, None).with_accident_after(usize::from(after), || {
            has_come.store(true, Ordering::Relaxed);
            match accident {
                Accident::Vote(_) => world.vote(),
                Accident::Silence(_, pick) => world.silence(picked(pick)),
                Accident::Stop(_, pick) if world.runs(picked(pick)) => world.stop_container(picked(pick)),
                _ => {}
            }
        });
        let ended = tokio::select! {
            ended = try_up(world, &self.topology, SWAP, &recorder) => ended,
            never = world.end_silences(SILENCE) => match never {},
        };
        drop(recorder);
        world.heal();
        let has_come = has_come.load(Ordering::Relaxed);
        if has_come {
            self.has_forked |= matches!(accident, Accident::Vote(_));
            let fault =
                if matches!(accident, Accident::Vote(_)) { Fault::OtherPrimary } else { Fault::Outage };
            self.ledger.fault(&self.world, fault);
            return Ok(false);
        }
        ended.map(|_| true).map_err(|failure| format!("up failed: {}", text(failure)))
    }
}

fn picked(names: &[NodeName], pick: Pick) -> Option<NodeName> {
    names.get(usize::from(pick) % names.len().max(1)).cloned()
}

fn text(failure: UpFailure) -> String {
    match failure {
        UpFailure::Obstacles(what) | UpFailure::Failed(what) => what,
    }
}
