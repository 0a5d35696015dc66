//! The name of a webhook, given at the door and kept for life.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::timestamp::Timestamp;

/// `wh_` and the 32 hexadecimal digits of a UUIDv7 (RFC 9562): later webhooks sort after earlier
/// ones, in text as in bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WebhookId(u128);

const PREFIX: &str = "wh_";

impl WebhookId {
    pub fn new(now: Timestamp, random: [u8; 10]) -> Self {
        Self(uuid::Builder::from_unix_timestamp_millis(now.0, &random).into_uuid().as_u128())
    }

    pub fn from_bits(bits: u128) -> Self {
        Self(bits)
    }

    pub fn bits(self) -> u128 {
        self.0
    }

    /// The smallest id of that moment: where a search for what came since begins.
    pub fn first_at(moment: Timestamp) -> Self {
        Self(u128::from(moment.0) << 80)
    }

    /// When the webhook was received.
    pub fn moment(self) -> Timestamp {
        Timestamp((self.0 >> 80) as u64)
    }

    /// The last eight digits, enough for a person to tell two apart.
    pub fn short(self) -> String {
        format!("{:08x}", self.0 as u32)
    }
}

impl fmt::Display for WebhookId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{:032x}", self.0)
    }
}

impl fmt::Debug for WebhookId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not `wh_` and 32 lower-case hexadecimal digits.
#[derive(Debug, thiserror::Error)]
#[error("a webhook id is wh_ and 32 hexadecimal digits")]
pub struct NotAnId;

impl FromStr for WebhookId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let digits = text.strip_prefix(PREFIX).ok_or(NotAnId)?;
        let plain = digits.len() == 32 && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if !plain {
            return Err(NotAnId);
        }
        u128::from_str_radix(digits, 16).map(Self).map_err(|_| NotAnId)
    }
}

impl Serialize for WebhookId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for WebhookId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ids_sort_by_time_and_survive_a_round_trip(a in 0u64..1 << 47, b in 0u64..1 << 47, r: [u8; 10]) {
            let (first, second) = (WebhookId::new(Timestamp(a), r), WebhookId::new(Timestamp(b), r));
            prop_assert_eq!(a.cmp(&b), first.cmp(&second));
            prop_assert_eq!(first, first.to_string().parse().unwrap());
            prop_assert_eq!(first.moment(), Timestamp(a));
            prop_assert!(WebhookId::first_at(Timestamp(a)) <= first);
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in ".*") {
            let _ = text.parse::<WebhookId>();
        }
    }
}
