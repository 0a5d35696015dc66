//! Metrics of deliveries, as CloudWatch reads them in a line of the log (embedded metric format).

use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value, json};

use crate::seam::{Attempt, Step};
use crate::timestamp::Timestamp;

/// CloudWatch reads no more values of a metric in one line.
const MOST_VALUES: usize = 100;

/// What came of deliveries since the last line.
#[derive(Default)]
pub(super) struct Metrics(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    delivered: u64,
    failed: u64,
    given_up: u64,
    held: u64,
    latency: Vec<u64>,
    undelivered_age: u64,
}

impl Metrics {
    /// A delivery, of an event accepted at `received`, took that step.
    pub(super) fn settled(&self, received: Timestamp, attempt: Option<&Attempt>, step: Step, now: Timestamp) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match step {
            Step::Delivered => seen.delivered += 1,
            Step::GivenUp => seen.given_up += 1,
            Step::Held => seen.held += 1,
            Step::Again { .. } => seen.undelivered_age = seen.undelivered_age.max(now.since(received).as_secs()),
            Step::Cancelled => {}
        }
        let Some(attempt) = attempt else { return };
        seen.failed += u64::from(step != Step::Delivered);
        if attempt.status.is_some() && seen.latency.len() < MOST_VALUES {
            seen.latency.push(attempt.took);
        }
    }

    /// `None` if nothing was seen. What did not happen is left out: a metric without values costs nothing.
    pub(super) fn line(&self, namespace: &str, now: Timestamp) -> Option<String> {
        let seen = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let count = |count: u64| (count > 0).then(|| json!(count));
        let values = [
            ("Delivered", "Count", count(seen.delivered)),
            ("Failed", "Count", count(seen.failed)),
            ("GivenUp", "Count", count(seen.given_up)),
            ("Held", "Count", count(seen.held)),
            ("Latency", "Milliseconds", (!seen.latency.is_empty()).then(|| json!(seen.latency))),
            ("UndeliveredAge", "Seconds", count(seen.undelivered_age)),
        ];
        let (mut metrics, mut line) = (Vec::new(), Map::new());
        for (name, unit, value) in values {
            let Some(value) = value else { continue };
            metrics.push(json!({ "Name": name, "Unit": unit }));
            line.insert(name.to_owned(), value);
        }
        if metrics.is_empty() {
            return None;
        }
        // No dimension: each endpoint, or each tenant, would be a metric to pay for.
        let directive = json!({ "Namespace": namespace, "Dimensions": [[]], "Metrics": metrics });
        line.insert("_aws".to_owned(), json!({ "Timestamp": now.0, "CloudWatchMetrics": [directive] }));
        Some(Value::Object(line).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_came_of_a_batch_and_the_next_begins_anew() {
        let (metrics, now) = (Metrics::default(), Timestamp(100_000_000));
        let attempt = |status| Attempt { number: 1, at: Timestamp(1), took: 12, status, error: None, response: None };
        let settled = |received, attempt: Option<Attempt>, step| {
            metrics.settled(Timestamp(received), attempt.as_ref(), step, now);
        };
        settled(0, Some(attempt(Some(204))), Step::Delivered);
        settled(99_995_000, Some(attempt(Some(500))), Step::Again { due: now });
        settled(99_990_000, Some(attempt(None)), Step::Again { due: now });
        settled(0, Some(attempt(Some(410))), Step::Held);
        settled(0, None, Step::Held);
        settled(0, None, Step::Cancelled);
        let line: Value = serde_json::from_str(&metrics.line("Hookpost/a", now).unwrap()).unwrap();
        let of = |name: &str| line[name].clone();
        let counts = ["Delivered", "Failed", "GivenUp", "Held", "UndeliveredAge"].map(of);
        assert_eq!(counts, [json!(1), json!(3), Value::Null, json!(2), json!(10)]);
        assert_eq!(line["Latency"], json!([12, 12, 12]));
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!((&directive["Namespace"], &directive["Dimensions"]), (&json!("Hookpost/a"), &json!([[]])));
        let named = directive["Metrics"].as_array().unwrap();
        assert_eq!((named.len(), &line["_aws"]["Timestamp"]), (5, &json!(now.0)));
        assert!(named.iter().all(|metric| line.get(metric["Name"].as_str().unwrap()).is_some()));
        assert_eq!(metrics.line("Hookpost/a", now), None);
    }
}
