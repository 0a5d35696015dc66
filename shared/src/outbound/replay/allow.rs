//! Read → allowed: how many deliveries may go back on their way now, if any may.

use std::sync::Arc;
use std::time::Duration;

use super::super::pace;
use super::{LOOK_AGAIN, Replayer};
use crate::endpoint::Endpoint;
use crate::seam::{
    Answer, Clock, Delivery, DeliveryKey, EndpointState, FindEndpoints, History, ReadEndpointState, Replay, State,
};
use crate::timestamp::Timestamp;

/// A step that may be made.
pub(super) struct Allowed {
    pub(super) replay: Replay,
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) pace: Pace,
}

pub(super) enum Allowing {
    Go(Allowed),
    Rest { replay: Replay, until: Timestamp },
    Stop { replay: Replay, why: &'static str },
}

/// What is known of an endpoint may be so old: one that was just enabled may still seem disabled.
const SETTLES: Duration = Duration::from_secs(30);

/// So much of a rate is taken at once: other deliveries wait no longer behind a replay.
const TAKEN: Duration = Duration::from_secs(10);

/// Deliveries that go back on their way at once, and in a second where there is no rate.
pub(super) const MOST: usize = 1_000;

impl<F, M, C> Replayer<F, M, C>
where
    F: FindEndpoints,
    M: ReadEndpointState + History,
    C: Clock,
{
    pub(super) async fn allow(&self, replay: Replay) -> Answer<Allowing> {
        let now = self.clock.now();
        let (tenant, name) = (&replay.key.tenant, &replay.key.endpoint);
        let state = self.memory.endpoint_state(tenant, name).await?;
        let found = self.endpoints.endpoint(tenant, name).await?;
        let seems = match &found {
            None => Some("the endpoint was removed"),
            Some(endpoint) if !endpoint.enabled => Some("the endpoint is not enabled"),
            Some(_) if state.disabled.is_some() => Some("the endpoint is disabled"),
            Some(_) => None,
        };
        let (Some(endpoint), None) = (found, seems) else {
            let why = seems.unwrap_or_default();
            let is_sure = state.disabled.is_some_and(|disabled| disabled.since > replay.began);
            let may_settle = !is_sure && now.since(replay.began) < SETTLES;
            let until = now.after(LOOK_AGAIN);
            return Ok(if may_settle { Allowing::Rest { replay, until } } else { Allowing::Stop { replay, why } });
        };
        if let Some(until) = state.slowed_until.filter(|until| *until > now) {
            return Ok(Allowing::Rest { replay, until });
        }
        if self.is_behind(&replay).await? {
            return Ok(Allowing::Rest { replay, until: now.after(LOOK_AGAIN / 5) });
        }
        let pace = Pace::of(&endpoint, &state);
        Ok(Allowing::Go(Allowed { replay, endpoint, pace }))
    }

    /// Whether half of the page before still waits for its first attempt: the endpoint takes fewer than it is
    /// given, and what is new would wait behind all of them.
    async fn is_behind(&self, replay: &Replay) -> Answer<bool> {
        let Some(event) = replay.midway.clone() else { return Ok(false) };
        let (tenant, endpoint) = (replay.key.tenant.clone(), replay.key.endpoint.clone());
        let key = DeliveryKey { tenant, endpoint, event };
        Ok(self.memory.delivery(&key).await?.is_some_and(|delivery| waits(&delivery)))
    }
}

fn waits(delivery: &Delivery) -> bool {
    let made = delivery.attempts.last().map_or(0, |last| last.number);
    delivery.state == State::Pending && made <= delivery.before
}

/// How fast deliveries go back on their way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pace {
    per_second: f64,
}

impl Pace {
    /// The endpoint's own rate, or what it said that it allows; whichever is less.
    fn of(endpoint: &Endpoint, state: &EndpointState) -> Self {
        let rate = pace::rate(endpoint, state).map(|rate| rate.per_second);
        Self { per_second: rate.unwrap_or(MOST as f64) }
    }

    /// How many at once.
    pub(super) fn page(self) -> usize {
        let fit = self.per_second * TAKEN.as_secs_f64();
        (fit as usize).clamp(1, MOST)
    }

    /// How long so many take.
    pub(super) fn time_for(self, deliveries: usize) -> Duration {
        Duration::try_from_secs_f64(deliveries as f64 / self.per_second).unwrap_or(Duration::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(per_second: f64) -> (usize, Duration) {
        let pace = Pace { per_second };
        (pace.page(), pace.time_for(pace.page()))
    }

    #[test]
    fn a_page_is_what_fits_in_ten_seconds_of_the_rate() {
        assert_eq!(pace(50.0), (500, Duration::from_secs(10)));
        assert_eq!(pace(0.01), (1, Duration::from_secs(100)), "at least one");
        assert_eq!(pace(500.0), (1_000, Duration::from_secs(2)), "and no more than fit in memory");
        assert_eq!(pace(1_000.0), (1_000, Duration::from_secs(1)));
    }
}
