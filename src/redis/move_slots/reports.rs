//! Reports of a move of slots: the numbers so far, a few times in a second.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::event::SlotProgress;
use crate::executor::Tell;

/// The interval of reports. Programs read each of them.
const INTERVAL: Duration = Duration::from_millis(250);

/// The numbers of a move.
pub(in crate::redis) struct Reports<'a> {
    tell: &'a Tell<'a>,
    began: Instant,
    state: Mutex<State>,
}

struct State {
    progress: SlotProgress,
    last: Instant,
}

impl<'a> Reports<'a> {
    /// The reports of a move that begins now.
    pub(in crate::redis) fn new(tell: &'a Tell<'a>) -> Self {
        let began = Instant::now();
        let state = State { progress: SlotProgress::default(), last: began };
        Self { tell, began, state: Mutex::new(state) }
    }

    /// The move has this many slots and keys. Nothing has moved.
    pub(super) fn begin(&self, all_slots: usize, all_keys: u64) {
        self.change(|progress| {
            let all_slots = all_slots as u64;
            *progress = SlotProgress { all_slots, all_keys, ..SlotProgress::default() };
        });
    }

    /// Keys have moved.
    pub(super) fn add_keys(&self, keys: usize) {
        self.change(|progress| progress.keys += keys as u64);
    }

    /// The target owns more slots.
    pub(super) fn add_slots(&self, slots: usize) {
        self.change(|progress| progress.slots += slots as u64);
    }

    /// This many slots and keys have moved.
    pub(super) fn set(&self, slots: usize, keys: u64) {
        self.change(|progress| (progress.slots, progress.keys) = (slots as u64, keys));
    }

    /// Reports the last numbers.
    pub(super) fn end(&self) {
        let mut progress = self.state.lock().unwrap_or_else(PoisonError::into_inner).progress;
        progress.took = self.began.elapsed();
        if progress.all_slots > 0 {
            (self.tell)(progress);
        }
    }

    fn change(&self, change: impl FnOnce(&mut SlotProgress)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state.progress);
        if state.last.elapsed() >= INTERVAL {
            state.last = Instant::now();
            let progress = SlotProgress { took: self.began.elapsed(), ..state.progress };
            drop(state);
            (self.tell)(progress);
        }
    }
}
