//! Judged → settled: written down, and the next step taken.

use super::judge::{Change, Judged};
use super::open::Open;
use super::write::Unwritable;
use super::{Deliverer, Handled};
use crate::outside::Outside;
use crate::seam::{Answer, Attempt, AttemptLease, Attempts, Clock, Step, WriteEndpointState};

impl<F, M: Attempts + WriteEndpointState, P, N, C: Clock> Deliverer<F, M, P, N, C> {
    /// The endpoint's state first: after a crash in between the attempt is made again, and judged by it.
    pub(super) async fn settle(&self, lease: Box<AttemptLease>, open: &Open, judged: Judged) -> Answer<Handled> {
        let Judged { attempt, step, change, handled } = judged;
        if let Some(change) = change {
            self.change(open, change).await?;
        }
        log(open, &attempt, step);
        self.memory.settle_attempt(lease, Some(attempt), step).await?;
        Ok(handled)
    }

    async fn change(&self, open: &Open, change: Change) -> Answer<()> {
        let (tenant, endpoint) = (&open.endpoint.tenant, &open.endpoint.name);
        match change {
            Change::Disable(disabled) => {
                self.memory.disable_endpoint(tenant, endpoint, &disabled).await?;
                tracing::warn!(tenant, endpoint, why = disabled.reason, "endpoint disabled; what is for it is held");
            }
            Change::Slow { until } => {
                self.memory.slow_endpoint(tenant, endpoint, until).await?;
                tracing::info!(tenant, endpoint, %until, "endpoint slowed");
            }
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
        let attempt = Attempt { number, at, took: 0, status: None, error: Some(why), response: None };
        log(open, &attempt, Step::GivenUp);
        self.memory.settle_attempt(lease, Some(attempt), Step::GivenUp).await?;
        Ok(Handled::Unasked)
    }
}

fn log(open: &Open, attempt: &Attempt, step: Step) {
    let (delivery, number, status) = (&open.turn.key, attempt.number, attempt.status);
    let why = Outside(attempt.error.as_deref().unwrap_or("its status"));
    match step {
        Step::Delivered => tracing::debug!(%delivery, number, status, took = attempt.took, "delivered"),
        Step::Again { due } => {
            tracing::info!(%delivery, number, status, %why, again = %due, "not delivered, will be tried again")
        }
        _ => tracing::warn!(%delivery, number, status, %why, ?step, "not delivered"),
    }
}
