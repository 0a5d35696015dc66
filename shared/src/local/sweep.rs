//! What time makes superfluous: claims past their window, mail, events and replays past their month, old figures,
//! bodies of nobody.

use std::collections::HashSet;
use std::time::Duration;

use redb::ReadableTable;

use super::claims::Record;
use super::events;
use super::lanes::lane;
use super::room::DELIVERY;
use super::store::Store;
use super::tables::{DEAD, EVENTS_BY_TIME, MAIL, QUEUE, Tables};
use super::undelivered;
use crate::id::WebhookId;
use crate::seam::{Answer, State, Unavailable};
use crate::timestamp::Timestamp;

/// Rows removed in one commit: others wait for no more than that.
pub(super) const AT_ONCE: usize = 500;

/// How long kept mail, events and their deliveries are kept.
const KEPT: Duration = Duration::from_secs(30 * 86_400);

impl Store {
    /// Forgets claims whose time has come, what was counted longer ago than anybody asks, and mail, events and
    /// ended replays older than 30 days.
    pub async fn sweep(&self, now: Timestamp) -> Answer<()> {
        while self.forget_some(now).await? {}
        while self.drop_some_mail(now.before(KEPT)).await? {}
        while self.forget_some_events(now.before(KEPT)).await? {}
        while self.forget_some_replays(now.before(KEPT)).await? {}
        self.forget_tallies(now).await?;
        Ok(())
    }

    async fn forget_some(&self, now: Timestamp) -> Answer<bool> {
        self.write(move |tables| {
            let mut expired = Vec::new();
            for row in tables.forget()?.range(..(now.0, ""))?.take(AT_ONCE) {
                let key = row?.0;
                let (time, key) = key.value();
                expired.push((time, key.to_owned()));
            }
            for (time, key) in &expired {
                tables.forget()?.remove((*time, key.as_str()))?;
                // A claim that was renewed has a later row of its own.
                let renewed = tables
                    .claims()?
                    .get(key.as_str())?
                    .and_then(|row| Record::read(row.value()))
                    .is_some_and(|r| r.forget > now);
                if !renewed {
                    tables.claims()?.remove(key.as_str())?;
                }
            }
            Ok(expired.len() == AT_ONCE)
        })
        .await
    }

    async fn drop_some_mail(&self, before: Timestamp) -> Answer<bool> {
        if self.read(|read| Ok(read.open_table(MAIL)?.range(..WebhookId::first_at(before).bits())?.next().is_none()))? {
            return Ok(false);
        }
        self.write(move |tables| {
            let old =
                tables.mail()?.range(..WebhookId::first_at(before).bits())?.take(AT_ONCE).map(|row| Ok(row?.0.value()));
            let old: Vec<u128> = old.collect::<Result<_, redb::Error>>()?;
            for id in &old {
                tables.mail()?.remove(id)?;
            }
            Ok(old.len() == AT_ONCE)
        })
        .await
    }

    /// Forgets an event with its deliveries, unless one of them is still on its way. Answers whether
    /// there may be more.
    async fn forget_some_events(&self, before: Timestamp) -> Answer<bool> {
        let old = self.old_events(before)?;
        if old.is_empty() {
            return Ok(false);
        }
        for (_, _, id) in &old {
            self.inner.recent.forget(id);
        }
        self.write(move |tables| {
            let mut forgotten = 0;
            for (tenant, at, id) in &old {
                forgotten += usize::from(forget_event(tables, tenant, *at, id, Sparing::OnItsWay)?);
            }
            Ok(forgotten == AT_ONCE)
        })
        .await
    }

    async fn forget_some_replays(&self, before: Timestamp) -> Answer<bool> {
        self.write(move |tables| {
            let ended = (true, 0, "", "")..(true, before.0, "", "");
            let mut old = Vec::new();
            for row in tables.replays_by_time()?.range(ended)?.take(AT_ONCE) {
                let key = row?.0;
                let (_, at, lane, of) = key.value();
                old.push((at, lane.to_owned(), of.to_owned()));
            }
            for (at, lane, of) in &old {
                tables.replays_by_time()?.remove((true, *at, &**lane, &**of))?;
                tables.replays()?.remove((&**lane, &**of))?;
            }
            Ok(old.len() == AT_ONCE)
        })
        .await
    }

    /// The oldest of each tenant that were accepted before then.
    fn old_events(&self, before: Timestamp) -> Answer<Vec<(String, u64, String)>> {
        self.read(|read| {
            let (rows, mut old, mut tenant) = (read.open_table(EVENTS_BY_TIME)?, Vec::new(), String::new());
            // Nothing sorts between a name with a zero byte after it and the next name.
            while let Some(first) = rows.range((&*tenant, 0, "")..)?.next().transpose()? {
                let name = first.0.value().0.to_owned();
                for row in rows.range((&*name, 0, "")..(&*name, before.0, ""))?.take(AT_ONCE - old.len()) {
                    let key = row?.0;
                    let (tenant, at, id) = key.value();
                    old.push((tenant.to_owned(), at, id.to_owned()));
                }
                tenant = format!("{name}\0");
            }
            Ok(old)
        })
    }

    /// Removes bodies that neither the queue nor a dead letter names: a crash came between a body
    /// and its message. Only those received before `settled` are looked at.
    pub fn sweep_bodies(&self, settled: Timestamp) -> Answer<usize> {
        let all = self.inner.bodies.ids().map_err(|problem| Unavailable(problem.to_string()))?;
        let old: Vec<WebhookId> = all.into_iter().filter(|id| id.moment() < settled).collect();
        if old.is_empty() {
            return Ok(0);
        }
        let named = self.read(|read| {
            let mut named = HashSet::new();
            for row in read.open_table(QUEUE)?.iter()? {
                named.insert(row?.0.value().1);
            }
            for row in read.open_table(DEAD)?.iter()? {
                named.insert(row?.0.value());
            }
            Ok(named)
        })?;
        let orphans = old.into_iter().filter(|id| !named.contains(&id.bits()));
        Ok(orphans.map(|id| self.inner.bodies.remove(id)).count())
    }
}

/// What is not forgotten.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sparing {
    /// Events of which a turn is to come.
    OnItsWay,
    /// Those, and those that are held.
    Held,
}

/// Whether the event was forgotten.
pub(super) fn forget_event(
    tables: &mut Tables<'_>,
    tenant: &str,
    at: u64,
    id: &str,
    sparing: Sparing,
) -> Result<bool, redb::Error> {
    let row = tables.events()?.get((tenant, id))?.and_then(|row| events::read(tenant, id, row.value(), false));
    let lanes: Vec<String> = row.iter().flat_map(|kept| &kept.endpoints).map(|name| lane(tenant, name)).collect();
    for lane in &lanes {
        let state = tables.deliveries_by_time()?.get((&**lane, at, id))?.map(|row| row.value());
        let held = sparing == Sparing::Held && state == Some(State::Held as u8);
        if held || state == Some(State::Pending as u8) {
            return Ok(false);
        }
    }
    for lane in &lanes {
        for state in [State::Held, State::GivenUp] {
            undelivered::forget(tables, lane, state, at, id)?;
        }
        let removed = tables.deliveries()?.remove((&**lane, id))?.map_or(0, |row| row.value().len());
        tables.grown -= removed as i64 + DELIVERY;
        tables.deliveries_by_time()?.remove((&**lane, at, id))?;
    }
    let removed = tables.events()?.remove((tenant, id))?.map_or(0, |row| row.value().len());
    tables.grown -= removed as i64;
    tables.events_by_time()?.remove((tenant, at, id))?;
    Ok(true)
}
