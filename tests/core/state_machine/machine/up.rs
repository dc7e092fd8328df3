//! `up`, with and without accidents, and its promises.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redisctl::topology::container::containers;
use redisctl::topology::users::DEFAULT;

use super::Machine;
use crate::rig::{DISCARD, Recorder, SWAP, UpFailure, settle, topology_in, try_plan, try_up, what_is_wrong};
use crate::state_machine::ledger::Fault;
use crate::state_machine::moves::{Accident, Pick};

/// How long a node is silent: longer than a wait takes to ask for another plan.
const SILENCE: Duration = Duration::from_secs(14);

impl Machine {
    /// Resolves the spec for the present state, and checks whether `up` would refuse it.
    fn resolve(&mut self) -> Result<(), String> {
        self.topology = topology_in(&self.world, &self.wanted.to_string())?;
        match try_plan(&self.world, &self.topology, SWAP) {
            Ok(_) => Ok(()),
            Err(obstacles) => Err(obstacles.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")),
        }
    }

    pub(super) async fn up(&mut self, accident: Accident) -> Result<(), String> {
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
        // If the accident came too late, this `up` was complete, and the next `up` changes nothing.
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

    /// Whether `up` leaves a node or stranger alone to save its keys. Then it loses no key, and its plan has no other
    /// steps.
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

    /// Returns whether it was complete before it was killed.
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

    /// Returns whether it was complete before the call.
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

    /// Returns whether it was undisturbed.
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

fn text(failure: UpFailure) -> String {
    match failure {
        UpFailure::Obstacles(what) | UpFailure::Failed(what) => what,
    }
}
