//! Shaped → sent: handed to whoever delivers mail, within a time shorter than the claim.

use std::time::Duration;

use tokio::time::timeout;

use crate::seam::{Email, Refusal, SendEmail};

/// How long a mail server may take.
const SEND_TIME: Duration = Duration::from_secs(45);

pub(super) async fn send(port: &impl SendEmail, email: &Email) -> Result<(), Refusal> {
    let late = |_| Refusal::Later(format!("no answer within {} s", SEND_TIME.as_secs()));
    timeout(SEND_TIME, port.send_email(email)).await.map_err(late)?
}
