//! Event → matched → queued: kept with the endpoints it is for, and only then answered.

use super::Sender;
use crate::endpoint::Endpoint;
use crate::event::Event;
use crate::seam::{Answer, Clock, FindEndpoints, KeepEvent, Keeping, Recipient};

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// It is durably on its way to so many endpoints.
    Queued { endpoints: usize },
    /// Another event was accepted under that id.
    Taken,
}

impl<F: FindEndpoints, K: KeepEvent, C: Clock> Sender<F, K, C> {
    /// The endpoints that subscribed. One that is not enabled is among them: its delivery is held.
    pub(super) async fn matching(&self, event: &Event) -> Answer<Vec<Recipient>> {
        let endpoints = self.endpoints.endpoints(&event.tenant).await?;
        let wanted = endpoints.iter().filter(|endpoint| endpoint.wants(&event.kind, &event.channels));
        Ok(wanted.map(|endpoint| recipient(endpoint, event)).collect())
    }

    /// The endpoints that subscribed to an event about endpoints.
    pub(super) async fn matching_operational(&self, event: &Event) -> Answer<Vec<Recipient>> {
        let endpoints = self.endpoints.endpoints(&event.tenant).await?;
        let wanted = endpoints.iter().filter(|endpoint| endpoint.wants_operational(&event.kind));
        Ok(wanted.map(|endpoint| recipient(endpoint, event)).collect())
    }

    pub(super) async fn keep(&self, event: &Event, recipients: &[Recipient]) -> Answer<Accepted> {
        let kept = self.store.keep_event(event, recipients).await?;
        let (tenant, id, kind) = (&event.tenant, &event.id, &event.kind);
        Ok(match kept {
            Keeping::Kept { endpoints } => {
                tracing::info!(tenant, %id, %kind, endpoints, bytes = event.data.bytes.len(), "event accepted");
                Accepted::Queued { endpoints }
            }
            Keeping::Taken => Accepted::Taken,
        })
    }
}

fn recipient(endpoint: &Endpoint, event: &Event) -> Recipient {
    let wait = endpoint.schedule.wait(1, event.id.as_str()).unwrap_or_default();
    Recipient { endpoint: endpoint.name.clone(), due: event.received.after(wait) }
}
