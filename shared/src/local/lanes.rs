//! Whose turn it is: a lane for each endpoint, so that none waits for another.

mod lane;
mod state;

#[cfg(test)]
mod tests;

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::store::Store;
use super::tables::TURNS;
use crate::seam::{Answer, DeliveryKey, Turn};
use crate::timestamp::Timestamp;
use state::State;

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

impl Lanes {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A turn was written that is due then.
    pub(super) fn arrive(&self, name: &str, due: Timestamp) {
        self.state().arrive(name, due);
        self.arrived.notify_one();
    }

    /// No more than so many may be out at once, until then or until it is said again.
    pub(super) fn limit(&self, name: &str, most: usize, until: Timestamp) {
        self.state().limit(name, most, until);
    }
}

impl Store {
    /// Up to `most` turns that are due and not out, a few of each lane after the other. They are out
    /// until [`Store::turn_ended`].
    pub fn take_turns(&self, most: usize, now: Timestamp) -> Answer<Vec<Turn>> {
        // Before the look into the store: what ends meanwhile must not be found there again.
        let mut state = self.inner.lanes.state();
        let mut taken = Vec::new();
        match self.read(|store| state.take(most, store, now, &mut taken)) {
            // Those that were taken are out: nobody would hear of them again.
            Err(problem) if taken.is_empty() => Err(problem),
            _ => Ok(taken),
        }
    }

    /// When the next turn is due of lanes that rest.
    pub fn next_turn(&self) -> Option<Timestamp> {
        self.inner.lanes.state().next()
    }

    /// A delivery has arrived, and waits to be written down: its endpoint is free for another call. The
    /// turn is out until that is done.
    pub fn turn_arrived(&self, turn: &Turn) {
        self.inner.lanes.state().settling(turn);
        self.inner.lanes.arrived.notify_one();
    }

    /// A turn is no longer out: it was settled or put off.
    pub fn turn_ended(&self, turn: &Turn, ended: Ended) {
        self.inner.lanes.state().end(turn, ended);
    }

    /// Answers when a turn has come since the last time somebody waited.
    pub async fn turns(&self) {
        self.inner.lanes.arrived.notified().await;
    }

    /// Drops a turn whose event is no longer kept: nothing can come of it.
    pub async fn forget_turn(&self, turn: &Turn) -> Answer<()> {
        let (turn, name) = (turn.clone(), lane_of(&turn.key));
        self.write(move |tables| {
            tables.turns()?.remove((&*name, turn.due.0, turn.key.event.as_str()))?;
            Ok(())
        })
        .await
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
