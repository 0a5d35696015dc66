//! How large history is, and what is forgotten early where it is larger than it may be.

use std::sync::atomic::{AtomicU64, Ordering};

use redb::ReadableTable;
use tokio::sync::{Mutex, Notify};

use super::store::Store;
use super::sweep::{AT_ONCE, Sparing, forget_event};
use super::tables::{CONFIG, DELIVERIES, EVENTS, EVENTS_BY_TIME, Tables};
use crate::seam::Answer;

/// The row that holds how large history is.
const ROW: &str = "history";

/// What a delivery takes beside its row: its places in the order of time.
pub(super) const DELIVERY: i64 = 128;

/// From so many hundredths on the oldest is forgotten, down to so many.
const FULL: u64 = 95;
const ROOMY: u64 = 90;

/// What history may grow to.
pub(super) struct Room {
    most: AtomicU64,
    wanted: Notify,
    /// How large it was when nothing in it could be forgotten.
    stuck: Mutex<Option<u64>>,
}

impl Default for Room {
    fn default() -> Self {
        Self { most: AtomicU64::new(u64::MAX), wanted: Notify::new(), stuck: Mutex::new(None) }
    }
}

impl Store {
    /// From now on events are refused where history would become larger, in bytes.
    pub fn limit_history(&self, most: u64) {
        self.inner.room.most.store(most, Ordering::Relaxed);
    }

    /// Events, what was sent of them and what was answered, in bytes.
    pub fn history_size(&self) -> Answer<u64> {
        self.read(|read| Ok(read.open_table(CONFIG)?.get(ROW)?.map_or(0, |row| row.value().0)))
    }

    /// Waits until somebody finds that there is little room left.
    pub async fn room_is_wanted(&self) {
        self.inner.room.wanted.notified().await;
    }

    pub(super) fn look_for_room(&self) -> Answer<bool> {
        let most = self.inner.room.most.load(Ordering::Relaxed);
        if most == u64::MAX {
            return Ok(true);
        }
        let size = self.history_size()?;
        if size > part(most, FULL) {
            self.inner.room.wanted.notify_one();
        }
        Ok(size < most)
    }

    /// Whether there is room. Of many who find none, one makes some, unless there was none to be made just now.
    pub(super) async fn find_room(&self) -> Answer<bool> {
        if self.look_for_room()? {
            return Ok(true);
        }
        let size = self.history_size()?;
        if self.inner.room.stuck.lock().await.is_none_or(|stuck| stuck != size) {
            self.make_room().await?;
        }
        self.look_for_room()
    }

    /// Forgets the oldest events whose deliveries have all ended, until there is some room.
    pub async fn make_room(&self) -> Answer<()> {
        let mut stuck = self.inner.room.stuck.lock().await;
        let most = self.inner.room.most.load(Ordering::Relaxed);
        let (mut from, mut forgotten) = (0, 0);
        if self.history_size()? <= part(most, FULL) {
            return Ok(());
        }
        while self.history_size()? > part(most, ROOMY) {
            let oldest = self.oldest_events(from)?;
            let Some((_, last, _)) = oldest.last() else { break };
            from = last + 1;
            forgotten += self.forget_ended(oldest, part(most, ROOMY)).await?;
        }
        let size = self.history_size()?;
        *stuck = (forgotten == 0).then_some(size);
        tracing::warn!(forgotten, size, most, "history is full; the oldest events that have ended are forgotten");
        Ok(())
    }

    /// Until history has that size. How many are gone.
    async fn forget_ended(&self, events: Vec<(String, u64, String)>, size: u64) -> Answer<usize> {
        for (_, _, id) in &events {
            self.inner.recent.forget(id);
        }
        self.write(move |tables| {
            let mut forgotten = 0;
            for (tenant, at, id) in &events {
                if tables.history_size()? <= size {
                    break;
                }
                forgotten += usize::from(forget_event(tables, tenant, *at, id, Sparing::Held)?);
            }
            Ok(forgotten)
        })
        .await
    }

    /// Some of all tenants that were accepted from then on, oldest first.
    fn oldest_events(&self, from: u64) -> Answer<Vec<(String, u64, String)>> {
        self.read(|read| {
            let (rows, mut oldest, mut tenant) = (read.open_table(EVENTS_BY_TIME)?, Vec::new(), String::new());
            // Nothing sorts between a name with a zero byte after it and the next name.
            while let Some(first) = rows.range((&*tenant, 0, "")..)?.next().transpose()? {
                let name = first.0.value().0.to_owned();
                let after = format!("{name}\0");
                for row in rows.range((&*name, from, "")..(&*after, 0, ""))?.take(AT_ONCE) {
                    let key = row?.0;
                    let (tenant, at, id) = key.value();
                    oldest.push((tenant.to_owned(), at, id.to_owned()));
                }
                tenant = after;
                if oldest.len() > 10 * AT_ONCE {
                    keep_oldest(&mut oldest);
                }
            }
            keep_oldest(&mut oldest);
            Ok(oldest)
        })
    }

    /// Of a store from before history was measured.
    pub(super) fn measure_history(&self) -> Answer<Option<i64>> {
        self.read(|read| {
            if read.open_table(CONFIG)?.get(ROW)?.is_some() {
                return Ok(None);
            }
            let mut size = 0;
            for row in read.open_table(EVENTS)?.iter()? {
                size += row?.1.value().len() as i64;
            }
            for row in read.open_table(DELIVERIES)?.iter()? {
                size += row?.1.value().len() as i64 + DELIVERY;
            }
            Ok(Some(size).filter(|size| *size > 0))
        })
    }
}

fn keep_oldest(events: &mut Vec<(String, u64, String)>) {
    events.sort_by_key(|(_, at, _)| *at);
    events.truncate(AT_ONCE);
}

fn part(most: u64, hundredths: u64) -> u64 {
    most / 100 * hundredths
}

impl Tables<'_> {
    fn history_size(&mut self) -> Result<u64, redb::Error> {
        let size = self.config()?.get(ROW)?.map_or(0, |row| row.value().0);
        Ok(size.saturating_add_signed(self.grown))
    }

    /// Writes down by how much history grew or shrank.
    pub(super) fn note_growth(&mut self) -> Result<(), redb::Error> {
        if self.grown != 0 {
            let size = self.history_size()?;
            self.config()?.insert(ROW, (size, ""))?;
            self.grown = 0;
        }
        Ok(())
    }
}
