//! Event → matched → queued ═ 202 ═ → opened → paced → claimed → written → authorized → agreed → signed → posted →
//! judged → settled.

mod authorize;
mod claim;
mod cloudevents;
mod consent;
mod emit;
mod fields;
mod health;
mod json;
mod judge;
mod limit;
mod matching;
mod news;
mod open;
mod pace;
mod post;
mod publish;
mod receive;
mod redact;
mod replay;
mod retry_after;
mod settle;
mod sign;
mod standing;
mod tell;
mod templates;
mod wait;
mod write;
mod xml;
mod yaml;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::door::random;
use crate::event::{Event, EventId};
use crate::seam::{
    Answer, Attempts, Clock, CountAttempts, FindEndpoints, KeepEvent, KeepPace, ReadEvent, ReadHealth, SendWebhook,
    Tell, Turn, Unavailable, WriteEndpointState,
};
use crate::secret::Secret;
use crate::timestamp::Timestamp;

pub use emit::{Emission, Invalid};
pub use matching::Accepted;
pub use receive::TOKEN;
pub use replay::{Replayer, Stepped};
pub use standing::Standing;
pub use tell::Teller;

/// Bodies in memory at once; more are told to come back.
const MOST_IN_FLIGHT: usize = 64 << 20;

/// Takes events in: the ports of [`Sender::fan_out`], and of [`Sender::receive`] the token.
pub struct Sender<F, K, C> {
    endpoints: F,
    store: K,
    clock: C,
    /// A token that is good without being looked up.
    token: Option<Secret>,
    in_flight: Arc<Semaphore>,
}

impl<F: FindEndpoints, K: KeepEvent, C: Clock> Sender<F, K, C> {
    pub fn new(endpoints: F, store: K, clock: C, token: Option<Secret>) -> Self {
        let in_flight = Arc::new(Semaphore::new(MOST_IN_FLIGHT));
        Self { endpoints, store, clock, token, in_flight }
    }

    /// Keeps an event and queues a delivery for each endpoint that subscribed to it.
    ///
    /// # Errors
    /// The store did not answer: the same event again completes what was begun.
    pub async fn fan_out(&self, event: &Event) -> Answer<Accepted> {
        let recipients = self.matching(event).await?;
        self.keep(event, &recipients).await
    }

    /// The same for what was just written. An event that brings no id is a new one each time.
    ///
    /// # Errors
    /// As above, or there is no randomness for an id.
    pub async fn emit(&self, emission: Emission) -> Answer<(EventId, Accepted)> {
        let random = random().map_err(|_| Unavailable("there is no randomness".into()))?;
        let now = self.clock.now();
        let event = emission.into_event(EventId::new(now, random), now);
        let accepted = self.fan_out(&event).await?;
        Ok((event.id, accepted))
    }
}

/// Delivers: the ports of [`Deliverer::deliver`].
pub struct Deliverer<F, M, P, N, C> {
    pub endpoints: F,
    pub memory: M,
    pub post: P,
    /// Whom what happens to endpoints is told.
    pub news: N,
    pub clock: C,
    /// How long a claim is ours: longer than any attempt takes.
    pub lease: Duration,
    /// Tokens of endpoints, for as long as this is there.
    pub standing: Standing,
}

/// What came of a turn. What is to come after it is queued already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handled {
    Delivered,
    /// The endpoint answered, and does not want it.
    Refused,
    /// The endpoint did not answer, or has too much to do.
    Strained,
    /// The endpoint was not asked.
    Unasked,
    /// The event is no longer kept: the turn can be dropped.
    Gone,
    /// Somebody else is at it until then: the same turn again.
    Busy {
        until: Timestamp,
    },
}

impl<F, M, P, N, C> Deliverer<F, M, P, N, C>
where
    F: FindEndpoints,
    M: ReadEvent + Attempts + WriteEndpointState + KeepPace + CountAttempts + ReadHealth,
    P: SendWebhook,
    N: Tell,
    C: Clock,
{
    /// Makes one attempt at a delivery, if it is time for it.
    ///
    /// # Errors
    /// The store did not answer: the turn is handed out again when its lease ends.
    pub async fn deliver(&self, turn: &Turn) -> Answer<Handled> {
        self.deliver_telling(turn, || {}).await
    }

    /// The same. Where the webhook arrives, `arrived` is called before that is written down, for whoever
    /// counts the calls under way.
    ///
    /// # Errors
    /// As above.
    pub async fn deliver_telling(&self, turn: &Turn, arrived: impl FnOnce()) -> Answer<Handled> {
        let open = match self.open(turn).await? {
            open::Opened::Ready(open) => open,
            open::Opened::Settled(handled) => return Ok(handled),
        };
        let paced = match self.pace(open).await? {
            pace::Pacing::Go(paced) => paced,
            pace::Pacing::Settled(handled) => return Ok(handled),
        };
        let handled = self.attempt(&paced, arrived).await;
        self.leave(&paced).await;
        handled
    }

    async fn attempt(&self, paced: &pace::Paced, arrived: impl FnOnce()) -> Answer<Handled> {
        let lease = match self.claim(&paced.open).await? {
            claim::Claimed::Ours(lease) => lease,
            claim::Claimed::Settled(handled) => return Ok(handled),
        };
        let written = match write::write(&paced.open) {
            Ok(written) => written,
            Err(problem) => return self.cannot_be_written(lease, &paced.open, problem).await,
        };
        let posted = self.reach(&paced.open, &written).await?;
        let judged = judge::judge(&paced.open, lease.delivery.before, posted);
        if judged.handled == Handled::Delivered {
            arrived();
        }
        self.settle(lease, &paced.open, judged).await
    }
}
