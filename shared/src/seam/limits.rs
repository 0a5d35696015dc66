//! What accepting an event asks of the world: room, and a place within its tenant's rate.

use std::future::Future;

use super::Answer;
use crate::quantity::Rate;
use crate::timestamp::Timestamp;

/// Keeps to the limits on events, over all who accept them.
pub trait LimitEvents {
    /// Whether one event more may be kept.
    fn has_room(&self) -> impl Future<Output = Answer<bool>> + Send;

    /// Takes a place within the tenant's rate, if one is free within a second; otherwise says when one is.
    fn take_place(
        &self,
        tenant: &str,
        rate: Rate,
        now: Timestamp,
    ) -> impl Future<Output = Answer<Result<(), Timestamp>>> + Send;
}
