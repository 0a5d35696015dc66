//! How endpoints are doing: what came of attempts of late, and what has not arrived.

use std::future::Future;
use std::time::Duration;

use super::Answer;
use crate::timestamp::Timestamp;

/// How far back attempts are counted.
pub const COUNTED: Duration = Duration::from_secs(86_400);

/// Deliveries are counted no further: "10,000 or more".
pub const MOST_COUNTED: u32 = 10_000;

/// Upper ends of the steps in which latencies are counted, in milliseconds; the last step has none.
pub const STEPS: [u64; 11] = [10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000];

/// Attempts that were counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub delivered: u64,
    pub failed: u64,
    /// Of those that were answered, how many took no longer than each of [`STEPS`], or longer.
    pub took: [u64; STEPS.len() + 1],
}

impl Tally {
    pub fn count(&mut self, arrived: bool, answered_after: Option<Duration>) {
        *(if arrived { &mut self.delivered } else { &mut self.failed }) += 1;
        if let Some(took) = answered_after {
            let took = took.as_millis() as u64;
            self.took[STEPS.iter().position(|step| took <= *step).unwrap_or(STEPS.len())] += 1;
        }
    }

    pub fn add(&mut self, other: &Self) {
        self.delivered += other.delivered;
        self.failed += other.failed;
        self.took.iter_mut().zip(other.took).for_each(|(sum, more)| *sum += more);
    }

    /// How much of all attempts has arrived, from 0 to 1; `None` if there was none.
    pub fn success_rate(&self) -> Option<f64> {
        let all = self.delivered + self.failed;
        (all > 0).then(|| self.delivered as f64 / all as f64)
    }

    /// No more than this did `share` of the answers take, in milliseconds, rounded up to one of [`STEPS`];
    /// `None` if there was no answer.
    pub fn latency(&self, share: f64) -> Option<u64> {
        let all: u64 = self.took.iter().sum();
        let wanted = (all as f64 * share).ceil().max(1.0) as u64;
        let mut sum = 0;
        let step = self.took.iter().position(|count| {
            sum += count;
            sum >= wanted
        })?;
        Some(STEPS.get(step).or(STEPS.last()).copied().unwrap_or_default())
    }
}

/// Counts attempts.
pub trait CountAttempts {
    /// Never fails, and may lose the counts of a minute: they are figures to look at. `answered_after` is
    /// `None` if there was no answer.
    fn count_attempt(
        &self,
        tenant: &str,
        endpoint: &str,
        at: Timestamp,
        arrived: bool,
        answered_after: Option<Duration>,
    ) -> impl Future<Output = ()> + Send;
}

/// What has not arrived at an endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// When the event was accepted of the oldest delivery that was tried in vain and is tried again.
    pub oldest: Option<Timestamp>,
    /// When the first of the oldest such is tried again.
    pub next: Option<Timestamp>,
    /// Up to [`MOST_COUNTED`].
    pub held: u32,
    /// Likewise.
    pub given_up: u32,
}

/// Reads how an endpoint is doing. Reads no other's rows, and no more of its own than it counts.
pub trait ReadHealth {
    /// What was counted in the last [`COUNTED`], to the hour.
    fn tally(&self, tenant: &str, endpoint: &str, now: Timestamp) -> impl Future<Output = Answer<Tally>> + Send;

    fn backlog(&self, tenant: &str, endpoint: &str) -> impl Future<Output = Answer<Backlog>> + Send;
}
