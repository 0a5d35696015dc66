//! What mailing asks of the world.

use std::future::Future;

use bytes::Bytes;

use crate::address::EmailAddress;
use crate::id::WebhookId;
use crate::timestamp::Timestamp;

/// An e-mail, complete but for its envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    pub id: WebhookId,
    /// When the webhook was received.
    pub date: Timestamp,
    pub to: Vec<EmailAddress>,
    /// One line, no control characters.
    pub subject: String,
    pub text: String,
    pub html: String,
    pub attachment: Option<Attachment>,
}

/// A file that goes with an e-mail, under a name that we chose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    pub name: &'static str,
    pub content_type: &'static str,
    pub bytes: Bytes,
}

/// Why an e-mail did not go out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Try again: the world may change its mind.
    Later(String),
    /// Never: this e-mail cannot succeed.
    Never(String),
}

/// Hands an e-mail to whoever delivers it.
pub trait SendEmail {
    /// `Ok` once somebody else has taken responsibility for it.
    fn send_email(&self, email: &Email) -> impl Future<Output = Result<(), Refusal>> + Send;
}
