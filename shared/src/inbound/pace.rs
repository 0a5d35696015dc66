//! Authentic → paced: no more genuine webhooks of a source than its owner wants.

use super::authenticate::Authentic;
use super::limit::Limits;
use crate::reply::Refused;

pub(super) fn pace(limits: &Limits, authentic: Authentic) -> Result<Authentic, Refused> {
    let webhook = &authentic.webhook;
    limits.source(&authentic.source, webhook.received()).map_err(|retry_after| {
        tracing::warn!(source = %authentic.source.name, id = %webhook.id(), why = "over the source's limit", "refused");
        Refused::TooMany { retry_after }
    })?;
    Ok(authentic)
}
