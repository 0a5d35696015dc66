//! Posted → judged: whether it has arrived, what becomes of it, and what its endpoint asked for.

use std::time::Duration;

use http::HeaderMap;

use super::health::Outcome;
use super::open::Open;
use super::post::Posted;
use super::{Handled, redact, retry_after};
use crate::endpoint::Endpoint;
use crate::seam::{Attempt, Disabled, EndpointState, NoAnswer, Received, Step, Turn};
use crate::timestamp::Timestamp;

/// An attempt with its verdict.
pub(super) struct Judged {
    pub(super) attempt: Attempt,
    pub(super) step: Step,
    /// What becomes of its endpoint, if anything.
    pub(super) change: Option<Change>,
    pub(super) outcome: Outcome,
    pub(super) handled: Handled,
}

/// What an answer does to its endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Disable(Disabled),
    Slow { until: Timestamp },
}

/// These say that the endpoint has too much to do: nothing is sent to it for a while.
const OVERLOADED: [u16; 4] = [429, 502, 503, 504];

/// For how long, where it does not say so itself.
const REST: Duration = Duration::from_secs(5);

/// A rest that ends so little later is the same.
const NEARLY: Duration = Duration::from_secs(1);

/// Nobody may ask for a longer rest.
const LONGEST_REST: Duration = Duration::from_secs(86_400);

const GONE: u16 = 410;

/// What a receiver may say of the delivery itself.
const ORDER: &str = "webhook-delivery";

pub(super) fn judge(open: &Open, before: u32, posted: Posted) -> Judged {
    let Posted { outcome, at, ended } = posted;
    let number = open.turn.number;
    let mut attempt =
        Attempt { number, at, took: ended.since(at).as_millis() as u64, status: None, error: None, response: None };
    match outcome {
        Ok(received) => {
            attempt.status = Some(received.status);
            attempt.response = redact::response(&open.endpoint, &received.body);
            let verdict = Verdict::of(&open.endpoint, &received, ended);
            attempt.error = verdict.words(received.status).map(str::to_owned);
            let (handled, outcome) = (verdict.handled(), verdict.outcome());
            let (step, change) = verdict.step(open, before, ended);
            Judged { attempt, step, change, outcome, handled }
        }
        Err(NoAnswer { kind, words }) => {
            attempt.error = Some(format!("{kind}: {words}"));
            let (step, outcome) = (next(open, before, ended, None), Outcome::Failed);
            Judged { attempt, step, change: None, outcome, handled: Handled::Strained }
        }
    }
}

/// What an answer means.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Arrived,
    /// Try again, by the schedule.
    Failed,
    /// Leave the endpoint alone until then.
    Rest {
        until: Timestamp,
    },
    /// No more of this delivery.
    Abort,
    /// No more of anything.
    Disable {
        reason: &'static str,
        /// This delivery has arrived all the same.
        arrived: bool,
    },
}

impl Verdict {
    fn of(endpoint: &Endpoint, received: &Received, now: Timestamp) -> Self {
        let order = order(&received.headers);
        let arrived = endpoint.is_success(received.status);
        if order == Some("disable") {
            return Self::Disable { reason: "the endpoint asked for it (webhook-delivery: disable)", arrived };
        }
        match received.status {
            _ if arrived => Self::Arrived,
            _ if order == Some("abort-message") => Self::Abort,
            GONE => Self::Disable { reason: "the endpoint is gone (status 410)", arrived },
            status if OVERLOADED.contains(&status) => {
                let asked = retry_after::read(&received.headers, now);
                Self::Rest { until: now.after(asked.unwrap_or(REST).min(LONGEST_REST)) }
            }
            _ => Self::Failed,
        }
    }

    /// What a status alone does not say.
    fn words(&self, status: u16) -> Option<&'static str> {
        match self {
            Self::Abort => Some("the endpoint wants no more of it (webhook-delivery: abort-message)"),
            Self::Disable { reason, .. } => Some(reason),
            Self::Failed if (300..400).contains(&status) => Some("redirects are not followed"),
            Self::Arrived | Self::Failed | Self::Rest { .. } => None,
        }
    }

    fn handled(&self) -> Handled {
        match self {
            Self::Arrived => Handled::Delivered,
            Self::Rest { .. } => Handled::Strained,
            Self::Disable { arrived: true, .. } => Handled::Delivered,
            Self::Failed | Self::Abort | Self::Disable { .. } => Handled::Refused,
        }
    }

    /// What it says of the endpoint itself.
    fn outcome(&self) -> Outcome {
        match self {
            Self::Arrived => Outcome::Arrived,
            Self::Failed | Self::Rest { .. } => Outcome::Failed,
            Self::Abort | Self::Disable { .. } => Outcome::Neither,
        }
    }

    fn step(self, open: &Open, before: u32, now: Timestamp) -> (Step, Option<Change>) {
        match self {
            Self::Arrived => (Step::Delivered, None),
            Self::Failed => (next(open, before, now, None), None),
            Self::Abort => (Step::GivenUp, None),
            Self::Rest { until } => (next(open, before, now, Some(until)), slowed(&open.state, until)),
            Self::Disable { reason, arrived } => {
                let step = if arrived { Step::Delivered } else { Step::Held };
                (step, Some(Change::Disable(Disabled { since: now, reason: reason.into(), told: false })))
            }
        }
    }
}

fn order(headers: &HeaderMap) -> Option<&str> {
    headers.get(ORDER)?.to_str().ok().map(str::trim)
}

/// The next attempt by the schedule, which began after `before` attempts, not before `floor`.
fn next(open: &Open, before: u32, now: Timestamp, floor: Option<Timestamp>) -> Step {
    let Turn { key, number, .. } = &open.turn;
    match open.endpoint.schedule.wait(number.saturating_sub(before) + 1, &key.to_string()) {
        Some(wait) => Step::Again { due: now.after(wait).max(floor.unwrap_or_default()) },
        None => Step::GivenUp,
    }
}

/// Not written again for what is nearly known: a busy endpoint that fails would have its row written
/// at every attempt.
fn slowed(state: &EndpointState, until: Timestamp) -> Option<Change> {
    let known = state.slowed_until.unwrap_or_default().after(NEARLY);
    (until > known).then_some(Change::Slow { until })
}
