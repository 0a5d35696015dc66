//! The ports: what the paths ask of the world. One trait for each capability, as narrow as the
//! statement that allows it on AWS; no vendor's type in a signature, nor in an error.

mod email;
mod endpoints;
mod health;
mod history;
mod learned;
mod limits;
mod news;
mod outbound;
mod reach;
mod replays;
mod tokens;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::id::WebhookId;
use crate::source::Source;
use crate::timestamp::Timestamp;

pub use email::*;
pub use endpoints::*;
pub use health::*;
pub use history::*;
pub use learned::*;
pub use limits::*;
pub use news::*;
pub use outbound::*;
pub use reach::*;
pub use replays::*;
pub use tokens::*;

/// The world did not do what was asked, and may if asked again. Carries its words, for the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unavailable(pub String);

/// What every port answers: it was done, or ask again.
pub type Answer<T> = Result<T, Unavailable>;

/// Reads the time. A port like the others, so that tests can set it.
pub trait Clock {
    fn now(&self) -> Timestamp;
}

/// Finds a source by name.
pub trait FindSource {
    fn find(&self, name: &str) -> impl Future<Output = Answer<Option<Arc<Source>>>> + Send;

    /// Those that are at hand without asking anybody: all, some or none.
    fn at_hand(&self) -> Vec<Arc<Source>> {
        Vec::new()
    }
}

/// Lists sources.
pub trait ListSources {
    /// By name, as they are configured: without secrets that were handed over. One that cannot be read is
    /// left out, and logged.
    fn list_sources(&self) -> impl Future<Output = Answer<Vec<Arc<Source>>>> + Send;
}

/// Puts a message into the inbound queue.
pub trait Enqueue {
    /// The largest body, in bytes, that rides in a message here; a larger one is kept apart.
    const INLINE: usize;

    /// Once this answers, the message outlives any crash. The same id again may be a second
    /// message: claims tell them apart.
    fn enqueue(&self, id: WebhookId, message: Bytes, due: Timestamp) -> impl Future<Output = Answer<()>> + Send;
}

/// A message handed out for a while: nobody else gets it until the lease ends.
#[derive(Clone, Debug)]
pub struct Leased {
    pub id: WebhookId,
    /// Since when the message could have been handed out.
    pub due: Timestamp,
    pub message: Bytes,
    /// How its queue knows this lease.
    pub receipt: Receipt,
}

/// A queue's own word for a lease; empty where the queue needs none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receipt(pub String);

/// Takes messages from the inbound queue.
pub trait Dequeue {
    /// Up to `most` messages that are due and not handed out, each for as long as `lease`; about in
    /// the order in which they are due.
    fn lease(&self, most: usize, now: Timestamp, lease: Duration) -> impl Future<Output = Answer<Vec<Leased>>> + Send;

    /// Puts a message off until `due`.
    fn hide(&self, leased: &Leased, due: Timestamp) -> impl Future<Output = Answer<()>> + Send;

    /// Ends a message's life in the queue. To remove what is gone is no error.
    fn remove(&self, leased: &Leased) -> impl Future<Output = Answer<()>> + Send;
}

/// Keeps a body too big for a message, for as long as the message waits or lies among the dead.
pub trait PutBody {
    /// Once this answers, the body outlives any crash. The same id again overwrites.
    fn put_body(&self, id: WebhookId, body: &Bytes) -> impl Future<Output = Answer<()>> + Send;
}

/// Reads a body back.
pub trait GetBody {
    /// `None` if there is none.
    fn get_body(&self, id: WebhookId) -> impl Future<Output = Answer<Option<Bytes>>> + Send;
}

/// What a claim is about: all messages with the same key are one webhook.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClaimKey(pub String);

/// What became of a wish to handle a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is ours until the lease ends.
    Ours(Lease),
    /// Somebody is at it, or died at it, until then.
    Busy { until: Timestamp },
    /// It was done, by the webhook of that id.
    Completed { by: WebhookId },
    /// The same webhook was given up before, for this reason.
    Buried { reason: String },
}

/// A claim that is held, and what is known from earlier tries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    pub key: ClaimKey,
    pub id: WebhookId,
    pub until: Timestamp,
    /// Judged failures so far.
    pub tries: u32,
    /// When the world first refused.
    pub refused_since: Option<Timestamp>,
}

/// Remembers what is being done and what was done. Only a completed claim makes a duplicate.
pub trait Claims {
    /// Atomic: of two who claim at once, one gets it. An expired record is as good as none.
    fn claim(
        &self,
        key: &ClaimKey,
        id: WebhookId,
        now: Timestamp,
        lease: Duration,
    ) -> impl Future<Output = Answer<Claim>> + Send;

    /// It is done; remembered until `forget`.
    fn complete(&self, lease: &Lease, forget: Timestamp) -> impl Future<Output = Answer<()>> + Send;

    /// The world refused at `now`: one try more, free for the next claim, remembered until
    /// `forget`. Nothing happens if the lease was lost to another in the meantime.
    fn refuse(&self, lease: &Lease, now: Timestamp, forget: Timestamp) -> impl Future<Output = Answer<()>> + Send;

    /// It is given up; another webhook under the same key starts afresh. Nothing happens if the
    /// lease was lost.
    fn give_up(&self, lease: &Lease, reason: &str, forget: Timestamp) -> impl Future<Output = Answer<()>> + Send;
}

/// A webhook that was accepted and will not be mailed unless somebody acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    pub id: WebhookId,
    pub died: Timestamp,
    /// Why, in the world's own words where there are some.
    pub reason: String,
    /// Judged failures.
    pub tries: u32,
    /// The claim to lift when it is tried again; none if the message could not be read.
    pub claim: Option<ClaimKey>,
    /// The message as it was queued.
    pub message: Bytes,
}

/// Lays a webhook among the dead letters.
pub trait Bury {
    /// The same id again overwrites. May remove the message from its queue in the same breath.
    fn bury(&self, letter: &DeadLetter, leased: &Leased) -> impl Future<Output = Answer<()>> + Send;
}

/// What the owner does with dead letters.
pub trait DeadLetters {
    /// Up to `most`, latest first, all older than `before` where given.
    fn dead(&self, before: Option<WebhookId>, most: usize) -> impl Future<Output = Answer<Vec<DeadLetter>>> + Send;

    fn dead_letter(&self, id: WebhookId) -> impl Future<Output = Answer<Option<DeadLetter>>> + Send;

    /// Puts it back into the queue with all tries before it. `false` if there is no such dead
    /// letter. After a crash in between it still lies among the dead: retried again, it is mailed once.
    fn retry(&self, id: WebhookId, now: Timestamp) -> impl Future<Output = Answer<bool>> + Send;
}

/// A configuration as it is kept: a text that only [`crate::config`] can read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// One more with each change; the first is 1.
    pub version: u64,
    pub text: String,
}

/// Reads the configuration that the owner applied.
pub trait ReadConfig {
    /// `None` if nothing was ever applied.
    fn read_config(&self) -> impl Future<Output = Answer<Option<Kept>>> + Send;
}

/// Replaces it.
pub trait WriteConfig: ReadConfig {
    /// `false`, and no change, if what is kept is not of the version before. Once this answers
    /// `true`, the new one outlives any crash and is in use within 30 s.
    fn write_config(&self, kept: &Kept) -> impl Future<Output = Answer<bool>> + Send;
}

/// Something that a person must do once, elsewhere, before mail can reach everybody.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Confirmation {
    pub name: String,
    pub done: bool,
    /// What is so, or what to do.
    pub detail: String,
}

/// Tells what is still to be confirmed.
pub trait Confirmations {
    fn confirmations(&self) -> impl Future<Output = Answer<Vec<Confirmation>>> + Send;
}
