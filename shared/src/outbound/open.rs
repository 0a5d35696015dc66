//! Turn → opened: its event and its endpoint, if the endpoint may be called now.

use std::sync::Arc;
use std::time::Duration;

use super::news::{Fate, answers};
use super::{Deliverer, Handled};
use crate::endpoint::Endpoint;
use crate::event::Event;
use crate::seam::{
    Answer, AttemptClaim, Attempts, Clock, Disabled, EndpointState, FindEndpoints, ReadEvent, ReadHealth, Step, Tell,
    Turn, Unavailable, WriteEndpointState,
};

/// An attempt that may be made.
pub(super) struct Open {
    pub(super) turn: Turn,
    pub(super) event: Arc<Event>,
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) state: EndpointState,
}

pub(super) enum Opened {
    Ready(Box<Open>),
    Settled(Handled),
}

/// A turn that comes so little before its time is in time: clocks differ.
const EARLY: Duration = Duration::from_secs(1);

/// Over so long, those that waited for a slowed endpoint come back, not all at once.
const SPREAD: Duration = Duration::from_secs(1);

impl<F, M, P, N, C> Deliverer<F, M, P, N, C>
where
    F: FindEndpoints,
    M: ReadEvent + Attempts + WriteEndpointState + ReadHealth,
    N: Tell,
    C: Clock,
{
    pub(super) async fn open(&self, turn: &Turn) -> Answer<Opened> {
        let (key, now) = (&turn.key, self.clock.now());
        if turn.due.since(now) > EARLY {
            // No queue waits as long as some schedules do.
            self.memory.put_off(turn, turn.due).await?;
            return Ok(Opened::Settled(Handled::Unasked));
        }
        let Some(event) = self.memory.event(&key.tenant, &key.event).await? else {
            tracing::error!(delivery = %key, "its event is no longer kept; it cannot be delivered");
            return Ok(Opened::Settled(Handled::Gone));
        };
        let Some(endpoint) = self.endpoints.endpoint(&key.tenant, &key.endpoint).await? else {
            return self.end(turn, &event, Step::Cancelled, None).await;
        };
        if endpoint.signer.is_none() {
            return Err(Unavailable(format!("the keys of the endpoint {} cannot be read", key.endpoint)));
        }
        let state = self.memory.endpoint_state(&key.tenant, &key.endpoint).await?;
        if !endpoint.enabled || state.disabled.is_some() {
            // Whoever disabled it may have died before that was told.
            let untold = state.disabled.filter(|disabled| !disabled.told);
            return self.end(turn, &event, Step::Held, untold.map(|disabled| (endpoint, disabled))).await;
        }
        if let Some(until) = state.slowed_until.filter(|until| *until > now) {
            let due = until.after(spread(turn));
            // Its place within the rate is past by then.
            self.memory.put_off(&Turn { paced: false, ..turn.clone() }, due).await?;
            return Ok(Opened::Settled(Handled::Unasked));
        }
        Ok(Opened::Ready(Box::new(Open { turn: turn.clone(), event, endpoint, state })))
    }

    /// No attempt is made any more.
    async fn end(
        &self,
        turn: &Turn,
        event: &Event,
        step: Step,
        untold: Option<(Arc<Endpoint>, Disabled)>,
    ) -> Answer<Opened> {
        let now = self.clock.now();
        let next = match self.memory.claim_attempt(turn, event, now, now.after(self.lease)).await? {
            AttemptClaim::Ours(lease) => {
                if let Some((endpoint, disabled)) = untold {
                    let answers = answers(lease.delivery.attempts.iter());
                    self.tell_disabled(&endpoint, disabled, answers, Fate::Held).await?;
                }
                tracing::info!(delivery = %turn.key, ?step, "not delivered");
                self.memory.settle_attempt(lease, None, step).await?;
                Handled::Unasked
            }
            other => self.not_ours(turn, other).await?,
        };
        Ok(Opened::Settled(next))
    }
}

fn spread(turn: &Turn) -> Duration {
    let sum: u32 = turn.key.event.as_str().bytes().map(u32::from).sum();
    SPREAD * (sum % 100) / 100
}
