//! Changes that users and accidents make to a deployment.

use std::time::Duration;

use redisctl::topology::users::REPLICATION;
use redisctl::topology::{Address, SlotSet};

use super::{Machine, picked};
use crate::state_machine::ledger::{Fault, primaries};
use crate::state_machine::moves::{Move, Pick};

/// The number of keys that a client writes at a time.
const KEYS: u64 = 5;

impl Machine {
    pub(super) async fn write(&mut self, shard: Pick) {
        let shards = &self.topology.shards;
        let slot = shards[usize::from(shard) % shards.len()].slots.slots().next().unwrap_or_default();
        let primaries = primaries(&self.world, slot);
        let [primary] = primaries.as_slice() else { return };
        if !self.world.takes_writes(primary) {
            return;
        }
        self.say(format!("a client writes to {primary}"));
        self.ledger.wrote(self.world.write_keys(primary, KEYS));
        // The replicas need this time to get the keys.
        tokio::time::sleep(Duration::from_secs(1)).await;
        self.ledger.note_primaries(&self.world);
    }

    /// A stranger gets slots of a primary, if the cluster has no stranger yet.
    pub(super) async fn reshard(&mut self, pick: Pick, keys: u8) {
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

    /// Slots go to another primary of the deployment.
    pub(super) fn reshard_within(&mut self, from: Pick, to: Pick, is_cut_off: bool) {
        let primaries = self.world.answering(|process| {
            process.cluster.as_ref().is_some_and(|cluster| cluster.ok && cluster.own().is_primary())
        });
        let (Some(from), Some(to)) = (picked(&primaries, from), picked(&primaries, to)) else { return };
        let slots = self.world.slots(&from);
        let slots: SlotSet = slots.slots().take(slots.len().div_ceil(3)).collect();
        if from == to || slots.is_empty() {
            return;
        }
        if is_cut_off {
            self.world.leave_open(&from, &to, &slots);
        } else if !self.world.reshard(&from, &to, &slots) {
            return;
        }
        self.say(format!("{from} gives slots {slots} to {to}{}", if is_cut_off { ", cut off" } else { "" }));
        self.ledger.fault(&self.world, Fault::Outage);
    }

    pub(super) fn break_engine(&mut self, one: Move) {
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

    pub(super) fn break_cluster(&mut self, one: Move) {
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

    pub(super) fn swap_roles(&mut self, one: Move) {
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

    pub(super) fn configure(&mut self, one: Move) {
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

    pub(super) fn down(&mut self) {
        self.say("down");
        self.world.take_down();
        self.ledger.down(&self.world);
        if !self.accepted.volume {
            self.ledger.clear();
        }
    }
}
