//! Claimed → published: handed on as an event, where its source says so.

use super::Mailer;
use super::claim::Work;
use crate::event::{Data, EventId, Origin};
use crate::seam::{Answer, Publication, Publish};

/// The content type of a body that names none.
const UNKNOWN: &str = "application/octet-stream";

impl<S, M, E, P: Publish, C> Mailer<S, M, E, P, C> {
    /// Before it is mailed: tried again with the mail, it is published once.
    pub(super) async fn publish(&self, work: &Work) -> Answer<()> {
        let (source, webhook) = (&work.source, &work.webhook);
        let Some(kind) = source.publish.clone() else { return Ok(()) };
        let content_type = if webhook.method() == "GET" {
            "application/x-www-form-urlencoded"
        } else {
            webhook.content_type().unwrap_or(UNKNOWN)
        };
        let publication = Publication {
            id: EventId::from(webhook.id()),
            tenant: source.tenant.clone(),
            kind,
            received: webhook.received(),
            data: Data { content_type: content_type.to_owned(), bytes: webhook.body().clone() },
            origin: Origin { source: source.name.clone(), proof: webhook.proof() },
        };
        self.publisher.publish(publication).await?;
        tracing::info!(source = source.name, id = %webhook.id(), "published");
        Ok(())
    }
}
