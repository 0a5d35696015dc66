//! A genuine webhook: made by `authenticate`, carried by the queue, and by nothing else.

use std::net::IpAddr;

use bytes::{BufMut, Bytes, BytesMut};
use serde::{Deserialize, Serialize};

use crate::id::WebhookId;
use crate::schemes::{self, Proof, Scheme};
use crate::timestamp::Timestamp;

/// What a provider sent, proved genuine, credentials removed. Only the inbound path makes one: it
/// cannot be read from JSON, only from a message that the path itself queued.
pub struct Webhook {
    head: Head,
    body: Bytes,
}

/// Everything but the body.
#[derive(Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) id: WebhookId,
    pub(super) source: String,
    pub(super) received: Timestamp,
    pub(super) caller: IpAddr,
    pub(super) method: String,
    pub(super) proof: Proof,
    /// The schemes that proved it, where the source has several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) by: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) delivery: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) event: Option<String>,
    pub(super) headers: Vec<(String, String)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) query: Option<String>,
}

/// Bytes that no version of this program queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the message cannot be read")]
pub struct Unreadable;

/// A message read back: a webhook, or all of it but a body that was kept apart.
pub(super) enum Message {
    Whole(Webhook),
    Headed(Headed),
}

/// A webhook whose body is still to be fetched.
pub(super) struct Headed(Head);

/// The first byte of a message: how the rest is laid out.
const WHOLE: u8 = 1;
const HEADED: u8 = 2;

impl Webhook {
    pub(super) fn new(head: Head, body: Bytes) -> Self {
        Self { head, body }
    }

    /// Reads a message that was queued with its body inside, as `hookpost dead show` does.
    ///
    /// # Errors
    /// It was queued without its body, or not by us.
    pub fn from_message(message: &Bytes) -> Result<Self, Unreadable> {
        match Self::read(message)? {
            Message::Whole(webhook) => Ok(webhook),
            Message::Headed(headed) => Ok(headed.with_body(Bytes::new())),
        }
    }

    /// Layout, head length (u32, big-endian), head (JSON), body.
    pub(super) fn write(&self, with_body: bool) -> Bytes {
        let head = serde_json::to_vec(&self.head).unwrap_or_default();
        let body = if with_body { &*self.body } else { &[] };
        let mut message = BytesMut::with_capacity(5 + head.len() + body.len());
        message.put_u8(if with_body { WHOLE } else { HEADED });
        message.put_u32(head.len() as u32);
        message.put_slice(&head);
        message.put_slice(body);
        message.freeze()
    }

    pub(super) fn read(message: &Bytes) -> Result<Message, Unreadable> {
        let (layout, rest) = message.split_first().ok_or(Unreadable)?;
        let (length, rest) = rest.split_first_chunk::<4>().ok_or(Unreadable)?;
        let (head, body) = rest.split_at_checked(u32::from_be_bytes(*length) as usize).ok_or(Unreadable)?;
        let head: Head = serde_json::from_slice(head).map_err(|_| Unreadable)?;
        match *layout {
            WHOLE => Ok(Message::Whole(Self { head, body: message.slice_ref(body) })),
            HEADED => Ok(Message::Headed(Headed(head))),
            _ => Err(Unreadable),
        }
    }

    pub fn id(&self) -> WebhookId {
        self.head.id
    }

    pub fn source(&self) -> &str {
        &self.head.source
    }

    pub fn received(&self) -> Timestamp {
        self.head.received
    }

    pub fn caller(&self) -> IpAddr {
        self.head.caller
    }

    /// The schemes that proved it, where its source has several; empty for one.
    pub fn by(&self) -> Vec<&'static Scheme> {
        self.head.by.iter().filter_map(|name| schemes::named(name)).collect()
    }

    pub fn method(&self) -> &str {
        &self.head.method
    }

    pub fn proof(&self) -> Proof {
        self.head.proof
    }

    /// The provider's delivery id, where it stood in a header.
    pub fn delivery(&self) -> Option<&str> {
        self.head.delivery.as_deref()
    }

    /// The provider's event type, where it stood in a header.
    pub fn event(&self) -> Option<&str> {
        self.head.event.as_deref()
    }

    pub fn headers(&self) -> &[(String, String)] {
        &self.head.headers
    }

    pub fn query(&self) -> Option<&str> {
        self.head.query.as_deref()
    }

    pub fn content_type(&self) -> Option<&str> {
        let mut headers = self.head.headers.iter();
        headers.find(|(name, _)| name == "content-type").map(|(_, value)| value.as_str())
    }

    pub fn body(&self) -> &Bytes {
        &self.body
    }
}

impl Headed {
    pub(super) fn id(&self) -> WebhookId {
        self.0.id
    }

    pub(super) fn with_body(self, body: Bytes) -> Webhook {
        Webhook { head: self.0, body }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A genuine webhook of the source `test`.
    pub(crate) fn webhook(headers: &[(&str, &str)], body: &[u8]) -> Webhook {
        let head = Head {
            id: WebhookId::new(Timestamp(1_700_000_000_000), [7; 10]),
            source: "test".into(),
            received: Timestamp(1_700_000_000_000),
            caller: IpAddr::from([192, 0, 2, 1]),
            method: "POST".into(),
            proof: Proof::Signed,
            by: Vec::new(),
            delivery: None,
            event: None,
            headers: headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
            query: None,
        };
        Webhook::new(head, Bytes::copy_from_slice(body))
    }

    proptest! {
        #[test]
        fn a_message_is_read_back_as_it_was_written(value in ".*", body: Vec<u8>) {
            let written = webhook(&[("x-a", &value)], &body);
            let Ok(Message::Whole(read)) = Webhook::read(&written.write(true)) else { panic!("unreadable") };
            prop_assert_eq!(read.body(), &body);
            prop_assert_eq!(read.headers(), written.headers());
            prop_assert!(matches!(Webhook::read(&written.write(false)), Ok(Message::Headed(_))));
        }

        #[test]
        fn no_bytes_make_the_reader_panic(message: Vec<u8>, cut: prop::sample::Index) {
            prop_assert!(Webhook::read(&Bytes::from(message)).is_err());
            let whole = webhook(&[], b"").write(true);
            prop_assert!(Webhook::read(&whole.slice(..cut.index(whole.len()))).is_err());
        }
    }
}
