//! The index `undelivered`: deliveries that are held, given up, or tried again after a failure, by
//! endpoint and state. What arrives at the first attempt is never in it.

use aws_sdk_dynamodb::types::Select;
use futures_util::future::{join_all, try_join};

use super::attempts::name;
use super::events::{Row, moment, string};
use super::failure::{DYNAMODB, unavailable};
use super::history::{SHARDS, shard_of};
use super::oldest::{PAGE, Span};
use super::outbound::Outbound;
use crate::seam::{Answer, Backlog, Cursor, Delivery, MOST_COUNTED, Page, State, Within};
use crate::timestamp::Timestamp;

const INDEX: &str = "undelivered";

/// The next attempts of so many of the oldest are looked at.
const OLDEST: usize = 100;

/// The key under which a delivery is to be listed, if it is.
pub(super) fn list_of(delivery: &Delivery) -> Option<String> {
    let is_listed = match delivery.state {
        State::Held | State::GivenUp => true,
        State::Pending => !delivery.attempts.is_empty(),
        State::Delivered | State::Cancelled => false,
    };
    let list = || list(&delivery.key.tenant, &delivery.key.endpoint, delivery.state, shard_of(&delivery.key.event));
    is_listed.then(list)
}

fn list(tenant: &str, endpoint: &str, state: State, shard: u32) -> String {
    format!("{}/{tenant}/{endpoint}/{shard}", name(state))
}

fn lists(tenant: &str, endpoint: &str, state: State) -> impl Iterator<Item = String> {
    (0..SHARDS).map(move |shard| list(tenant, endpoint, state, shard))
}

/// Where a row stands in its list.
pub(super) fn cursor(row: &Row) -> Option<Cursor> {
    read_at(string(row, "at")?)
}

pub(super) fn read_at(at: &str) -> Option<Cursor> {
    let (at, event) = at.split_once('-')?;
    Some(Cursor { at: Timestamp(at.parse().ok()?), event: event.parse().ok()? })
}

impl Outbound {
    pub(super) async fn undelivered_page(
        &self,
        tenant: &str,
        endpoint: &str,
        state: State,
        within: &Within,
    ) -> Answer<Page<Cursor>> {
        let Some(span) = Span::of(within) else { return Ok(Page { items: Vec::new(), next: None }) };
        let most = within.most.min(PAGE);
        let rows = self.oldest(INDEX, lists(tenant, endpoint, state), &span, most + 1).await?;
        let is_more = rows.len() > most;
        let items: Vec<Cursor> = rows.iter().take(most).filter_map(cursor).collect();
        let next = items.last().filter(|_| is_more).cloned();
        Ok(Page { items, next })
    }

    pub(super) async fn backlog_of(&self, tenant: &str, endpoint: &str) -> Answer<Backlog> {
        let everything = Span::everything();
        let oldest = self.oldest(INDEX, lists(tenant, endpoint, State::Pending), &everything, OLDEST);
        let counts = try_join(
            self.undelivered_count(tenant, endpoint, State::Held),
            self.undelivered_count(tenant, endpoint, State::GivenUp),
        );
        let (oldest, (held, given_up)) = try_join(oldest, counts).await?;
        Ok(Backlog {
            oldest: oldest.first().and_then(cursor).map(|first| first.at),
            next: oldest.iter().filter_map(|row| moment(row, "due")).min(),
            held,
            given_up,
        })
    }

    async fn undelivered_count(&self, tenant: &str, endpoint: &str, state: State) -> Answer<u32> {
        let lists = lists(tenant, endpoint, state);
        let counts = join_all(lists.map(|list| async move { self.count(&list).await })).await;
        let sum = counts.into_iter().sum::<Answer<u32>>()?;
        Ok(sum.min(MOST_COUNTED))
    }

    async fn count(&self, list: &str) -> Answer<u32> {
        let (everything, mut sum, mut next) = (Span::everything(), 0, None);
        loop {
            let query = self.indexed(INDEX, list, &everything).select(Select::Count);
            let query = query.limit((MOST_COUNTED - sum) as i32).set_exclusive_start_key(next);
            let page = query.send().await.map_err(|failure| unavailable(DYNAMODB, failure))?;
            sum += page.count as u32;
            next = page.last_evaluated_key;
            if next.is_none() || sum >= MOST_COUNTED {
                return Ok(sum);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::seam::{Attempt, DeliveryKey, Step};

    fn delivery(attempts: u32) -> Delivery {
        let key = DeliveryKey { tenant: "t".into(), event: "e".parse().unwrap(), endpoint: "a".into() };
        let made = |number| Attempt { number, at: Timestamp(1), took: 1, status: None, error: None, response: None };
        Delivery {
            key,
            kind: "k".parse().unwrap(),
            received: Timestamp(7),
            state: State::Pending,
            next: None,
            before: 0,
            attempts: (1..=attempts).map(made).collect(),
        }
    }

    #[test]
    fn only_what_has_not_arrived_is_listed() {
        let after = |step, attempts| {
            let mut delivery = delivery(attempts);
            delivery.take(step, attempts.max(1));
            list_of(&delivery)
        };
        let shard = u32::from(b'e') % SHARDS;
        let again = Step::Again { due: Timestamp(9).after(Duration::from_secs(1)) };
        assert_eq!(after(Step::Held, 0), Some(format!("held/t/a/{shard}")));
        assert_eq!(after(Step::GivenUp, 3), Some(format!("given_up/t/a/{shard}")));
        assert_eq!(after(again, 1), Some(format!("pending/t/a/{shard}")));
        assert_eq!([after(again, 0), after(Step::Delivered, 1), after(Step::Cancelled, 1)], [None, None, None]);
    }

    #[test]
    fn a_row_says_where_it_stands() {
        let at = crate::aws::history::at(Timestamp(1_700_000_000_123), &"a-b-c".parse().unwrap());
        let row = Row::from([("at".to_owned(), super::super::store::text(at))]);
        assert_eq!(cursor(&row), Some(Cursor { at: Timestamp(1_700_000_000_123), event: "a-b-c".parse().unwrap() }));
    }
}
