//! History: events and deliveries read back, by name and by time.

use super::deliveries;
use super::events;
use super::lanes::{lane, lane_of};
use super::store::Store;
use super::tables::{DELIVERIES, DELIVERIES_BY_TIME, EVENTS, EVENTS_BY_TIME};
use crate::event::{Event, EventId};
use crate::seam::{Answer, Cursor, Delivery, DeliveryKey, History, Page, Range, State};
use crate::timestamp::Timestamp;

/// Rows looked at for one page, where few are of the state that is wanted.
const LOOKED_AT: usize = 10_000;

/// Where a page ends: just before this, and before what was accepted at that very time.
fn end(range: &Range) -> (u64, &str) {
    match &range.after {
        Some(Cursor { at, event }) => (at.0, event.as_str()),
        None => (range.until.0, ""),
    }
}

impl History for Store {
    async fn events(&self, tenant: &str, range: &Range) -> Answer<Page<Event>> {
        self.read(|read| {
            let (by_time, by_id) = (read.open_table(EVENTS_BY_TIME)?, read.open_table(EVENTS)?);
            let (mut items, mut next, (at, id)) = (Vec::new(), None, end(range));
            for row in by_time.range((tenant, range.since.0, "")..(tenant, at, id))?.rev() {
                let key = row?.0;
                let (_, _, id) = key.value();
                if items.len() == range.most {
                    next = items.last().map(|last: &Event| Cursor { at: last.received, event: last.id.clone() });
                    break;
                }
                let row = by_id.get((tenant, id))?;
                items.extend(row.and_then(|row| events::read(tenant, id, row.value(), false)).map(|kept| kept.event));
            }
            Ok(Page { items, next })
        })
    }

    async fn deliveries_of(&self, tenant: &str, event: &EventId) -> Answer<Option<Vec<Delivery>>> {
        let Some(stored) = self.stored(tenant, event, false)? else { return Ok(None) };
        let mut deliveries = Vec::new();
        for endpoint in &stored.endpoints {
            let key = DeliveryKey { tenant: tenant.into(), event: event.clone(), endpoint: endpoint.clone() };
            deliveries.push(self.known(key, &stored.event)?);
        }
        Ok(Some(deliveries))
    }

    async fn deliveries_to(
        &self,
        tenant: &str,
        endpoint: &str,
        state: Option<State>,
        range: &Range,
    ) -> Answer<Page<Delivery>> {
        let name = lane(tenant, endpoint);
        let (found, next) = self.read(|read| {
            let by_time = read.open_table(DELIVERIES_BY_TIME)?;
            let (mut found, mut next, (at, id)) = (Vec::new(), None, end(range));
            let rows = by_time.range((&*name, range.since.0, "")..(&*name, at, id))?.rev();
            for (looked_at, row) in rows.enumerate() {
                let (key, value) = row?;
                let ((_, at, id), is) = (key.value(), value.value());
                if found.len() == range.most || looked_at == LOOKED_AT {
                    break;
                }
                let Ok(event) = id.parse::<EventId>() else { continue };
                next = Some(Cursor { at: Timestamp(at), event: event.clone() });
                if state.is_none_or(|wanted| wanted as u8 == is) {
                    found.push(event);
                }
            }
            let is_all = next.as_ref().is_none_or(|Cursor { at, event }| {
                by_time
                    .range((&*name, range.since.0, "")..(&*name, at.0, event.as_str()))
                    .is_ok_and(|mut rest| rest.next().is_none())
            });
            Ok((found, next.filter(|_| !is_all)))
        })?;
        let mut items = Vec::new();
        for event in found {
            let key = DeliveryKey { tenant: tenant.into(), event, endpoint: endpoint.into() };
            items.extend(self.delivery(&key).await?);
        }
        Ok(Page { items, next })
    }

    async fn delivery(&self, key: &DeliveryKey) -> Answer<Option<Delivery>> {
        let Some(stored) = self.stored(&key.tenant, &key.event, false)? else { return Ok(None) };
        if !stored.endpoints.contains(&key.endpoint) {
            return Ok(None);
        }
        self.known(key.clone(), &stored.event).map(Some)
    }
}

impl Store {
    /// What is known of a delivery.
    fn known(&self, key: DeliveryKey, event: &Event) -> Answer<Delivery> {
        let (name, id) = (lane_of(&key), key.event.as_str());
        let written = self.read(|read| {
            let row = read.open_table(DELIVERIES)?.get((&*name, id))?;
            Ok(row.and_then(|row| deliveries::read(row.value())))
        })?;
        Ok(written.unwrap_or_else(|| Delivery::queued(key.clone(), event)))
    }
}
