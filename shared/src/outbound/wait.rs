//! `?wait=1`: what came of an event at each endpoint, read from history until all were tried.

use std::time::Duration;

use serde::Serialize;
use tokio::time::sleep;

use crate::event::Event;
use crate::seam::{Answer, Clock, Delivery, History, State};

/// Nobody waits longer.
const LONGEST: Duration = Duration::from_secs(10);

/// History is read again after this, and each time after twice as long.
const FIRST_LOOK: Duration = Duration::from_millis(10);
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What came of the event at one endpoint.
#[derive(Debug, Serialize)]
pub(super) struct Outcome {
    endpoint: String,
    outcome: Settled,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// Milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    took: Option<u64>,
    /// When it is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// The words of JavaScript's `Promise.allSettled`, and those for what has not settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Settled {
    Fulfilled,
    Rejected,
    Held,
    Pending,
}

/// The outcomes, and whether every endpoint was tried.
pub(super) async fn outcomes(
    history: &impl History,
    clock: &impl Clock,
    event: &Event,
) -> Answer<(Vec<Outcome>, bool)> {
    let (until, mut pause) = (clock.now().after(LONGEST), FIRST_LOOK);
    loop {
        let deliveries = history.deliveries_of(&event.tenant, &event.id).await?.unwrap_or_default();
        let are_all = deliveries.iter().all(|delivery| outcome_of(delivery) != Settled::Pending);
        if are_all || clock.now().after(pause) > until {
            return Ok((deliveries.into_iter().map(Outcome::from).collect(), are_all));
        }
        sleep(pause).await;
        pause = (pause * 2).min(LOOK_EVERY);
    }
}

fn outcome_of(delivery: &Delivery) -> Settled {
    match delivery.state {
        State::Delivered => Settled::Fulfilled,
        State::Held => Settled::Held,
        State::Pending if delivery.attempts.is_empty() => Settled::Pending,
        State::Pending | State::GivenUp | State::Cancelled => Settled::Rejected,
    }
}

impl From<Delivery> for Outcome {
    fn from(delivery: Delivery) -> Self {
        let outcome = outcome_of(&delivery);
        let next = delivery.next.filter(|_| outcome == Settled::Rejected).map(|(_, due)| due.to_string());
        let last = delivery.attempts.into_iter().next_back();
        let (status, error, took) = last.map(|last| (last.status, last.error, Some(last.took))).unwrap_or_default();
        Self { endpoint: delivery.key.endpoint, outcome, status, error, took, next }
    }
}
