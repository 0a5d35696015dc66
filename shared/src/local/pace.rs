//! Rates and calls under way, of one process: nobody else calls.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::lanes::lane;
use super::store::Store;
use crate::quantity::Rate;
use crate::seam::{Answer, KeepPace, Place};
use crate::timestamp::Timestamp;

/// The endpoints that have limits.
#[derive(Default)]
pub(super) struct Paces(Mutex<HashMap<String, Pace>>);

#[derive(Default)]
struct Pace {
    /// The first place in the rate that is free, in microseconds since 1970.
    next: u64,
    /// Until when each slot is taken.
    slots: Vec<Timestamp>,
}

impl KeepPace for Store {
    async fn reserve(&self, tenant: &str, endpoint: &str, rate: Rate, now: Timestamp) -> Answer<Timestamp> {
        let mut paces = self.inner.paces.0.lock().unwrap_or_else(PoisonError::into_inner);
        let pace = paces.entry(lane(tenant, endpoint)).or_default();
        let (place, next) = rate.place(pace.next, now);
        pace.next = next;
        Ok(place)
    }

    async fn enter(
        &self,
        tenant: &str,
        endpoint: &str,
        most: u32,
        now: Timestamp,
        until: Timestamp,
    ) -> Answer<Option<Place>> {
        self.inner.lanes.limit(&lane(tenant, endpoint), most as usize, until);
        let mut paces = self.inner.paces.0.lock().unwrap_or_else(PoisonError::into_inner);
        let slots = &mut paces.entry(lane(tenant, endpoint)).or_default().slots;
        slots.resize(slots.len().max(most as usize), Timestamp(0));
        let free = slots.iter().take(most as usize).position(|taken| *taken <= now);
        Ok(free.map(|slot| {
            slots[slot] = until;
            Place { slot: slot as u32, until }
        }))
    }

    async fn leave(&self, tenant: &str, endpoint: &str, place: Place) -> Answer<()> {
        let mut paces = self.inner.paces.0.lock().unwrap_or_else(PoisonError::into_inner);
        let pace = paces.entry(lane(tenant, endpoint)).or_default();
        if let Some(slot) = pace.slots.get_mut(place.slot as usize).filter(|taken| **taken == place.until) {
            *slot = Timestamp(0);
        }
        Ok(())
    }
}

impl Rate {
    /// The place for a call that is wanted now, when `next` is the first that is free, and the first
    /// that is free then. Both `next` in microseconds since 1970.
    pub(crate) fn place(self, next: u64, now: Timestamp) -> (Timestamp, u64) {
        let apart = self.apart().as_micros() as u64;
        let now = now.0 * 1_000;
        let place = next.max(now);
        (Timestamp(place.div_ceil(1_000)), place + apart)
    }
}
