//! Secrets that providers hand over: waited for by their owner's word, taken once, never replaced.

use std::future::Future;

use super::Answer;
use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// What is known of the secret that a source is to be handed.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Learned {
    /// Until when the next one is taken.
    pub until: Timestamp,
    /// The one that was.
    pub taken: Option<Taken>,
}

/// A secret that was handed over.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Taken {
    /// Under the inbound key, for that source.
    pub sealed: String,
    pub at: Timestamp,
}

/// Reads what is kept of it.
pub trait ReadLearned {
    /// `None` if the source never waited for one, or forgot it.
    fn learned(&self, source: &str) -> impl Future<Output = Answer<Option<Learned>>> + Send;
}

/// Keeps the one that comes.
pub trait TakeLearned: ReadLearned {
    /// Atomic: of several that come at once, one is taken; and none while the source does not wait, or
    /// has one. `true` once this very one outlives any crash.
    fn take_learned(&self, source: &str, taken: &Taken) -> impl Future<Output = Answer<bool>> + Send;
}

/// What the owner does about it.
pub trait AwaitLearned: ReadLearned {
    /// From now until then the next one is taken. `false`, and no change, if there is one.
    fn await_learned(&self, source: &str, until: Timestamp) -> impl Future<Output = Answer<bool>> + Send;

    /// Forgets it, and waits no more. `false` if there is nothing to forget.
    fn forget_learned(&self, source: &str) -> impl Future<Output = Answer<bool>> + Send;
}

/// Learns a source's secret, as the inbound path asks it.
pub trait LearnSecret {
    /// `true` once the source verifies with it, here and after any crash; `false` if it waits for none.
    fn learn(&self, source: &str, secret: &Secret, now: Timestamp) -> impl Future<Output = Answer<bool>> + Send;
}
