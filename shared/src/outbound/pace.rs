//! Opened → paced: within the endpoint's rate, and no more calls under way than it bears.

use std::time::Duration;

use super::open::Open;
use super::{Deliverer, Handled, consent};
use crate::endpoint::Endpoint;
use crate::quantity::Rate;
use crate::seam::{Answer, Attempts, Clock, EndpointState, KeepPace, Place, Turn};

/// An attempt that may be made at once.
pub(super) struct Paced {
    pub(super) open: Box<Open>,
    place: Option<Place>,
}

pub(super) enum Pacing {
    Go(Paced),
    Settled(Handled),
}

/// When all places of an endpoint are taken, one is looked for again after this.
const FULL: Duration = Duration::from_secs(2);

impl<F, M: Attempts + KeepPace, P, N, C: Clock> Deliverer<F, M, P, N, C> {
    /// What is over a limit is put off, and no attempt is spent.
    pub(super) async fn pace(&self, open: Box<Open>) -> Answer<Pacing> {
        let (now, endpoint) = (self.clock.now(), &open.endpoint);
        let mut turn = open.turn.clone();
        if let Some(rate) = rate(endpoint, &open.state).filter(|_| !turn.paced) {
            let due = self.memory.reserve(&endpoint.tenant, &endpoint.name, rate, now).await?;
            turn.paced = true;
            if due > now {
                return self.later(turn, due).await;
            }
        }
        let Some(most) = endpoint.max_concurrent else { return Ok(Pacing::Go(Paced { open, place: None })) };
        match self.memory.enter(&endpoint.tenant, &endpoint.name, most, now, now.after(self.lease)).await? {
            place @ Some(_) => Ok(Pacing::Go(Paced { open, place })),
            None => self.later(turn, now.after(FULL)).await,
        }
    }

    async fn later(&self, turn: Turn, due: crate::timestamp::Timestamp) -> Answer<Pacing> {
        self.memory.put_off(&turn, due).await?;
        Ok(Pacing::Settled(Handled::Unasked))
    }

    pub(super) async fn leave(&self, paced: &Paced) {
        let (endpoint, Some(place)) = (&paced.open.endpoint, paced.place) else { return };
        if let Err(problem) = self.memory.leave(&endpoint.tenant, &endpoint.name, place).await {
            tracing::warn!(endpoint = endpoint.name, %problem, "a place is taken for longer than it was needed");
        }
    }
}

/// How often it may be called: as its owner says, or as it says itself, whichever is less.
pub(super) fn rate(endpoint: &Endpoint, state: &EndpointState) -> Option<Rate> {
    let both = [endpoint.rate, consent::allowed(endpoint, state)];
    both.into_iter().flatten().min_by(|one, other| one.per_second.total_cmp(&other.per_second))
}
