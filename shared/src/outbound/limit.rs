//! Event → admitted: there is room for it, and a place within its tenant's rate.

use super::Sender;
use crate::reply::Refused;
use crate::seam::{Answer, Clock, FindEndpoints, LimitEvents};

impl<F: FindEndpoints, K: LimitEvents, C: Clock> Sender<F, K, C> {
    /// Whether an event of that tenant may be taken now; why not, otherwise.
    pub(super) async fn admit(&self, tenant: &str) -> Answer<Result<(), Refused>> {
        if !self.store.has_room().await? {
            tracing::error!(tenant, "history is full; no event is taken until there is room");
            return Ok(Err(Refused::HistoryFull));
        }
        let Some(rate) = self.endpoints.event_rate(tenant).await? else { return Ok(Ok(())) };
        let now = self.clock.now();
        let placed = self.store.take_place(tenant, rate, now).await?;
        Ok(placed.map_err(|free| {
            tracing::info!(tenant, %rate, "over its rate");
            Refused::OverRate { tenant: tenant.to_owned(), rate, retry_after: free.since(now) }
        }))
    }
}
