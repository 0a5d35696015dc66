//! History: the index `history` lists events, and each endpoint's deliveries, by day.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::future::join_all;

use super::attempts::{name, outline, place, whole};
use super::events::{self, Row, partition};
use super::failure::{DYNAMODB, unavailable};
use super::outbound::Outbound;
use super::store::text;
use crate::event::{Event, EventId};
use crate::seam::{Answer, Cursor, Delivery, DeliveryKey, History, Page, Range, State};
use crate::timestamp::Timestamp;

pub(super) const INDEX: &str = "history";

/// No key takes all of a busy endpoint's writes: a day's are spread over so many.
pub(super) const SHARDS: u32 = 4;

/// Rows looked at in one call, where few are of the state that is wanted.
const LOOKED_AT: i32 = 1_000;

pub(super) const DAY: u64 = 86_400_000;

/// Where a day holds little, more of the days before it are read at once.
pub(super) const DAYS_AT_ONCE: u64 = 16;

/// DynamoDB removes a row up to two days after its time.
pub(super) const REMOVED: Duration = Duration::from_secs(2 * 86_400);

/// The key under which something of that moment is listed.
pub(super) fn history_key(list: &str, received: Timestamp, event: &EventId) -> String {
    shard_key(list, received.0 / DAY, shard_of(event))
}

pub(super) fn shard_of(event: &EventId) -> u32 {
    event.as_str().bytes().map(u32::from).sum::<u32>() % SHARDS
}

pub(super) fn shard_key(list: &str, day: u64, shard: u32) -> String {
    format!("{list}/{day}/{shard}")
}

/// Sorts by time, and tells those of one moment apart.
pub(super) fn at(received: Timestamp, event: &EventId) -> String {
    format!("{}-{event}", moment_key(received))
}

/// Sorts before everything of that moment.
pub(super) fn moment_key(moment: Timestamp) -> String {
    format!("{:013}", moment.0.min(9_999_999_999_999))
}

impl History for Outbound {
    async fn events(&self, tenant: &str, range: &Range) -> Answer<Page<Event>> {
        self.list(&format!("events/{tenant}"), None, range, events::read, |event| (event.received, &event.id)).await
    }

    async fn deliveries_of(&self, tenant: &str, event: &EventId) -> Answer<Option<Vec<Delivery>>> {
        let (mut rows, mut next): (Vec<Row>, _) = (Vec::new(), None);
        loop {
            let query = self.table.client.query().table_name(&self.table.name).consistent_read(true);
            let query = query.key_condition_expression("pk = :event").set_exclusive_start_key(next);
            let query = query.expression_attribute_values(":event", text(partition(tenant, event)));
            let page = query.send().await.map_err(|failure| unavailable(DYNAMODB, failure))?;
            rows.extend(page.items.unwrap_or_default());
            next = page.last_evaluated_key;
            if next.is_none() {
                break;
            }
        }
        let Some(head) = rows.iter().find(|row| events::string(row, "sk") == Some("-")) else { return Ok(None) };
        let Some(kept) = events::read(head) else { return Ok(None) };
        let by_place: HashMap<&str, &Row> =
            rows.iter().filter_map(|row| Some((events::string(row, "sk")?, row))).collect();
        let delivery = |endpoint: String| {
            let row = by_place.get(&*place(&endpoint));
            let key = DeliveryKey { tenant: tenant.to_owned(), event: event.clone(), endpoint };
            row.and_then(|row| known(row)).unwrap_or_else(|| Delivery::queued(key, &kept))
        };
        Ok(Some(events::endpoints(head).into_iter().map(delivery).collect()))
    }

    async fn deliveries_to(
        &self,
        tenant: &str,
        endpoint: &str,
        state: Option<State>,
        range: &Range,
    ) -> Answer<Page<Delivery>> {
        let list = format!("to/{tenant}/{endpoint}");
        let mut page = self.list(&list, state, range, outline, |to| (to.received, &to.key.event)).await?;
        for delivery in &mut page.items {
            if let Some(whole) = self.delivery_as_written(&delivery.key).await? {
                *delivery = whole;
            }
        }
        Ok(page)
    }

    async fn delivery(&self, key: &DeliveryKey) -> Answer<Option<Delivery>> {
        if let Some(row) = self.delivery_row_now(key).await? {
            return Ok(known(&row));
        }
        let head = self.event_head(&key.tenant, &key.event).await?;
        let head = head.filter(|head| events::endpoints(head).contains(&key.endpoint));
        Ok(head.and_then(|head| events::read(&head)).map(|event| Delivery::queued(key.clone(), &event)))
    }
}

/// Of one that cannot be read its row still says where it stands.
fn known(row: &Row) -> Option<Delivery> {
    whole(row).ok().flatten().or_else(|| outline(row))
}

impl Outbound {
    async fn delivery_as_written(&self, key: &DeliveryKey) -> Answer<Option<Delivery>> {
        let get = self.table.client.get_item().table_name(&self.table.name);
        let get = get.key("pk", text(partition(&key.tenant, &key.event))).key("sk", text(place(&key.endpoint)));
        let got = get.send().await.map_err(|failure| unavailable(DYNAMODB, failure))?;
        Ok(got.item.as_ref().map(whole).transpose()?.flatten())
    }

    /// One page of a list, day by day backwards.
    async fn list<T>(
        &self,
        list: &str,
        state: Option<State>,
        range: &Range,
        read: impl Fn(&Row) -> Option<T>,
        key: impl Fn(&T) -> (Timestamp, &EventId),
    ) -> Answer<Page<T>> {
        let now = Timestamp::now();
        let until = range.after.as_ref().map_or(range.until, |after| after.at).min(now.after(Duration::from_secs(60)));
        // DynamoDB refuses a range that ends before it begins.
        if until < range.since {
            return Ok(Page { items: Vec::new(), next: None });
        }
        let since = range.since.max(now.before(self.kept() + REMOVED));
        let (mut items, mut day, mut days) = (Vec::new(), until.0 / DAY, 1);
        while items.len() <= range.most && day >= since.0 / DAY {
            let keys = (0..days).filter_map(|back| day.checked_sub(back));
            let keys = keys.flat_map(|day| (0..SHARDS).map(move |shard| shard_key(list, day, shard)));
            let found = join_all(keys.map(|key| async move { self.shard(&key, state, range).await })).await;
            let mut found: Vec<T> =
                found.into_iter().collect::<Answer<Vec<_>>>()?.iter().flatten().filter_map(&read).collect();
            found.sort_by(|a, b| key(b).cmp(&key(a)));
            items.extend(found);
            let Some(before) = day.checked_sub(days) else { break };
            (day, days) = (before, (days * 2).min(DAYS_AT_ONCE));
        }
        let is_more = items.len() > range.most;
        items.truncate(range.most);
        let last = items.last().filter(|_| is_more).map(key);
        let next = last.map(|(at, event)| Cursor { at, event: event.clone() });
        Ok(Page { items, next })
    }

    /// The latest of one key, one more than a page holds.
    async fn shard(&self, key: &str, state: Option<State>, range: &Range) -> Answer<Vec<Row>> {
        let before = match &range.after {
            Some(Cursor { at, event }) => self::at(*at, event),
            None => moment_key(range.until),
        };
        // What a filter leaves out counts for the limit.
        let limit = if state.is_some() { LOOKED_AT } else { range.most as i32 + 2 };
        let (mut rows, mut next) = (Vec::new(), None);
        loop {
            let mut query = self
                .table
                .client
                .query()
                .table_name(&self.table.name)
                .index_name(INDEX)
                .scan_index_forward(false)
                .key_condition_expression("history = :history AND #at BETWEEN :since AND :before")
                .expression_attribute_names("#at", "at")
                .expression_attribute_values(":history", text(key))
                .expression_attribute_values(":since", text(moment_key(range.since)))
                .expression_attribute_values(":before", text(&*before))
                .limit(limit)
                .set_exclusive_start_key(next);
            if let Some(state) = state {
                query = query
                    .filter_expression("#state = :state")
                    .expression_attribute_names("#state", "state")
                    .expression_attribute_values(":state", text(name(state)));
            }
            let page = query.send().await.map_err(|failure| unavailable(DYNAMODB, failure))?;
            // BETWEEN includes its ends; the page before ended with this one.
            let found = page.items.unwrap_or_default().into_iter();
            rows.extend(found.filter(|row| events::string(row, "at") != Some(&*before)));
            next = page.last_evaluated_key;
            if next.is_none() || rows.len() > range.most {
                return Ok(rows);
            }
        }
    }
}
