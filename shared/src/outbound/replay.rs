//! Step of a replay → read → allowed → found → released ═ its next step queued.

mod allow;
mod find;
mod read;

use std::time::Duration;

use crate::seam::{
    Answer, Clock, FindEndpoints, History, Progress, ReadEndpointState, ReadEvent, Replay, ReplayStep, ReplaySteps,
};
use crate::timestamp::Timestamp;

/// Puts deliveries back on their way, a page at a time: the ports of [`Replayer::step`].
pub struct Replayer<F, M, C> {
    pub endpoints: F,
    pub memory: M,
    pub clock: C,
}

/// What came of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stepped {
    /// It was made. The next one is queued already, if there is one, and due then.
    Made { next: Option<Timestamp> },
    /// There is nothing to do: it was made before, or its replay has ended.
    Past,
    /// It is too early for it: the same step again then.
    Later { due: Timestamp },
}

impl<F, M, C> Replayer<F, M, C>
where
    F: FindEndpoints,
    M: ReplaySteps + ReadEndpointState + ReadEvent + History,
    C: Clock,
{
    /// Makes one step, if it is time for it.
    ///
    /// # Errors
    /// The store did not answer: the same step again does what is left of it.
    pub async fn step(&self, step: &ReplayStep) -> Answer<Stepped> {
        let due = match self.read(step).await? {
            read::Read::Due(due) => due,
            read::Read::Settled(stepped) => return Ok(stepped),
        };
        let allowed = match self.allow(*due).await? {
            allow::Allowing::Go(allowed) => allowed,
            allow::Allowing::Rest { replay, until } => return self.rest(replay, until).await,
            allow::Allowing::Stop { replay, why } => return self.stop(replay, why).await,
        };
        match self.find(&allowed).await? {
            find::Finding::Found(found) => self.release(allowed, found).await,
            find::Finding::Stop { why } => self.stop(allowed.replay, why).await,
        }
    }

    async fn release(&self, allowed: allow::Allowed, found: find::Found) -> Answer<Stepped> {
        let (before, now, find::Found { events, after, is_last }) = (allowed.replay, self.clock.now(), found);
        let pause = if after.is_some() { Duration::ZERO } else { NEXT_ROUND };
        let due = now.after(allowed.pace.time_for(events.len()).max(pause));
        let midway = events.get(events.len() / 2).map(|one| one.event.clone()).or_else(|| before.midway.clone());
        let queued = before.queued + events.len() as u64;
        let mut replay = Replay { queued, after, midway, ..next(&before, due) };
        if is_last {
            (replay.state, replay.ended) = (Progress::Done, Some(now));
        }
        self.memory.release(&before, &events, &replay).await?;
        log(&replay);
        Ok(Stepped::Made { next: (!is_last).then_some(due) })
    }

    async fn rest(&self, before: Replay, until: Timestamp) -> Answer<Stepped> {
        self.memory.release(&before, &[], &next(&before, until)).await?;
        Ok(Stepped::Made { next: Some(until) })
    }

    async fn stop(&self, before: Replay, why: &str) -> Answer<Stepped> {
        let now = self.clock.now();
        let mut replay = next(&before, now);
        replay.stop(why, now);
        self.memory.release(&before, &[], &replay).await?;
        log(&replay);
        Ok(Stepped::Made { next: None })
    }
}

/// One step further, the next due then.
fn next(before: &Replay, due: Timestamp) -> Replay {
    Replay { step: before.step.saturating_add(1), due, ..before.clone() }
}

fn log(replay: &Replay) {
    let (tenant, endpoint, id, queued) = (&replay.key.tenant, &replay.key.endpoint, &replay.id, replay.queued);
    match replay.state {
        Progress::Running => tracing::debug!(tenant, endpoint, id, queued, "replaying"),
        Progress::Done => tracing::info!(tenant, endpoint, id, queued, "replay done"),
        Progress::Stopped => tracing::warn!(tenant, endpoint, id, queued, why = replay.why, "replay stopped"),
    }
}

/// Whoever does not know yet that an endpoint is enabled knows it by then.
const NEXT_ROUND: Duration = Duration::from_secs(6);

/// While a replay waits for something it looks again after this.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
