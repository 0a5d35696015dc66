//! What the outbound path asks of the world.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde::{Deserialize, Serialize};

use super::Answer;
use crate::endpoint::Endpoint;
use crate::event::{Event, EventId, EventType};
use crate::guard::Target;
use crate::quantity::Rate;
use crate::timestamp::Timestamp;

/// Finds the endpoints of a tenant.
pub trait FindEndpoints {
    /// All of them, enabled or not.
    fn endpoints(&self, tenant: &str) -> impl Future<Output = Answer<Arc<[Arc<Endpoint>]>>> + Send;

    fn endpoint(&self, tenant: &str, name: &str) -> impl Future<Output = Answer<Option<Arc<Endpoint>>>> + Send;
}

/// What became of an endpoint since it was configured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointState {
    /// Nothing is sent there any more; what is for it is held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled: Option<Disabled>,
    /// It asked for rest: no attempt before then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slowed_until: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disabled {
    pub since: Timestamp,
    pub reason: String,
}

/// Reads what became of an endpoint.
pub trait ReadEndpointState {
    /// May be some seconds old.
    fn endpoint_state(&self, tenant: &str, name: &str) -> impl Future<Output = Answer<EndpointState>> + Send;
}

/// Writes it, when it changes.
pub trait WriteEndpointState: ReadEndpointState {
    fn write_endpoint_state(
        &self,
        tenant: &str,
        name: &str,
        state: &EndpointState,
    ) -> impl Future<Output = Answer<()>> + Send;
}

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
    /// When the first attempt is due; none if its delivery is held.
    pub due: Option<Timestamp>,
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
    /// It was given its place within the endpoint's rate already.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub paced: bool,
}

/// What became of a wish to make an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttemptClaim {
    /// It is ours until the lease ends.
    Ours(AttemptLease),
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
    /// The attempts before this one, oldest first.
    pub before: Vec<Attempt>,
    /// When the event was accepted: under this its delivery is listed.
    pub accepted: Timestamp,
    pub kind: EventType,
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
pub enum State {
    Pending,
    Delivered,
    GivenUp,
    Held,
    Cancelled,
}

/// Claims attempts by number and writes down what came of them.
pub trait Attempts {
    /// Atomic: of two who claim at once, one gets it.
    fn claim_attempt(
        &self,
        turn: &Turn,
        event: &Event,
        now: Timestamp,
        lease: Duration,
    ) -> impl Future<Output = Answer<AttemptClaim>> + Send;

    /// Writes an attempt down and takes the step. Once this answers, the next attempt, if there is
    /// one, is durably queued. Nothing happens if the lease was lost.
    fn settle_attempt(
        &self,
        lease: &AttemptLease,
        attempt: &Attempt,
        step: Step,
    ) -> impl Future<Output = Answer<()>> + Send;

    /// Ends a delivery, or holds it, without an attempt.
    fn end_delivery(
        &self,
        turn: &Turn,
        event: &Event,
        step: Step,
        now: Timestamp,
    ) -> impl Future<Output = Answer<()>> + Send;

    /// Puts a turn off until then; no attempt was made.
    fn put_off(&self, turn: &Turn, due: Timestamp) -> impl Future<Output = Answer<()>> + Send;
}

/// Keeps to an endpoint's limits, over all who deliver.
pub trait KeepPace {
    /// The next free place within the rate: now or later. The place is taken.
    fn reserve(
        &self,
        tenant: &str,
        endpoint: &str,
        rate: Rate,
        now: Timestamp,
    ) -> impl Future<Output = Answer<Timestamp>> + Send;

    /// Whether one call more may be under way; if so it counts until it is left, or until then.
    fn enter(
        &self,
        tenant: &str,
        endpoint: &str,
        most: u32,
        now: Timestamp,
        until: Timestamp,
    ) -> impl Future<Output = Answer<Option<Place>>> + Send;

    fn leave(&self, tenant: &str, endpoint: &str, place: Place) -> impl Future<Output = Answer<()>> + Send;
}

/// One of the calls under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub slot: u32,
    pub until: Timestamp,
}

/// A webhook ready to go: the bytes that were signed.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Connections are shared within this only.
    pub tenant: String,
    pub endpoint: String,
    pub method: Method,
    pub target: Target,
    /// Replaces the target's own query where there is one.
    pub query: Option<String>,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub timeout: Duration,
}

/// What a receiver answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    pub status: u16,
    pub headers: HeaderMap,
    /// No more than the first 16 KB.
    pub body: Bytes,
}

/// Why nobody answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}: {words}")]
pub struct NoAnswer {
    pub kind: Trouble,
    pub words: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The guard does not let it pass.
    Forbidden,
    Dns,
    Connect,
    Tls,
    /// No head of a response in time.
    Timeout,
    /// What came is not HTTP, or broke off.
    Broken,
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Forbidden => "forbidden",
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Broken => "broken",
        })
    }
}

/// Carries a webhook to its endpoint, past the guard.
pub trait SendWebhook {
    /// Ends within the timeout, whatever the receiver does.
    fn send_webhook(&self, outgoing: Outgoing) -> impl Future<Output = Result<Received, NoAnswer>> + Send;
}
