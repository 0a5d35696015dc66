//! Paced → claimed: the attempt of that number is ours, and nobody else's.

use super::open::Open;
use super::{Deliverer, Handled};
use crate::seam::{Answer, AttemptClaim, AttemptLease, Attempts, Clock, Turn};

pub(super) enum Claimed {
    Ours(Box<AttemptLease>),
    Settled(Handled),
}

impl<F, M: Attempts, P, N, C: Clock> Deliverer<F, M, P, N, C> {
    pub(super) async fn claim(&self, open: &Open) -> Answer<Claimed> {
        let now = self.clock.now();
        match self.memory.claim_attempt(&open.turn, &open.event, now, now.after(self.lease)).await? {
            AttemptClaim::Ours(lease) => Ok(Claimed::Ours(lease)),
            other => Ok(Claimed::Settled(self.not_ours(&open.turn, other).await?)),
        }
    }

    /// What becomes of a turn whose attempt is somebody else's, or was made.
    pub(super) async fn not_ours(&self, turn: &Turn, claim: AttemptClaim) -> Answer<Handled> {
        match claim {
            AttemptClaim::Busy { until } => Ok(Handled::Busy { until }),
            // Whoever judged it may have died before the next was queued: twice is once.
            AttemptClaim::Judged { next: Some((number, due)) } if number > turn.number => {
                self.memory.put_off(&Turn { key: turn.key.clone(), number, due: turn.due, paced: false }, due).await?;
                Ok(Handled::Unasked)
            }
            AttemptClaim::Judged { .. } | AttemptClaim::Ours(_) => Ok(Handled::Unasked),
        }
    }
}
