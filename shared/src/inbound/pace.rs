//! Authentic → paced: no more genuine webhooks of a source than its owner wants.

use super::authenticate::Authentic;
use super::limit::Limits;
use super::turn::Turned;
use crate::reply::Refused;

pub(super) fn pace(limits: &Limits, authentic: Authentic) -> Result<Authentic, Turned> {
    let slow_down = |retry_after| Turned::new(Refused::TooMany { retry_after }, "over the limit of this source");
    limits.source(&authentic.source, authentic.webhook.received()).map_err(slow_down)?;
    Ok(authentic)
}
