//! Shaped → sent: handed to whoever delivers mail, within a time shorter than the claim.

use std::time::Duration;

use tokio::time::timeout;

use crate::seam::{Email, Refusal, SendEmail};

pub(super) async fn send(port: &impl SendEmail, email: &Email, limit: Duration) -> Result<(), Refusal> {
    let late = |_| Refusal::Later(format!("no answer within {} s", limit.as_secs()));
    timeout(limit, port.send_email(email)).await.map_err(late)?
}
