//! Lists of an index from the oldest on, where they were spread over several keys.

use std::time::Duration;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use futures_util::future::join_all;

use super::events::{self, Row, string};
use super::failure::{DYNAMODB, unavailable};
use super::history::{DAY, DAYS_AT_ONCE, INDEX, REMOVED, SHARDS, at, moment_key, shard_key};
use super::outbound::Outbound;
use super::release::AT_ONCE;
use super::store::text;
use super::undelivered::cursor;
use crate::seam::{Answer, Cursor, Matched, Page, Within};
use crate::timestamp::Timestamp;

/// More are not looked at in one step of a replay: a function that has other turns to make besides does it
/// in seconds.
pub(super) const PAGE: usize = 250;

/// Clocks differ.
const SOON: Duration = Duration::from_secs(60);

/// A part of an index: everything between two places, both left out.
pub(super) struct Span {
    /// After which the first comes; nothing is at it but what a page ended with.
    after: String,
    before: String,
}

impl Span {
    /// `None` if nothing can lie in it: DynamoDB refuses a range that ends before it begins.
    pub(super) fn of(within: &Within) -> Option<Self> {
        let since = moment_key(within.since);
        let after = within.after.as_ref().map(|Cursor { at, event }| self::at(*at, event));
        let after = after.map_or(since.clone(), |after| after.max(since));
        let before = moment_key(within.until);
        (after < before).then_some(Self { after, before })
    }

    pub(super) fn everything() -> Self {
        Self { after: moment_key(Timestamp(0)), before: moment_key(Timestamp(u64::MAX)) }
    }
}

impl Outbound {
    /// The first `most` rows under those keys of an index, oldest first.
    pub(super) async fn oldest(
        &self,
        index: &str,
        keys: impl Iterator<Item = String>,
        span: &Span,
        most: usize,
    ) -> Answer<Vec<Row>> {
        let found = join_all(keys.map(|key| async move { self.oldest_of(index, key, span, most).await })).await;
        let mut rows: Vec<Row> = found.into_iter().collect::<Answer<Vec<_>>>()?.into_iter().flatten().collect();
        rows.sort_by(|a, b| string(a, "at").cmp(&string(b, "at")));
        rows.truncate(most);
        Ok(rows)
    }

    async fn oldest_of(&self, index: &str, key: String, span: &Span, most: usize) -> Answer<Vec<Row>> {
        let (mut rows, mut next) = (Vec::new(), None);
        loop {
            let query = self.indexed(index, &key, span).set_exclusive_start_key(next);
            // The one that the page before ended with is found again, and left out.
            let page = query.limit(most as i32 + 1).send().await.map_err(|failure| unavailable(DYNAMODB, failure))?;
            let found = page.items.unwrap_or_default().into_iter();
            rows.extend(found.filter(|row| string(row, "at") != Some(&*span.after)));
            next = page.last_evaluated_key;
            if next.is_none() || rows.len() >= most {
                return Ok(rows);
            }
        }
    }

    /// Events by when they were accepted, from the oldest on, with what their rows say: the index says little.
    pub(super) async fn events_page(&self, tenant: &str, within: &Within) -> Answer<Page<Matched>> {
        let most = within.most.min(PAGE);
        let rows = self.listed_from(&format!("events/{tenant}"), within, most + 1).await?;
        let is_more = rows.len() > most;
        let found: Vec<Cursor> = rows.iter().take(most).filter_map(cursor).collect();
        let mut items = Vec::new();
        for some in found.chunks(AT_ONCE) {
            for head in join_all(some.iter().map(|at| self.event_head(tenant, &at.event))).await {
                let matched = |head| Some(Matched { endpoints: events::endpoints(&head), event: events::read(&head)? });
                items.extend(head?.and_then(matched));
            }
        }
        Ok(Page { items, next: found.last().filter(|_| is_more).cloned() })
    }

    /// Day by day forwards.
    async fn listed_from(&self, list: &str, within: &Within, most: usize) -> Answer<Vec<Row>> {
        let Some(span) = Span::of(within) else { return Ok(Vec::new()) };
        let now = Timestamp::now();
        let since = within.after.as_ref().map_or(within.since, |after| after.at.max(within.since));
        let first = since.max(now.before(self.kept() + REMOVED)).0 / DAY;
        let last = within.until.min(now.after(SOON)).0 / DAY;
        let (mut rows, mut day, mut days) = (Vec::new(), first, 1);
        while rows.len() < most && day <= last {
            let end = (day + days).min(last + 1);
            let keys = (day..end).flat_map(|day| (0..SHARDS).map(move |shard| shard_key(list, day, shard)));
            rows.extend(self.oldest(INDEX, keys, &span, most - rows.len()).await?);
            (day, days) = (end, (days * 2).min(DAYS_AT_ONCE));
        }
        Ok(rows)
    }

    /// Both indexes are ordered by `at`, and called by the name of their key.
    pub(super) fn indexed(&self, index: &str, key: &str, span: &Span) -> QueryFluentBuilder {
        self.table
            .client
            .query()
            .table_name(&self.table.name)
            .index_name(index)
            .key_condition_expression("#list = :list AND #at BETWEEN :after AND :before")
            .expression_attribute_names("#list", index)
            .expression_attribute_names("#at", "at")
            .expression_attribute_values(":list", text(key))
            .expression_attribute_values(":after", text(&*span.after))
            .expression_attribute_values(":before", text(&*span.before))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_begins_after_its_cursor_and_is_never_backwards() {
        let cursor = |at| Some(Cursor { at: Timestamp(at), event: "e".parse().unwrap() });
        let span = |since, until, after| {
            let within = Within { since: Timestamp(since), until: Timestamp(until), after, most: 1 };
            Span::of(&within).map(|span| (span.after, span.before))
        };
        let key = |moment: u64| format!("{moment:013}");
        assert_eq!(span(3, 9, None), Some((key(3), key(9))));
        assert_eq!(span(3, 9, cursor(5)), Some((format!("{}-e", key(5)), key(9))));
        assert_eq!(span(3, 9, cursor(1)), Some((key(3), key(9))), "what is older is not wanted");
        assert_eq!([span(9, 9, None), span(9, 3, None), span(3, 9, cursor(9))], [None, None, None]);
    }
}
