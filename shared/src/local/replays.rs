//! Replays: a row each, and the steps that are due.

use std::ops::Bound;
use std::time::Duration;

use redb::ReadableTable;

use super::lanes::lane;
use super::store::Store;
use super::tables::{EVENTS, EVENTS_BY_TIME, REPLAYS, REPLAYS_BY_TIME, Tables, UNDELIVERED};
use super::{events, release};
use crate::seam::{
    AGAIN_AFTER, Answer, Cursor, DeliveryKey, Matched, Page, Progress, Replay, ReplayKey, ReplayStep, ReplaySteps,
    Replays, State, Unavailable, Which, Within,
};
use crate::timestamp::Timestamp;

/// Longer than a commit takes.
const HELD_BACK: Duration = Duration::from_secs(20);

/// What names a replay within its lane.
fn name(key: &ReplayKey) -> (String, String) {
    (lane(&key.tenant, &key.endpoint), serde_json::to_string(&key.which).unwrap_or_default())
}

fn read(bytes: &[u8]) -> Option<Replay> {
    serde_json::from_slice(bytes).ok()
}

/// Where it stands by time.
fn moment(replay: &Replay) -> (bool, u64) {
    replay.ended.map_or((false, replay.due.0), |ended| (true, ended.0))
}

/// Writes it down, in place of what was known of it.
fn put(tables: &mut Tables<'_>, replay: &Replay) -> Result<(), redb::Error> {
    let (lane, of) = name(&replay.key);
    let bytes = serde_json::to_vec(replay).unwrap_or_default();
    let known = tables.replays()?.insert((&*lane, &*of), &*bytes)?.and_then(|row| read(row.value()));
    if let Some((ended, at)) = known.as_ref().map(moment) {
        tables.replays_by_time()?.remove((ended, at, &*lane, &*of))?;
    }
    let (ended, at) = moment(replay);
    tables.replays_by_time()?.insert((ended, at, &*lane, &*of), ())?;
    Ok(())
}

fn get(tables: &mut Tables<'_>, key: &ReplayKey) -> Result<Option<Replay>, redb::Error> {
    let (lane, of) = name(key);
    Ok(tables.replays()?.get((&*lane, &*of))?.and_then(|row| read(row.value())))
}

impl Replays for Store {
    async fn begin_replay(&self, replay: &Replay) -> Answer<Replay> {
        let replay = replay.clone();
        let begun = self
            .write(move |tables| {
                let known = get(tables, &replay.key)?;
                let counts = |known: &Replay| match known.state {
                    Progress::Running => true,
                    Progress::Done => replay.key.which.repeats() && replay.began.since(known.began) < AGAIN_AFTER,
                    Progress::Stopped => false,
                };
                if let Some(known) = known.filter(counts) {
                    return Ok(known);
                }
                put(tables, &replay)?;
                Ok(replay)
            })
            .await?;
        self.inner.replaying.notify_one();
        Ok(begun)
    }

    async fn replays(&self, tenant: &str, endpoint: &str) -> Answer<Vec<Replay>> {
        let lane = lane(tenant, endpoint);
        let mut all: Vec<Replay> = self.read(|store| {
            let (table, mut all) = (store.open_table(REPLAYS)?, Vec::new());
            for row in table.range((&*lane, "")..(&*format!("{lane}\0"), ""))? {
                all.extend(read(row?.1.value()));
            }
            Ok(all)
        })?;
        all.sort_by(|a, b| (b.began, &b.id).cmp(&(a.began, &a.id)));
        Ok(all)
    }

    async fn stop_replay(&self, tenant: &str, endpoint: &str, id: &str, now: Timestamp) -> Answer<Option<Replay>> {
        let all = self.replays(tenant, endpoint).await?;
        let Some(key) = all.into_iter().find(|replay| replay.id == id).map(|replay| replay.key) else {
            return Ok(None);
        };
        let id = id.to_owned();
        self.write(move |tables| {
            let Some(mut replay) = get(tables, &key)?.filter(|replay| replay.id == id) else { return Ok(None) };
            if replay.state == Progress::Running {
                replay.stop("its owner stopped it", now);
                put(tables, &replay)?;
            }
            Ok(Some(replay))
        })
        .await
    }
}

impl ReplaySteps for Store {
    async fn replay(&self, key: &ReplayKey) -> Answer<Option<Replay>> {
        let (lane, of) = name(key);
        let row = self.read(|store| {
            let row = store.open_table(REPLAYS)?.get((&*lane, &*of))?;
            Ok(row.map(|row| read(row.value())))
        })?;
        row.map(|read| read.ok_or_else(|| Unavailable("a replay cannot be read".into()))).transpose()
    }

    async fn undelivered(&self, tenant: &str, endpoint: &str, state: State, within: &Within) -> Answer<Page<Cursor>> {
        let (lane, state) = (lane(tenant, endpoint), state as u8);
        self.read(|store| {
            let (at, id, is_after) = begin(within);
            let first = (&*lane, state, at, id);
            let first = if is_after { Bound::Excluded(first) } else { Bound::Included(first) };
            let rows = store
                .open_table(UNDELIVERED)?
                .range::<(&str, u8, u64, &str)>((first, Bound::Excluded((&*lane, state, within.until.0, ""))))?;
            let (mut items, mut next): (Vec<Cursor>, _) = (Vec::new(), None);
            for row in rows {
                let key = row?.0;
                let (_, _, at, id) = key.value();
                if items.len() == within.most {
                    next = items.last().cloned();
                    break;
                }
                let Ok(event) = id.parse() else { continue };
                items.push(Cursor { at: Timestamp(at), event });
            }
            Ok(Page { items, next })
        })
    }

    async fn events_from(&self, tenant: &str, within: &Within) -> Answer<Page<Matched>> {
        self.read(|store| {
            let (at, id, is_after) = begin(within);
            let first = (tenant, at, id);
            let first = if is_after { Bound::Excluded(first) } else { Bound::Included(first) };
            let rows = store
                .open_table(EVENTS_BY_TIME)?
                .range::<(&str, u64, &str)>((first, Bound::Excluded((tenant, within.until.0, ""))))?;
            let by_id = store.open_table(EVENTS)?;
            let (mut items, mut next): (Vec<Matched>, _) = (Vec::new(), None);
            for row in rows {
                let key = row?.0;
                let (_, _, id) = key.value();
                if items.len() == within.most {
                    next = items.last().map(|last| Cursor { at: last.event.received, event: last.event.id.clone() });
                    break;
                }
                let row = by_id.get((tenant, id))?;
                let kept = row.and_then(|row| events::read(tenant, id, row.value(), false));
                items.extend(kept.map(|events::Stored { event, endpoints }| Matched { event, endpoints }));
            }
            Ok(Page { items, next })
        })
    }

    /// All at once: of a step that was cut short nothing is left.
    async fn release(&self, before: &Replay, events: &[Cursor], after: &Replay) -> Answer<()> {
        let (lane, due) = (lane(&before.key.tenant, &before.key.endpoint), before.due);
        let (before, events, after) = (before.clone(), events.to_vec(), after.clone());
        let hurried = self.hold_back(&before);
        let may_hurry = hurried.is_some();
        let queued = self
            .write(move |tables| {
                let known = get(tables, &before.key)?;
                if known.is_none_or(|known| known.next_step() != before.next_step() || known.state != before.state) {
                    return Ok(0);
                }
                let mut queued = 0;
                for event in &events {
                    queued += usize::from(release::send_again(tables, &before, event, may_hurry)?);
                }
                put(tables, &after)?;
                Ok(queued)
            })
            .await;
        if let Some(key) = hurried {
            self.inner.claimed.give_back(&key);
        }
        let queued = queued?;
        if queued > 0 {
            self.inner.lanes.arrive(&lane, due);
        }
        self.inner.replaying.notify_one();
        Ok(())
    }
}

impl Store {
    /// The delivery that a replay of one event may hurry: nobody is making an attempt of it, or begins one until
    /// it is given back.
    fn hold_back(&self, replay: &Replay) -> Option<DeliveryKey> {
        let ReplayKey { tenant, endpoint, which: Which::One { event } } = &replay.key else { return None };
        let key = DeliveryKey { tenant: tenant.clone(), event: event.clone(), endpoint: endpoint.clone() };
        self.inner.claimed.take(&key, replay.due, replay.due.after(HELD_BACK)).is_none().then_some(key)
    }
}

/// From where on, and whether that itself is left out.
fn begin(within: &Within) -> (u64, &str, bool) {
    match &within.after {
        Some(Cursor { at, event }) if *at >= within.since => (at.0, event.as_str(), true),
        _ => (within.since.0, "", false),
    }
}

impl Store {
    /// The steps of running replays that are due, no more than `most`.
    pub fn due_steps(&self, most: usize, now: Timestamp) -> Answer<Vec<ReplayStep>> {
        self.read(|store| {
            let (table, mut due) = (store.open_table(REPLAYS)?, Vec::new());
            for row in store.open_table(REPLAYS_BY_TIME)?.range(..(false, now.0 + 1, "", ""))?.take(most) {
                let key = row?.0;
                let (_, _, lane, of) = key.value();
                due.extend(table.get((lane, of))?.and_then(|row| read(row.value())).map(|replay| replay.next_step()));
            }
            Ok(due)
        })
    }

    /// When the next step of a replay is due.
    pub fn next_step(&self) -> Answer<Option<Timestamp>> {
        self.read(|store| {
            let first = store.open_table(REPLAYS_BY_TIME)?.range(..(true, 0, "", ""))?.next().transpose()?;
            Ok(first.map(|(key, _)| Timestamp(key.value().1)))
        })
    }

    /// Answers when a replay has begun or changed since the last time somebody waited.
    pub async fn replaying(&self) {
        self.inner.replaying.notified().await;
    }
}
