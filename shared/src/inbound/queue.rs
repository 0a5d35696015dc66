//! Authentic → queued: kept for good, and only then answered.

use super::authenticate::Authentic;
use super::turn::Turned;
use super::webhook::Webhook;
use crate::id::WebhookId;
use crate::seam::{Answer, Enqueue, PutBody};

pub(super) async fn queue<Q: Enqueue + PutBody>(ports: &Q, authentic: Authentic) -> Result<WebhookId, Turned> {
    let Authentic { source, webhook, memory } = authentic;
    let kept = keep(ports, &webhook).await;
    drop(memory);
    kept.map_err(Turned::ours)?;
    let (id, bytes) = (webhook.id(), webhook.body().len());
    tracing::info!(source = %source.name, %id, caller = %webhook.caller(), bytes, "queued");
    Ok(id)
}

async fn keep<Q: Enqueue + PutBody>(ports: &Q, webhook: &Webhook) -> Answer<()> {
    // A larger one is kept apart first, and the message names it.
    let inline = webhook.body().len() <= Q::INLINE;
    if !inline {
        ports.put_body(webhook.id(), webhook.body()).await?;
    }
    ports.enqueue(webhook.id(), webhook.write(inline), webhook.received()).await
}
