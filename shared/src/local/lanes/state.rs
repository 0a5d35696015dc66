//! Which lanes may have a turn now, and when the others are looked at again.

use std::collections::{BTreeSet, HashMap, VecDeque};

use redb::ReadTransaction;

use super::lane::Lane;
use super::{Ended, lane_of};
use crate::seam::Turn;
use crate::timestamp::Timestamp;

/// Turns that a lane gets before the next lane's.
const AT_ONCE: usize = 8;

/// Turns that may be out to endpoints that are not known to answer: whatever becomes of them, there is room for
/// the others.
const DOUBTFUL: usize = 384;

#[derive(Default)]
pub(super) struct State {
    lanes: HashMap<String, Lane>,
    /// Lanes that may have a turn that is due, in the order in which they are asked.
    ready: VecDeque<String>,
    /// Lanes that are ready but not known to be well, while there is no room for them.
    kept_back: VecDeque<String>,
    /// Turns out to such.
    doubtful: usize,
    /// When the others are looked at again.
    asleep: BTreeSet<(Timestamp, String)>,
}

impl State {
    pub(super) fn arrive(&mut self, name: &str, due: Timestamp) {
        self.lanes.entry(name.to_owned()).or_default().look_from(due);
        self.sleep(name, due);
    }

    pub(super) fn limit(&mut self, name: &str, most: usize, until: Timestamp) {
        if let Some(lane) = self.lanes.get_mut(name) {
            lane.limit(most, until);
        }
    }

    pub(super) fn next(&self) -> Option<Timestamp> {
        self.asleep.first().map(|(due, _)| *due)
    }

    pub(super) fn settling(&mut self, turn: &Turn) {
        let name = lane_of(&turn.key);
        self.lanes.entry(name.clone()).or_default().arrive(turn);
        self.make_ready(name);
    }

    pub(super) fn end(&mut self, turn: &Turn, ended: Ended) {
        let name = lane_of(&turn.key);
        let lane = self.lanes.entry(name.clone()).or_default();
        self.doubtful -= lane.doubtful();
        lane.end(turn, ended);
        self.doubtful += lane.doubtful();
        self.make_ready(name);
    }

    pub(super) fn take(
        &mut self,
        most: usize,
        store: &ReadTransaction,
        now: Timestamp,
        taken: &mut Vec<Turn>,
    ) -> Result<(), redb::Error> {
        self.wake(now);
        if self.doubtful < DOUBTFUL {
            self.ready.append(&mut self.kept_back);
        }
        while taken.len() < most
            && let Some(name) = self.ready.pop_front()
        {
            let room = most - taken.len();
            match self.take_of(&name, room, store, now, taken) {
                Ok(false) => {}
                Ok(true) => self.ready.push_back(name),
                Err(problem) => {
                    // Its turns are still there when the store can be read again.
                    self.ready.push_front(name);
                    return Err(problem);
                }
            }
        }
        Ok(())
    }

    /// Takes some turns of one lane, and answers whether it may have more.
    fn take_of(
        &mut self,
        name: &str,
        room: usize,
        store: &ReadTransaction,
        now: Timestamp,
        taken: &mut Vec<Turn>,
    ) -> Result<bool, redb::Error> {
        let Some(lane) = self.lanes.get_mut(name) else { return Ok(false) };
        let bearable = if lane.is_well { usize::MAX } else { DOUBTFUL.saturating_sub(self.doubtful) };
        if bearable == 0 && lane.room(now) > 0 {
            self.kept_back.push_back(name.to_owned());
            return Ok(false);
        }
        let left = AT_ONCE.min(room).min(lane.room(now)).min(bearable);
        if left == 0 {
            // Whoever ends one of its turns makes it ready again.
            lane.is_ready = false;
            return Ok(false);
        }
        if lane.ahead.is_empty() {
            let next = lane.read_on(name, store, now)?;
            if lane.ahead.is_empty() {
                lane.is_ready = false;
                if let Some(due) = next {
                    self.sleep(name, due);
                } else if !lane.is_out() && !lane.is_well {
                    // One that is well is known to be when it is next needed.
                    self.lanes.remove(name);
                }
                return Ok(false);
            }
        }
        self.doubtful -= lane.doubtful();
        for _ in 0..left {
            let Some(turn) = lane.ahead.pop_front() else { break };
            lane.give_out(&turn);
            taken.push(turn);
        }
        self.doubtful += lane.doubtful();
        Ok(true)
    }

    /// It is looked at no later than then.
    fn sleep(&mut self, name: &str, until: Timestamp) {
        let lane = self.lanes.entry(name.to_owned()).or_default();
        if lane.is_ready || lane.wakes.is_some_and(|wakes| wakes <= until) {
            return;
        }
        if let Some(later) = lane.wakes.replace(until) {
            self.asleep.remove(&(later, name.to_owned()));
        }
        self.asleep.insert((until, name.to_owned()));
    }

    fn wake(&mut self, now: Timestamp) {
        while self.asleep.first().is_some_and(|(due, _)| *due <= now)
            && let Some((_, name)) = self.asleep.pop_first()
        {
            self.make_ready(name);
        }
    }

    fn make_ready(&mut self, name: String) {
        let lane = self.lanes.entry(name.clone()).or_default();
        if let Some(wakes) = lane.wakes.take() {
            self.asleep.remove(&(wakes, name.clone()));
        }
        if !std::mem::replace(&mut lane.is_ready, true) {
            self.ready.push_back(name);
        }
    }

    #[cfg(test)]
    pub(super) fn is_idle(&self) -> bool {
        self.lanes.values().all(|lane| lane.is_well && !lane.is_out())
            && self.ready.is_empty()
            && self.asleep.is_empty()
            && self.doubtful == 0
    }
}
