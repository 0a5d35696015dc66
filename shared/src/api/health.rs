//! How an endpoint is doing, as its owner reads it.

use serde_json::{Value, json};

use super::unavailable;
use crate::endpoint::Endpoint;
use crate::reply::Refused;
use crate::seam::{Backlog, Consent, EndpointState, ReadHealth, Tally};
use crate::timestamp::Timestamp;

/// What came of attempts of late, and what has not arrived.
pub(super) struct Health {
    tally: Tally,
    backlog: Backlog,
}

impl Health {
    pub(super) async fn of(endpoint: &Endpoint, health: &impl ReadHealth, now: Timestamp) -> Result<Self, Refused> {
        let Endpoint { tenant, name, .. } = endpoint;
        let tally = health.tally(tenant, name, now).await.map_err(unavailable)?;
        let backlog = health.backlog(tenant, name).await.map_err(unavailable)?;
        Ok(Self { tally, backlog })
    }

    pub(super) fn shown(&self, state: &EndpointState) -> Value {
        let Self { tally, backlog: Backlog { oldest, next, held, given_up } } = self;
        let latency = tally.latency(0.5).zip(tally.latency(0.95));
        json!({
            "success_rate": tally.success_rate(),
            "attempts": tally.delivered + tally.failed,
            "latency": latency.map(|(p50, p95)| json!({ "p50": p50, "p95": p95 })),
            "failing_since": state.failing.as_ref().map(|failing| failing.since.to_string()),
            "oldest_undelivered": oldest.map(Timestamp::precise),
            "next_attempt": next.map(Timestamp::precise),
            "held": held,
            "given_up": given_up,
        })
    }
}

/// What it answered when it was asked whether it wants webhooks.
pub(super) fn consent(Consent { at, refused, rate, .. }: &Consent) -> Value {
    json!({ "at": at.to_string(), "refused": refused, "rate": rate })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::seam::Failing;

    #[test]
    fn what_nobody_tried_has_no_figures() {
        let health = Health { tally: Tally::default(), backlog: Backlog::default() };
        let shown = health.shown(&EndpointState::default());
        for none in ["success_rate", "latency", "failing_since", "oldest_undelivered", "next_attempt"] {
            assert_eq!(shown[none], Value::Null, "{none}");
        }
        assert_eq!((&shown["attempts"], &shown["held"], &shown["given_up"]), (&json!(0), &json!(0), &json!(0)));
    }

    #[test]
    fn figures_are_those_of_the_attempts_and_of_what_waits() {
        let mut tally = Tally::default();
        for (arrived, took) in [(true, 40), (true, 60), (true, 90), (false, 9_000)] {
            tally.count(arrived, Some(Duration::from_millis(took)));
        }
        let backlog = Backlog { oldest: Some(Timestamp(1_500)), next: Some(Timestamp(2_000)), held: 3, given_up: 4 };
        let failing = Some(Failing { since: Timestamp(1_000), told: true });
        let state = EndpointState { failing, ..EndpointState::default() };
        let expected = json!({
            "success_rate": 0.75, "attempts": 4, "latency": { "p50": 100, "p95": 10_000 },
            "failing_since": "1970-01-01T00:00:01Z", "oldest_undelivered": "1970-01-01T00:00:01.500Z",
            "next_attempt": "1970-01-01T00:00:02.000Z", "held": 3, "given_up": 4,
        });
        assert_eq!(Health { tally, backlog }.shown(&state), expected);
    }
}
