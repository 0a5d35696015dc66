//! Whose turn it is: a lane for each endpoint, so that none waits for another.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use redb::ReadTransaction;
use tokio::sync::Notify;

use super::store::{Store, TURNS};
use crate::seam::{Answer, DeliveryKey, Turn};
use crate::timestamp::Timestamp;

/// Calls under way to one endpoint, where it is well.
const WIDEST: usize = 64;

/// And where it only fails: enough to find out that it recovered.
const NARROWEST: usize = 2;

/// Turns read ahead for a lane.
const AHEAD: usize = 128;

/// Turns that a lane gets before the next lane's.
const AT_ONCE: usize = 8;

/// How a turn ended, for the width of its lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    Well,
    Badly,
    /// The endpoint was not asked.
    Unasked,
}

/// The lane of an endpoint. Neither name holds a slash.
pub(super) fn lane(tenant: &str, endpoint: &str) -> String {
    format!("{tenant}/{endpoint}")
}

pub(super) fn lane_of(key: &DeliveryKey) -> String {
    lane(&key.tenant, &key.endpoint)
}

/// All lanes that have turns.
#[derive(Default)]
pub(super) struct Lanes {
    state: Mutex<State>,
    arrived: Notify,
}

#[derive(Default)]
struct State {
    lanes: HashMap<String, Lane>,
    /// Lanes that may have a turn that is due, in the order in which they are asked.
    ready: VecDeque<String>,
    /// When the others are looked at again.
    asleep: BTreeSet<(Timestamp, String)>,
}

struct Lane {
    /// Read from the store and not given out yet.
    ahead: VecDeque<Turn>,
    /// Events whose turn was given out.
    out: HashMap<String, Timestamp>,
    /// How many may be out at once.
    width: usize,
    /// Nothing lies before this in the store that is not ahead or out.
    from: Timestamp,
    is_ready: bool,
    /// When it is looked at again, if it is not ready.
    wakes: Option<Timestamp>,
}

impl Default for Lane {
    fn default() -> Self {
        Self {
            ahead: VecDeque::new(),
            out: HashMap::new(),
            width: WIDEST,
            from: Timestamp(0),
            is_ready: false,
            wakes: None,
        }
    }
}

impl Lanes {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A turn was written that is due then.
    pub(super) fn arrive(&self, name: &str, due: Timestamp) {
        let mut state = self.state();
        let lane = state.lanes.entry(name.to_owned()).or_default();
        lane.from = lane.from.min(due);
        state.sleep(name, due);
        drop(state);
        self.arrived.notify_one();
    }
}

impl State {
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
}

impl Lane {
    /// Reads on in the store. Answers when the next turn is due, if that is not now.
    fn read_on(
        &mut self,
        name: &str,
        store: &ReadTransaction,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, redb::Error> {
        let Some((tenant, endpoint)) = name.split_once('/') else { return Ok(None) };
        let rows = store.open_table(TURNS)?;
        for row in rows.range((name, self.from.0, "")..=(name, u64::MAX, "\u{10ffff}"))? {
            let (key, value) = row?;
            let ((_, due, event), (number, paced)) = (key.value(), value.value());
            if due > now.0 {
                return Ok(Some(Timestamp(due)));
            }
            self.from = Timestamp(due);
            let (false, Ok(id)) = (self.out.contains_key(event), event.parse()) else { continue };
            let key = DeliveryKey { tenant: tenant.to_owned(), event: id, endpoint: endpoint.to_owned() };
            self.ahead.push_back(Turn { key, number, due: Timestamp(due), paced });
            if self.ahead.len() == AHEAD {
                return Ok(None);
            }
        }
        Ok(None)
    }
}

impl Store {
    /// Up to `most` turns that are due and not out, a few of each lane after the other. They are out
    /// until [`Store::turn_ended`].
    pub fn take_turns(&self, most: usize, now: Timestamp) -> Answer<Vec<Turn>> {
        // Before the look into the store: what ends meanwhile must not be found there again.
        let mut state = self.inner.lanes.state();
        state.wake(now);
        self.read(|store| {
            let mut taken = Vec::new();
            while taken.len() < most
                && let Some(name) = state.ready.pop_front()
            {
                let room = most - taken.len();
                if state.take_of(&name, room, store, now, &mut taken)? {
                    state.ready.push_back(name);
                }
            }
            Ok(taken)
        })
    }

    /// When the next turn is due of lanes that rest.
    pub fn next_turn(&self) -> Option<Timestamp> {
        self.inner.lanes.state().asleep.first().map(|(due, _)| *due)
    }

    /// A turn is no longer out: it was settled or put off.
    pub fn turn_ended(&self, turn: &Turn, ended: Ended) {
        let name = lane_of(&turn.key);
        let mut state = self.inner.lanes.state();
        let lane = state.lanes.entry(name.clone()).or_default();
        lane.out.remove(turn.key.event.as_str());
        lane.from = lane.from.min(turn.due);
        lane.width = match ended {
            Ended::Well => (lane.width + 1).min(WIDEST),
            Ended::Badly => (lane.width / 2).max(NARROWEST),
            Ended::Unasked => lane.width,
        };
        state.make_ready(name);
    }

    /// Answers when a turn has come since the last time somebody waited.
    pub async fn turns(&self) {
        self.inner.lanes.arrived.notified().await;
    }

    /// The lanes of a store that was just opened.
    pub(super) fn find_lanes(&self) -> Answer<()> {
        let found = self.read(|read| {
            let (rows, mut found, mut after) = (read.open_table(TURNS)?, Vec::new(), String::new());
            loop {
                // Nothing sorts between a name with a zero byte after it and the next name.
                let next = rows.range((&*after, 0, "")..)?.next().transpose()?;
                let Some((key, _)) = next else { return Ok(found) };
                let (name, due, _) = key.value();
                found.push((name.to_owned(), Timestamp(due)));
                after = format!("{name}\0");
            }
        })?;
        for (name, due) in found {
            self.inner.lanes.arrive(&name, due);
        }
        Ok(())
    }
}

impl State {
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
        let mut left = AT_ONCE.min(room).min(lane.width.saturating_sub(lane.out.len()));
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
                } else if lane.out.is_empty() {
                    self.lanes.remove(name);
                }
                return Ok(false);
            }
        }
        while left > 0
            && let Some(turn) = lane.ahead.pop_front()
        {
            lane.out.insert(turn.key.event.as_str().to_owned(), turn.due);
            taken.push(turn);
            left -= 1;
        }
        Ok(true)
    }
}
