//! Replays: deliveries that are put back on their way, as work that is queued itself.

use std::future::Future;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Answer, Cursor, Page, State};
use crate::event::{Event, EventId};
use crate::id::WebhookId;
use crate::timestamp::Timestamp;

/// Which deliveries to one endpoint are to be put back on their way.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum Which {
    /// All that are held.
    Held,
    /// Those given up, of events accepted since then.
    Failed { since: Timestamp },
    /// Events accepted since then that the endpoint wants and that were never for it.
    Missing { since: Timestamp },
    /// One event, whatever came of it, and whether or not it was for that endpoint.
    One { event: EventId },
}

/// Names a replay: of each there is one at a time.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ReplayKey {
    pub tenant: String,
    pub endpoint: String,
    #[serde(flatten)]
    pub which: Which,
}

/// Deliveries being put back on their way, and how far that has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replay {
    #[serde(flatten)]
    pub key: ReplayKey,
    /// `rp_…`: names this run of it.
    pub id: String,
    /// Events accepted later are not for it.
    pub began: Timestamp,
    pub state: Progress,
    /// Why it stopped, if it did not end by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Deliveries put back on their way so far.
    pub queued: u64,
    /// Everything up to here was looked at, from the oldest on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Cursor>,
    /// One in the middle of those that were put back on their way last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub midway: Option<EventId>,
    /// Steps made.
    pub step: u32,
    /// When the next step is due.
    pub due: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    Running,
    Done,
    Stopped,
}

/// The next step of a replay is to be made: the one after so many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayStep {
    #[serde(flatten)]
    pub key: ReplayKey,
    pub id: String,
    pub step: u32,
}

impl Replay {
    /// One that begins now. `random` tells it from others that begin in the same moment.
    pub fn begun(key: ReplayKey, random: [u8; 10], now: Timestamp) -> Self {
        let id = WebhookId::new(now, random).bits();
        Self {
            key,
            id: format!("rp_{id:032x}"),
            began: now,
            state: Progress::Running,
            why: None,
            queued: 0,
            after: None,
            midway: None,
            step: 0,
            due: now,
            ended: None,
        }
    }

    /// Ends it before its end.
    pub fn stop(&mut self, why: &str, now: Timestamp) {
        (self.state, self.why, self.ended) = (Progress::Stopped, Some(why.to_owned()), Some(now));
    }

    pub fn next_step(&self) -> ReplayStep {
        ReplayStep { key: self.key.clone(), id: self.id.clone(), step: self.step }
    }
}

/// What would go out twice is not begun again so soon.
pub const AGAIN_AFTER: Duration = Duration::from_secs(60);

impl Which {
    /// Whether it finds what it found before, once that was put back on its way: a second click would send it
    /// again. What was held or missing is so no longer.
    pub fn repeats(&self) -> bool {
        matches!(self, Self::One { .. } | Self::Failed { .. })
    }
}

/// What an owner does with replays.
pub trait Replays {
    /// Begins it, unless an equal one is running, or is done, began less than [`AGAIN_AFTER`] before it and
    /// [repeats](Which::repeats): then answers that one. Once this answers, it outlives any crash, and its next step is queued. One begun now is
    /// answered as it was given.
    fn begin_replay(&self, replay: &Replay) -> impl Future<Output = Answer<Replay>> + Send;

    /// Latest first. They are kept as long as events.
    fn replays(&self, tenant: &str, endpoint: &str) -> impl Future<Output = Answer<Vec<Replay>>> + Send;

    /// Stops the one of that id, if it is running, and answers how far it has come; `None` if there is none.
    fn stop_replay(
        &self,
        tenant: &str,
        endpoint: &str,
        id: &str,
        now: Timestamp,
    ) -> impl Future<Output = Answer<Option<Replay>>> + Send;
}

/// An event without its data, and the endpoints that it is for.
#[derive(Clone, Debug)]
pub struct Matched {
    pub event: Event,
    pub endpoints: Vec<String>,
}

/// What is asked while a replay goes on.
pub trait ReplaySteps {
    fn replay(&self, key: &ReplayKey) -> impl Future<Output = Answer<Option<Replay>>> + Send;

    /// Deliveries to an endpoint that are held, given up, or tried again after a failure, of events accepted
    /// within that time, oldest first, from just after the cursor on. Reads no others.
    fn undelivered(
        &self,
        tenant: &str,
        endpoint: &str,
        state: State,
        within: &Within,
    ) -> impl Future<Output = Answer<Page<Cursor>>> + Send;

    /// A tenant's events accepted within that time, oldest first, from just after the cursor on.
    fn events_from(&self, tenant: &str, within: &Within) -> impl Future<Output = Answer<Page<Matched>>> + Send;

    /// Puts the deliveries of these events to the replay's endpoint back on their way, each due at once,
    /// its schedule begun anew, and then notes what the replay has become. Those that are pending stay as
    /// they are, but for the one that a replay of one event is of: if it waits for its next attempt, that is due
    /// at once. Those that never were are made; those whose event is no longer kept are left out, and so are,
    /// where the replay is of those held or given up, those that are so no longer.
    ///
    /// Once this answers, the deliveries are queued, and so is the replay's next step if it is still running.
    /// If another step was noted since `before` was read, or it was stopped, nothing is noted.
    fn release(&self, before: &Replay, events: &[Cursor], after: &Replay) -> impl Future<Output = Answer<()>> + Send;
}

/// Which part of a list is wanted, from the oldest on.
#[derive(Clone, Debug)]
pub struct Within {
    pub since: Timestamp,
    /// Nothing of this moment itself.
    pub until: Timestamp,
    pub after: Option<Cursor>,
    pub most: usize,
}
