//! How endpoints are doing: attempts counted in memory and written once a minute, deliveries counted by their rows.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redb::ReadableTable;

use super::lanes::lane;
use super::store::Store;
use super::tables::{Counted, TALLIES, Tables, UNDELIVERED};
use crate::seam::{
    Answer, Backlog, COUNTED, CountAttempts, MOST_COUNTED, ReadHealth, STEPS, State, Tally, Unavailable,
};
use crate::timestamp::Timestamp;

const HOUR: u64 = 3_600_000;

/// What was counted is written this often, for all endpoints together.
const EVERY: Duration = Duration::from_secs(60);

/// Of so many of the oldest that are tried again it is said when the first is.
const OLDEST: usize = 100;

/// What was counted since it was last written.
#[derive(Default)]
pub(super) struct Tallies(Mutex<Unwritten>);

type Rows = HashMap<(u64, String), Tally>;

#[derive(Default)]
struct Unwritten {
    rows: Rows,
    written: Timestamp,
}

impl Tallies {
    fn unwritten(&self) -> MutexGuard<'_, Unwritten> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Unwritten {
    fn take_if_due(&mut self, now: Timestamp) -> Option<Rows> {
        let is_due = now.since(self.written) >= EVERY;
        is_due.then(|| {
            self.written = now;
            std::mem::take(&mut self.rows)
        })
    }
}

fn hour(at: Timestamp) -> u64 {
    at.0 / HOUR
}

fn read(row: Counted) -> Tally {
    let [delivered, failed, took @ ..] = row;
    Tally { delivered, failed, took }
}

fn write(tally: &Tally) -> Counted {
    let mut row = [0; 2 + STEPS.len() + 1];
    let figures = [tally.delivered, tally.failed].into_iter().chain(tally.took);
    row.iter_mut().zip(figures).for_each(|(place, figure)| *place = figure);
    row
}

impl CountAttempts for Store {
    async fn count_attempt(
        &self,
        tenant: &str,
        endpoint: &str,
        at: Timestamp,
        arrived: bool,
        answered_after: Option<Duration>,
    ) {
        let due = {
            let mut unwritten = self.inner.tallies.unwritten();
            let tally = unwritten.rows.entry((hour(at), lane(tenant, endpoint))).or_default();
            tally.count(arrived, answered_after);
            unwritten.take_if_due(at)
        };
        if let Some(rows) = due {
            self.write_tallies(rows).await;
        }
    }
}

impl ReadHealth for Store {
    async fn tally(&self, tenant: &str, endpoint: &str, now: Timestamp) -> Answer<Tally> {
        let (lane, hours) = (lane(tenant, endpoint), hour(now.before(COUNTED))..=hour(now));
        let mut sum = self.read(|read| {
            let (rows, mut sum) = (read.open_table(TALLIES)?, Tally::default());
            for hour in hours.clone() {
                if let Some(row) = rows.get((hour, &*lane))? {
                    sum.add(&self::read(row.value()));
                }
            }
            Ok(sum)
        })?;
        let unwritten = self.inner.tallies.unwritten();
        let rows = hours.filter_map(|hour| unwritten.rows.get(&(hour, lane.clone())));
        rows.for_each(|tally| sum.add(tally));
        Ok(sum)
    }

    async fn backlog(&self, tenant: &str, endpoint: &str) -> Answer<Backlog> {
        let lane = lane(tenant, endpoint);
        self.read(|read| {
            let rows = read.open_table(UNDELIVERED)?;
            let of = |state: State| rows.range((&*lane, state as u8, 0, "")..(&*lane, state as u8 + 1, 0, ""));
            let count = |state| -> Result<u32, redb::Error> {
                of(state)?.take(MOST_COUNTED as usize).try_fold(0, |sum, row| row.map(|_| sum + 1)).map_err(Into::into)
            };
            let (held, given_up) = (count(State::Held)?, count(State::GivenUp)?);
            let mut backlog = Backlog { held, given_up, ..Backlog::default() };
            for row in of(State::Pending)?.take(OLDEST) {
                let (key, due) = row?;
                backlog.oldest.get_or_insert(Timestamp(key.value().2));
                let due = Timestamp(due.value());
                backlog.next = Some(backlog.next.map_or(due, |next| next.min(due)));
            }
            Ok(backlog)
        })
    }
}

impl Store {
    /// Writes what was counted since the last time. For whoever closes the store: a minute's counts are in memory.
    pub async fn write_counts(&self) {
        let rows = std::mem::take(&mut self.inner.tallies.unwritten().rows);
        self.write_tallies(rows).await;
    }

    async fn write_tallies(&self, rows: Rows) {
        if rows.is_empty() {
            return;
        }
        let written: Answer<()> = self
            .write(move |tables| {
                for ((hour, lane), tally) in &rows {
                    let known = tables.tallies()?.get((*hour, &**lane))?.map(|row| read(row.value()));
                    let mut sum = known.unwrap_or_default();
                    sum.add(tally);
                    tables.tallies()?.insert((*hour, &**lane), write(&sum))?;
                }
                Ok(())
            })
            .await;
        if let Err(Unavailable(problem)) = written {
            tracing::warn!(problem, "the counts of a minute are lost");
        }
    }

    /// Those of hours that nobody asks for any more.
    pub(super) async fn forget_tallies(&self, now: Timestamp) -> Answer<()> {
        let first = hour(now.before(COUNTED));
        self.write(move |tables: &mut Tables<'_>| {
            tables.tallies()?.retain_in(..(first, ""), |_, _| false)?;
            Ok(())
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tally_is_read_as_it_was_written() {
        let mut tally = Tally { delivered: 7, failed: 5, ..Tally::default() };
        tally.count(true, Some(Duration::from_millis(11)));
        tally.count(false, Some(Duration::from_secs(31)));
        assert_eq!(read(write(&tally)), tally);
    }
}
