//! Paced → claimed: the attempt of that number is ours, and nobody else's.

use super::open::Open;
use super::{Deliverer, Handled};
use crate::seam::{Answer, AttemptClaim, AttemptLease, Attempts, Clock, Turn};

pub(super) enum Claimed {
    Ours(Box<AttemptLease>),
    Settled(Handled),
}

impl<F, M: Attempts, P, C: Clock> Deliverer<F, M, P, C> {
    pub(super) async fn claim(&self, open: &Open) -> Answer<Claimed> {
        let now = self.clock.now();
        let claim = self.memory.claim_attempt(&open.turn, &open.event, now, now.after(self.lease)).await?;
        let next = match claim {
            AttemptClaim::Ours(lease) => return Ok(Claimed::Ours(lease)),
            AttemptClaim::Busy { until } => Handled::Busy { until },
            // Whoever judged it may have died before the next was queued: twice is once.
            AttemptClaim::Judged { next: Some((number, due)) } if number > open.turn.number => {
                self.memory.put_off(&Turn { number, paced: false, ..open.turn.clone() }, due).await?;
                Handled::Unasked
            }
            AttemptClaim::Judged { .. } => Handled::Unasked,
        };
        Ok(Claimed::Settled(next))
    }
}
