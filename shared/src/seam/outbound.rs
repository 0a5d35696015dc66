//! What the outbound path asks of the world.

use std::future::Future;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Answer;
use crate::event::{Data, Event, EventId, EventType, Origin};
use crate::timestamp::Timestamp;

/// Names a delivery: one event on its way to one endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DeliveryKey {
    pub tenant: String,
    pub event: EventId,
    pub endpoint: String,
}

impl std::fmt::Display for DeliveryKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}/{}", self.tenant, self.event, self.endpoint)
    }
}

/// One of the endpoints that an event is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    pub endpoint: String,
    /// When the first attempt is due.
    pub due: Timestamp,
}

/// What became of a wish to keep an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// It is for so many endpoints.
    Kept { endpoints: usize },
    /// Another event was kept under that id.
    Taken,
}

/// Keeps events and queues their deliveries.
pub trait KeepEvent {
    /// Once this answers, the event and every delivery outlive any crash. If it fails, part of it may
    /// be kept: the same event again completes it, with the recipients that were kept first.
    fn keep_event(&self, event: &Event, to: &[Recipient]) -> impl Future<Output = Answer<Keeping>> + Send;
}

/// A webhook that goes on as an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// The webhook's own.
    pub id: EventId,
    pub tenant: String,
    pub kind: EventType,
    pub received: Timestamp,
    pub data: Data,
    pub origin: Origin,
}

/// Hands webhooks to whoever sends events.
pub trait Publish {
    /// Once this answers, it outlives any crash. The same again changes nothing.
    fn publish(&self, publication: Publication) -> impl Future<Output = Answer<()>> + Send;
}

/// Reads an event back.
pub trait ReadEvent {
    fn event(&self, tenant: &str, id: &EventId) -> impl Future<Output = Answer<Option<Arc<Event>>>> + Send;
}

/// A turn that has come: the attempt of that number is to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    #[serde(flatten)]
    pub key: DeliveryKey,
    /// The first is 1.
    pub number: u32,
    /// Not before then.
    pub due: Timestamp,
    /// It was given its place within the endpoint's rate already.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub paced: bool,
}

/// What became of a wish to make an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttemptClaim {
    /// It is ours until the lease ends.
    Ours(Box<AttemptLease>),
    /// Somebody is at it, or died at it, until then.
    Busy { until: Timestamp },
    /// It was made and judged; this one comes next, if any.
    Judged { next: Option<(u32, Timestamp)> },
}

/// An attempt that is ours to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptLease {
    pub turn: Turn,
    pub until: Timestamp,
    pub delivery: Delivery,
}

/// A delivery, as history keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    #[serde(flatten)]
    pub key: DeliveryKey,
    #[serde(rename = "type")]
    pub kind: EventType,
    /// When the event was accepted.
    pub received: Timestamp,
    pub state: State,
    /// The next attempt and when it is due, as far as that was written down; none once it ended or
    /// while it is held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<(u32, Timestamp)>,
    /// Attempts made before it was last put back on its way: its schedule begins after them.
    #[serde(default, skip_serializing_if = "is_none")]
    pub before: u32,
    /// Oldest first.
    pub attempts: Vec<Attempt>,
}

impl Delivery {
    /// One of which nothing is known but that it was queued.
    pub fn queued(key: DeliveryKey, event: &Event) -> Self {
        let (kind, received) = (event.kind.clone(), event.received);
        Self { key, kind, received, state: State::Pending, next: None, before: 0, attempts: Vec::new() }
    }

    /// Puts it back on its way: the next attempt is due then, the first of a schedule begun anew. Its number.
    pub fn send_again(&mut self, due: Timestamp) -> u32 {
        self.before = self.attempts.last().map_or(0, |last| last.number);
        let number = self.before + 1;
        (self.state, self.next) = (State::Pending, Some((number, due)));
        number
    }

    /// Takes the step after attempt `number`.
    pub fn take(&mut self, step: Step, number: u32) {
        (self.state, self.next) = match step {
            Step::Delivered => (State::Delivered, None),
            Step::Again { due } => (State::Pending, Some((number + 1, due))),
            Step::GivenUp => (State::GivenUp, None),
            Step::Held => (State::Held, None),
            Step::Cancelled => (State::Cancelled, None),
        };
    }
}

fn is_none(attempts: &u32) -> bool {
    *attempts == 0
}

/// One attempt, as history keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    pub number: u32,
    pub at: Timestamp,
    /// Milliseconds.
    pub took: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// What went wrong, where something did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The first of the response's body, secrets removed; in base64 where it is no text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<String>,
}

/// What becomes of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Delivered,
    /// The next attempt is due then.
    Again {
        due: Timestamp,
    },
    /// All attempts were made, or the receiver wants no more of them.
    GivenUp,
    /// Its endpoint is not enabled.
    Held,
    /// Its endpoint was removed.
    Cancelled,
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum State {
    Pending,
    Delivered,
    GivenUp,
    Held,
    Cancelled,
}

/// Claims attempts by number and writes down what came of them.
pub trait Attempts {
    /// Atomic: of two who claim at once, one gets it, until `until`.
    fn claim_attempt(
        &self,
        turn: &Turn,
        event: &Event,
        now: Timestamp,
        until: Timestamp,
    ) -> impl Future<Output = Answer<AttemptClaim>> + Send;

    /// Writes an attempt down, if one was made, and takes the step. Once this answers, the next
    /// attempt, if there is one, is durably queued. Nothing happens if the lease was lost.
    fn settle_attempt(
        &self,
        lease: Box<AttemptLease>,
        attempt: Option<Attempt>,
        step: Step,
    ) -> impl Future<Output = Answer<()>> + Send;

    /// Puts a turn off until then; no attempt was made.
    fn put_off(&self, turn: &Turn, due: Timestamp) -> impl Future<Output = Answer<()>> + Send;
}
