//! Deliveries: a claim is held in memory; what came of it, and the turn that is next, go into one commit.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::lanes::lane_of;
use super::store::Store;
use super::tables::{DELIVERIES, TURNS};
use super::undelivered;
use crate::event::Event;
use crate::seam::{
    Answer, Attempt, AttemptClaim, AttemptLease, Attempts, Delivery, DeliveryKey, State, Step, Turn, Unavailable,
};
use crate::timestamp::Timestamp;

/// Attempts that somebody is making. A restart frees them all: the lock proves that nobody is left.
#[derive(Default)]
pub(super) struct Claimed(Mutex<HashMap<DeliveryKey, Timestamp>>);

impl Claimed {
    /// Until when somebody else has it, or `None` if it is now ours.
    pub(super) fn take(&self, key: &DeliveryKey, now: Timestamp, until: Timestamp) -> Option<Timestamp> {
        let mut claimed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match claimed.get(key) {
            Some(ends) if *ends > now => Some(*ends),
            _ => {
                claimed.insert(key.clone(), until);
                None
            }
        }
    }

    /// Whether it is still ours.
    fn holds(&self, key: &DeliveryKey, until: Timestamp) -> bool {
        let claimed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        claimed.get(key) == Some(&until)
    }

    pub(super) fn give_back(&self, key: &DeliveryKey) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

pub(super) fn read(bytes: &[u8]) -> Option<Delivery> {
    serde_json::from_slice(bytes).ok()
}

impl Attempts for Store {
    async fn claim_attempt(
        &self,
        turn: &Turn,
        event: &Event,
        now: Timestamp,
        until: Timestamp,
    ) -> Answer<AttemptClaim> {
        let (key, lane) = (&turn.key, lane_of(&turn.key));
        if let Some(until) = self.inner.claimed.take(key, now, until) {
            return Ok(AttemptClaim::Busy { until });
        }
        let looked = self.read(|read| {
            let id = key.event.as_str();
            let waiting = read.open_table(TURNS)?.get((&*lane, turn.due.0, id))?.map(|row| row.value().0);
            let row = match (waiting, turn.number) {
                (Some(1), 1) => None,
                _ => read.open_table(DELIVERIES)?.get((&*lane, id))?,
            };
            Ok((waiting, row.and_then(|row| self::read(row.value()))))
        });
        let (waiting, known) = looked.inspect_err(|_| self.inner.claimed.give_back(key))?;
        let delivery = known.unwrap_or_else(|| Delivery::queued(key.clone(), event));
        if waiting == Some(turn.number) {
            return Ok(AttemptClaim::Ours(Box::new(AttemptLease { turn: turn.clone(), until, delivery })));
        }
        self.inner.claimed.give_back(key);
        Ok(AttemptClaim::Judged { next: delivery.next })
    }

    async fn settle_attempt(&self, lease: Box<AttemptLease>, attempt: Option<Attempt>, step: Step) -> Answer<()> {
        let AttemptLease { turn, until, mut delivery } = *lease;
        if !self.inner.claimed.holds(&turn.key, until) {
            return Ok(());
        }
        let was_tried = !delivery.attempts.is_empty();
        delivery.attempts.extend(attempt);
        delivery.take(step, turn.number);
        let (lane, key, due) = (lane_of(&turn.key), turn.key.clone(), turn.due);
        let bytes = serde_json::to_vec(&delivery).map_err(|problem| Unavailable(problem.to_string()))?;
        let (received, state, next) = (delivery.received.0, delivery.state, delivery.next);
        let settled = self
            .write(move |tables| {
                let id = turn.key.event.as_str();
                tables.turns()?.remove((&*lane, due.0, id))?;
                if let Some((number, due)) = next {
                    tables.turns()?.insert((&*lane, due.0, id), (number, false))?;
                }
                let before = tables.deliveries()?.insert((&*lane, id), &*bytes)?.map_or(0, |row| row.value().len());
                tables.grown += bytes.len() as i64 - before as i64;
                if state != State::Pending {
                    tables.deliveries_by_time()?.insert((&*lane, received, id), state as u8)?;
                }
                if was_tried {
                    undelivered::forget(tables, &lane, State::Pending, received, id)?;
                }
                undelivered::note(tables, &lane, &delivery)
            })
            .await;
        self.inner.claimed.give_back(&key);
        if let (Ok(()), Some((_, due))) = (&settled, next) {
            self.inner.lanes.arrive(&lane_of(&key), due);
        }
        settled
    }

    async fn put_off(&self, turn: &Turn, due: Timestamp) -> Answer<()> {
        let (turn, lane) = (turn.clone(), lane_of(&turn.key));
        let name = lane.clone();
        self.write(move |tables| {
            let (id, value) = (turn.key.event.as_str(), (turn.number, turn.paced));
            if tables.turns()?.remove((&*lane, turn.due.0, id))?.is_some() {
                tables.turns()?.insert((&*lane, due.0, id), value)?;
            }
            Ok(())
        })
        .await?;
        self.inner.lanes.arrive(&name, due);
        Ok(())
    }
}
