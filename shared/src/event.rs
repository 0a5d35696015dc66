//! An event: something that happened in an owner's application, and what may be said of it.

mod pattern;

use std::fmt;
use std::str::FromStr;

use bytes::Bytes;
use http::HeaderValue;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::id::WebhookId;
use crate::schemes::Proof;
use crate::timestamp::Timestamp;

pub use pattern::{NotAPattern, Pattern};

/// An event as it was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub tenant: String,
    pub id: EventId,
    pub kind: EventType,
    /// When it happened, as its emitter says; when it was accepted otherwise.
    pub timestamp: Timestamp,
    pub received: Timestamp,
    pub channels: Vec<String>,
    pub data: Data,
    /// Of everything that its emitter said: the same id with another digest is another event.
    pub digest: Digested,
    /// What it was published from; none if an application emitted it.
    pub origin: Option<Origin>,
}

/// The genuine webhook that became an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    pub source: String,
    pub proof: Proof,
}

/// What an event carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Data {
    pub content_type: String,
    pub bytes: Bytes,
}

pub const JSON: &str = "application/json";

/// No content type is longer.
const LONGEST_TYPE: usize = 256;

impl Data {
    /// Data that is JSON text already.
    pub fn json(text: impl Into<Bytes>) -> Self {
        Self { content_type: JSON.into(), bytes: text.into() }
    }

    /// Whether a header can carry its content type.
    pub fn can_be_said(&self) -> bool {
        self.content_type.len() <= LONGEST_TYPE && HeaderValue::from_str(&self.content_type).is_ok()
    }

    /// Whether it says that it is JSON: `application/json`, or anything that ends in `+json`.
    pub fn is_json(&self) -> bool {
        let media = self.content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        media == JSON || media.ends_with("+json")
    }
}

/// A SHA-256 in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digested(pub String);

impl Digested {
    /// Of an event's type, its time where its emitter gave one, channels and data.
    pub fn of(kind: &EventType, timestamp: Option<Timestamp>, channels: &[String], data: &Data) -> Self {
        let mut hash = Sha256::new();
        let time = timestamp.map(|timestamp| timestamp.0.to_string()).unwrap_or_default();
        let channels = channels.join(" ");
        for part in [kind.as_str(), &time, &channels, &data.content_type] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        hash.update(&data.bytes);
        Self(hex::encode(hash.finalize()))
    }

    /// Of a token: all that is kept of it.
    pub fn of_token(token: &[u8]) -> Self {
        Self(hex::encode(Sha256::digest(token)))
    }
}

/// The name of an event, and the `webhook-id` of every webhook made of it: 1 to 128 of `A-Z a-z 0-9 _ -`.
/// No full stop: Standard Webhooks signs `id.timestamp.body`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct EventId(String);

/// What an id is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not an id; write 1 to 128 letters, digits, _ or -")]
pub struct NotAnEventId;

impl EventId {
    const PREFIX: &str = "msg_";
    const OPERATIONAL: &str = "op_";

    /// A new one; later ones sort after earlier ones.
    pub fn new(now: Timestamp, random: [u8; 10]) -> Self {
        let id = uuid::Builder::from_unix_timestamp_millis(now.0, &random).into_uuid().as_u128();
        Self(format!("{}{id:032x}", Self::PREFIX))
    }

    /// One for a name that may not be an id itself: the same for the same parts.
    pub fn derived(prefix: &str, parts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let mut digits = hex::encode(hash.finalize());
        digits.truncate(32);
        Self(format!("{prefix}_{digits}"))
    }

    /// Of an event about an endpoint: the same for the same digest.
    pub fn operational(digest: &[u8; 32]) -> Self {
        Self(format!("{}{}", Self::OPERATIONAL, hex::encode(&digest[..16])))
    }

    /// Whether it is one of those: no application may give such a name.
    pub fn is_operational(&self) -> bool {
        let digits = self.0.strip_prefix(Self::OPERATIONAL).unwrap_or_default();
        digits.len() == 32 && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for EventId {
    type Err = NotAnEventId;

    fn from_str(text: &str) -> Result<Self, NotAnEventId> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        let fits = (1..=128).contains(&text.len()) && text.bytes().all(plain);
        if fits { Ok(Self(text.to_owned())) } else { Err(NotAnEventId) }
    }
}

impl TryFrom<String> for EventId {
    type Error = NotAnEventId;

    fn try_from(text: String) -> Result<Self, NotAnEventId> {
        text.parse()
    }
}

impl From<WebhookId> for EventId {
    fn from(id: WebhookId) -> Self {
        Self(id.to_string())
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What happened: words of `A-Z a-z 0-9 _` joined by full stops (Standard Webhooks), `-` allowed too,
/// 128 bytes at most.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct EventType(String);

/// The types of events about endpoints, which Hookpost itself makes.
pub const OPERATIONAL: [&str; 4] =
    ["endpoint.failing", "endpoint.disabled", "endpoint.recovered", "message.attempt.exhausted"];

/// What a type is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not an event type; write words of letters, digits, _ or - joined by full stops, like order.created")]
pub struct NotAnEventType;

fn is_word(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

impl EventType {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The type nearest to a text that was never meant to be one: every run of other characters
    /// becomes one `_`.
    pub fn near(text: &str) -> Result<Self, NotAnEventType> {
        let mut near = String::with_capacity(text.len());
        for character in text.trim().chars() {
            match character {
                'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '.' => near.push(character),
                _ if near.ends_with('_') => {}
                _ => near.push('_'),
            }
        }
        near.parse()
    }
}

impl FromStr for EventType {
    type Err = NotAnEventType;

    fn from_str(text: &str) -> Result<Self, NotAnEventType> {
        let fits = text.len() <= 128 && text.split('.').all(is_word);
        if fits { Ok(Self(text.to_owned())) } else { Err(NotAnEventType) }
    }
}

impl TryFrom<String> for EventType {
    type Error = NotAnEventType;

    fn try_from(text: String) -> Result<Self, NotAnEventType> {
        text.parse()
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a name may be a channel's: 1 to 128 of `A-Z a-z 0-9 _ - . :`.
pub fn is_channel(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-.:".contains(&b);
    (1..=128).contains(&name.len()) && name.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_star_is_one_word_and_at_the_end_one_or_more() {
        let matching = [
            ("order.created", "order.created", true),
            ("order.created", "order.created.again", false),
            ("order.*", "order.created", true),
            ("order.*", "order.item.added", true),
            ("order.*", "order", false),
            ("order.*", "orders.created", false),
            ("*.created", "order.created", true),
            ("*.created", "order.item.created", false),
            ("*", "order.item.created", true),
            ("*.*", "order", false),
        ];
        for (pattern, kind, expected) in matching {
            let (pattern, kind): (Pattern, EventType) = (pattern.parse().unwrap(), kind.parse().unwrap());
            assert_eq!(pattern.matches(&kind), expected, "{pattern:?} {kind}");
        }
        for wrong in ["", ".", "order.", "order*", "**", "a b", "order..created"] {
            assert!(wrong.parse::<Pattern>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_id_never_holds_what_a_signature_is_split_by() {
        for wrong in ["", "a.b", "a b", "ä", "a\n", &"a".repeat(129)] {
            assert!(wrong.parse::<EventId>().is_err(), "{wrong}");
        }
        let derived = EventId::derived("ce", &["//source/1", "id.with.stops"]);
        assert_eq!(derived.as_str().parse(), Ok(derived));
    }

    #[test]
    fn words_that_are_no_type_become_one() {
        assert_eq!(EventType::near(" EC2 Instance State-change ").unwrap().as_str(), "EC2_Instance_State-change");
        assert!(EventType::near("").is_err());
    }

    proptest! {
        #[test]
        fn no_text_makes_the_readers_panic(text in ".*") {
            let _ = (text.parse::<EventId>(), text.parse::<Pattern>(), text.parse::<EventType>(), EventType::near(&text));
        }

        #[test]
        fn every_type_matches_itself_and_everything(kind in "[a-z_]{1,8}(\\.[a-z_]{1,8}){0,4}") {
            let parsed: EventType = kind.parse().unwrap();
            prop_assert!(kind.parse::<Pattern>().unwrap().matches(&parsed));
            prop_assert!("*".parse::<Pattern>().unwrap().matches(&parsed));
        }
    }
}
