//! How endpoints are doing: attempts, counted in memory and then in a row for each hour; and what the
//! index of undelivered ones says.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;

use super::endpoint_states::partition;
use super::events::{Row, moment, string};
use super::failure::{DYNAMODB, unavailable};
use super::outbound::Outbound;
use super::release::AT_ONCE;
use super::store::{expiry, number, text};
use crate::seam::{Answer, Backlog, COUNTED, CountAttempts, ReadHealth, STEPS, Tally};
use crate::timestamp::Timestamp;

/// An endpoint's counts are written no more often.
const REST: Duration = Duration::from_secs(60);

const HOUR: u64 = 3_600_000;

/// Of more endpoints nothing is remembered but what is to be written.
const MOST: usize = 1_000;

/// What was counted and not yet written.
#[derive(Default)]
pub(super) struct Counts(Mutex<HashMap<String, Counted>>);

#[derive(Default)]
struct Counted {
    hours: BTreeMap<u64, Tally>,
    written: Timestamp,
}

impl Counts {
    fn count(&self, endpoint: String, at: Timestamp, arrived: bool, answered_after: Option<Duration>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let counted = all.entry(endpoint).or_default();
        counted.hours.entry(at.0 / HOUR).or_default().count(arrived, answered_after);
    }

    /// Takes what is to be written now: the first counts of an endpoint at once, as nobody may be there later.
    fn due(&self, now: Timestamp) -> Vec<(String, u64, Tally)> {
        let (mut all, mut due) = (self.0.lock().unwrap_or_else(PoisonError::into_inner), Vec::new());
        for (endpoint, counted) in all.iter_mut().filter(|(_, counted)| now.since(counted.written) >= REST) {
            if !counted.hours.is_empty() {
                counted.written = now;
            }
            let hours = std::mem::take(&mut counted.hours).into_iter();
            due.extend(hours.map(|(hour, tally)| (endpoint.clone(), hour, tally)));
        }
        if all.len() > MOST {
            all.retain(|_, counted| !counted.hours.is_empty() || now.since(counted.written) < REST);
        }
        due
    }

    fn waiting(&self, endpoint: &str, hours: std::ops::RangeInclusive<u64>) -> Tally {
        let (all, mut sum) = (self.0.lock().unwrap_or_else(PoisonError::into_inner), Tally::default());
        let waiting = all.get(endpoint).into_iter().flat_map(|counted| counted.hours.range(hours.clone()));
        waiting.for_each(|(_, tally)| sum.add(tally));
        sum
    }
}

impl CountAttempts for Outbound {
    /// In memory only: whoever handles a batch has the counts written when it is done.
    async fn count_attempt(
        &self,
        tenant: &str,
        endpoint: &str,
        at: Timestamp,
        arrived: bool,
        answered_after: Option<Duration>,
    ) {
        self.counts.count(partition(tenant, endpoint), at, arrived, answered_after);
    }
}

impl ReadHealth for Outbound {
    async fn tally(&self, tenant: &str, endpoint: &str, now: Timestamp) -> Answer<Tally> {
        let key = partition(tenant, endpoint);
        let hours = now.before(COUNTED).0 / HOUR..=now.0 / HOUR;
        let query = self.table.client.query().table_name(&self.table.name);
        let query = query
            .key_condition_expression("pk = :endpoint AND sk BETWEEN :first AND :last")
            .expression_attribute_values(":endpoint", text(&*key))
            .expression_attribute_values(":first", text(place(*hours.start())))
            .expression_attribute_values(":last", text(place(*hours.end())));
        let page = query.send().await.map_err(|failure| unavailable(DYNAMODB, failure))?;
        let mut sum = self.counts.waiting(&key, hours);
        page.items.unwrap_or_default().iter().for_each(|row| sum.add(&read(row)));
        Ok(sum)
    }

    async fn backlog(&self, tenant: &str, endpoint: &str) -> Answer<Backlog> {
        self.backlog_of(tenant, endpoint).await
    }
}

impl Outbound {
    /// Writes the counts whose time has come: of an endpoint once a minute at most.
    pub(super) async fn write_counts(&self, now: Timestamp) {
        for some in self.counts.due(now).chunks(AT_ONCE) {
            let written = some.iter().map(|(endpoint, hour, tally)| self.add_counts(endpoint, *hour, tally));
            for problem in join_all(written).await.into_iter().filter_map(Result::err) {
                tracing::warn!(%problem, "attempts of a minute are not counted");
            }
        }
    }

    async fn add_counts(&self, endpoint: &str, hour: u64, tally: &Tally) -> Answer<()> {
        let update = self.table.client.update_item().table_name(&self.table.name);
        let mut update = update.key("pk", text(endpoint)).key("sk", text(place(hour)));
        let counts = [tally.delivered, tally.failed].into_iter().chain(tally.took);
        let mut added = Vec::new();
        for (name, count) in names().zip(counts).filter(|(_, count)| *count > 0) {
            added.push(format!("#{name} :{name}"));
            update = update.expression_attribute_names(format!("#{name}"), &name);
            update = update.expression_attribute_values(format!(":{name}"), number(count));
        }
        let over = Timestamp((hour + 1) * HOUR).after(COUNTED);
        let update = update
            .update_expression(format!("SET expires = :expires ADD {}", added.join(", ")))
            .expression_attribute_values(":expires", expiry(over));
        update.send().await.map_err(|failure| unavailable(DYNAMODB, failure))?;
        Ok(())
    }
}

/// The sort key of an hour's counts, below their endpoint.
fn place(hour: u64) -> String {
    format!("health/{hour:07}")
}

/// The attributes of a row, as a tally counts.
fn names() -> impl Iterator<Item = String> {
    let steps = (0..=STEPS.len()).map(|step| format!("took_{step}"));
    ["delivered".to_owned(), "failed".to_owned()].into_iter().chain(steps)
}

fn read(row: &Row) -> Tally {
    debug_assert!(string(row, "sk").is_some_and(|place| place.starts_with("health/")));
    let mut counts = names().map(|name| moment(row, &name).map(|count| count.0).unwrap_or_default());
    let mut next = || counts.next().unwrap_or_default();
    let (delivered, failed) = (next(), next());
    Tally { delivered, failed, took: std::array::from_fn(|_| next()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: u64) -> Timestamp {
        Timestamp(1_700_000_000_000 + second * 1_000)
    }

    #[test]
    fn counts_of_an_endpoint_are_written_once_a_minute() {
        let counts = Counts::default();
        let count = |endpoint: &str, second| counts.count(endpoint.into(), at(second), true, None);
        let due = |second| {
            let mut due = counts.due(at(second));
            due.sort_by(|a, b| a.0.cmp(&b.0));
            due.into_iter().map(|(endpoint, _, tally)| (endpoint, tally.delivered)).collect::<Vec<_>>()
        };
        count("a", 0);
        assert_eq!(due(0), [("a".to_owned(), 1)]);
        (1..50).for_each(|second| count("a", second));
        count("b", 50);
        assert_eq!(due(59), [("b".to_owned(), 1)]);
        assert_eq!(due(60), [("a".to_owned(), 49)], "those that no attempt came after, too");
        assert_eq!(due(500), []);
    }

    #[test]
    fn hours_are_counted_apart() {
        let counts = Counts::default();
        for hour in [0, 1, 1, 24] {
            counts.count("a".into(), Timestamp(hour * HOUR), false, Some(Duration::from_millis(7)));
        }
        assert_eq!(counts.waiting("a", 1..=24).failed, 3);
        let due: Vec<_> = counts.due(at(0)).into_iter().map(|(_, hour, tally)| (hour, tally.took[0])).collect();
        assert_eq!(due, [(0, 1), (1, 2), (24, 1)]);
    }

    #[test]
    fn no_more_endpoints_are_remembered_than_were_called_of_late() {
        let counts = Counts::default();
        (0..=MOST).for_each(|n| counts.count(n.to_string(), at(0), true, None));
        assert_eq!(counts.due(at(0)).len(), MOST + 1);
        counts.count("a".into(), at(100), true, None);
        counts.due(at(100));
        assert_eq!(counts.0.lock().unwrap().len(), 1);
    }
}
