//! What is known of events and deliveries afterwards.

use std::future::Future;

use serde::{Deserialize, Serialize};

use super::{Answer, Delivery, DeliveryKey, State};
use crate::event::{Event, EventId};
use crate::timestamp::Timestamp;

/// Which part of a list is wanted: from the latest to the oldest.
#[derive(Clone, Debug)]
pub struct Range {
    pub since: Timestamp,
    /// Nothing of this moment itself.
    pub until: Timestamp,
    pub most: usize,
    /// Where the page before ended.
    pub after: Option<Cursor>,
}

/// The last of a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    pub at: Timestamp,
    pub event: EventId,
}

/// Part of a list. There may be more only if it says where to go on.
#[derive(Clone, Debug)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub next: Option<Cursor>,
}

/// Reads events and deliveries back, for as long as history is kept.
pub trait History {
    /// Events by when they were accepted, without their data.
    fn events(&self, tenant: &str, range: &Range) -> impl Future<Output = Answer<Page<Event>>> + Send;

    /// The event's deliveries, by endpoint, those not attempted yet among them; `None` if there is no
    /// such event.
    fn deliveries_of(
        &self,
        tenant: &str,
        event: &EventId,
    ) -> impl Future<Output = Answer<Option<Vec<Delivery>>>> + Send;

    /// The endpoint's deliveries by when their event was accepted; of one state, if it is named. They
    /// may carry no more than their last attempt; those not attempted yet may be missing.
    fn deliveries_to(
        &self,
        tenant: &str,
        endpoint: &str,
        state: Option<State>,
        range: &Range,
    ) -> impl Future<Output = Answer<Page<Delivery>>> + Send;

    fn delivery(&self, key: &DeliveryKey) -> impl Future<Output = Answer<Option<Delivery>>> + Send;
}
