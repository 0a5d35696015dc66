//! Judged → settled: written down, and the next step taken.

use std::time::Duration;

use super::health::Outcome;
use super::judge::{Change, Judged};
use super::news::{Fate, answers};
use super::open::Open;
use super::write::Unwritable;
use super::{Deliverer, Handled};
use crate::outside::Outside;
use crate::seam::{
    Answer, Attempt, AttemptLease, Attempts, Clock, CountAttempts, LastAnswer, ReadHealth, Step, Tell,
    WriteEndpointState,
};

impl<F, M, P, N, C> Deliverer<F, M, P, N, C>
where
    M: Attempts + WriteEndpointState + CountAttempts + ReadHealth,
    N: Tell,
    C: Clock,
{
    /// The endpoint's state first: after a crash in between the attempt is made again, and judged by it.
    pub(super) async fn settle(&self, lease: Box<AttemptLease>, open: &Open, judged: Judged) -> Answer<Handled> {
        let Judged { attempt, mut step, change, outcome, handled } = judged;
        let arrived = handled == Handled::Delivered;
        self.count(open, &attempt, arrived).await;
        let answers = || answers(lease.delivery.attempts.iter().chain([&attempt]));
        if let Some(change) = change {
            self.change(open, change, answers, if arrived { Fate::Other } else { Fate::Held }).await?;
        }
        if self.note_health(open, outcome, answers).await? {
            step = Step::Held;
        }
        if step == Step::GivenUp && outcome == Outcome::Failed {
            self.tell_exhausted(open, answers()).await?;
        }
        log(open, &attempt, step);
        self.memory.settle_attempt(lease, Some(attempt), step).await?;
        Ok(handled)
    }

    async fn count(&self, open: &Open, attempt: &Attempt, arrived: bool) {
        let (tenant, endpoint) = (&open.endpoint.tenant, &open.endpoint.name);
        let answered_after = attempt.status.map(|_| Duration::from_millis(attempt.took));
        self.memory.count_attempt(tenant, endpoint, attempt.at, arrived, answered_after).await;
    }

    async fn change(
        &self,
        open: &Open,
        change: Change,
        answers: impl Fn() -> Vec<LastAnswer>,
        fate: Fate,
    ) -> Answer<()> {
        match change {
            Change::Disable(disabled) => self.disable(&open.endpoint, &disabled, answers(), fate).await,
            Change::Slow { until } => {
                let (tenant, endpoint) = (&open.endpoint.tenant, &open.endpoint.name);
                self.memory.slow_endpoint(tenant, endpoint, until).await?;
                tracing::info!(tenant, endpoint, %until, "endpoint slowed");
                Ok(())
            }
        }
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
