//! Signed → posted: carried to the endpoint, with an answer or none.

use crate::seam::{Clock, NoAnswer, Outgoing, Received, SendWebhook};
use crate::timestamp::Timestamp;

/// What came of an attempt.
pub(super) struct Posted {
    pub(super) outcome: Result<Received, NoAnswer>,
    pub(super) at: Timestamp,
    pub(super) ended: Timestamp,
}

pub(super) async fn post(port: &impl SendWebhook, clock: &impl Clock, outgoing: Outgoing) -> Posted {
    let at = clock.now();
    let outcome = port.send_webhook(outgoing).await;
    Posted { outcome, at, ended: clock.now() }
}
