//! Judged → settled: written down, and the next step taken.

use super::judge::Judged;
use super::open::Open;
use super::write::Unwritable;
use super::{Deliverer, Handled};
use crate::outside::Outside;
use crate::seam::{Answer, Attempt, AttemptLease, Attempts, Clock, EndpointState, Step, WriteEndpointState};

impl<F, M: Attempts + WriteEndpointState, P, C: Clock> Deliverer<F, M, P, C> {
    /// The endpoint's state first: after a crash in between the attempt is made again, and judged by it.
    pub(super) async fn settle(&self, lease: Box<AttemptLease>, open: &Open, judged: Judged) -> Answer<Handled> {
        let Judged { attempt, step, state, handled } = judged;
        if let Some(state) = state {
            self.change(open, state).await?;
        }
        log(open, &attempt, step);
        self.memory.settle_attempt(lease, Some(attempt), step).await?;
        Ok(handled)
    }

    /// What other attempts found out meanwhile stands.
    async fn change(&self, open: &Open, state: EndpointState) -> Answer<()> {
        let (tenant, endpoint) = (&open.endpoint.tenant, &open.endpoint.name);
        let known = self.memory.endpoint_state(tenant, endpoint).await?;
        let state = EndpointState {
            disabled: known.disabled.or(state.disabled),
            slowed_until: known.slowed_until.max(state.slowed_until),
        };
        self.memory.write_endpoint_state(tenant, endpoint, &state).await?;
        if let Some(disabled) = &state.disabled {
            tracing::warn!(tenant, endpoint, why = disabled.reason, "endpoint disabled; what is for it is held");
        } else if let Some(until) = state.slowed_until {
            tracing::info!(tenant, endpoint, %until, "endpoint slowed");
        }
        Ok(())
    }

    /// The data does not fit the endpoint's format: no attempt will ever be better.
    pub(super) async fn cannot_be_written(
        &self,
        lease: Box<AttemptLease>,
        open: &Open,
        Unwritable(why): Unwritable,
    ) -> Answer<Handled> {
        let (number, at) = (open.turn.number, self.clock.now());
        let attempt = Attempt { number, at, took: 0, status: None, error: Some(why.into()), response: None };
        log(open, &attempt, Step::GivenUp);
        self.memory.settle_attempt(lease, Some(attempt), Step::GivenUp).await?;
        Ok(Handled::Unasked)
    }
}

fn log(open: &Open, attempt: &Attempt, step: Step) {
    let (delivery, number, status) = (&open.turn.key, attempt.number, attempt.status);
    let why = Outside(attempt.error.as_deref().unwrap_or_default());
    match step {
        Step::Delivered => tracing::debug!(%delivery, number, status, took = attempt.took, "delivered"),
        Step::Again { due } => {
            tracing::info!(%delivery, number, status, %why, again = %due, "not delivered, will be tried again")
        }
        _ => tracing::warn!(%delivery, number, status, %why, ?step, "not delivered"),
    }
}
