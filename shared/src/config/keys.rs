//! Signing keys as they are written: one or many, each with or without a time from which it signs no more.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::spec::Unknown;
use super::text::{SecretText, all, no_numbers};

pub(super) const KEY: &[&str] = &["value", "expires"];

/// One key, or a list of keys.
#[derive(Clone, Serialize)]
pub(super) struct KeySpecs(pub(super) Vec<KeySpec>);

/// A key; with the time from which it signs no more it is written as a map.
#[derive(Clone, Serialize)]
#[serde(untagged)]
pub(super) enum KeySpec {
    Plain(SecretText),
    Expiring(ExpiringSpec),
}

#[derive(Clone, Deserialize, Serialize)]
pub(super) struct ExpiringSpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) value: Option<SecretText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expires: Option<String>,
    #[serde(flatten, skip_serializing)]
    pub(super) unknown: Unknown,
}

impl KeySpec {
    /// Whether every key of it is known to this version.
    pub(super) fn is_understood(&self) -> bool {
        match self {
            Self::Plain(_) => true,
            Self::Expiring(key) => key.unknown.is_empty(),
        }
    }

    pub(super) fn secret(&mut self) -> Option<&mut String> {
        match self {
            Self::Plain(text) => Some(&mut text.0),
            Self::Expiring(key) => key.value.as_mut().map(|text| &mut text.0),
        }
    }
}

const KEY_FORM: &str = "a text or { value: …, expires: … }";

impl<'de> Deserialize<'de> for KeySpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneKey;
        impl<'de> Visitor<'de> for OneKey {
            type Value = KeySpec;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(KEY_FORM)
            }

            no_numbers!();

            fn visit_str<E>(self, text: &str) -> Result<KeySpec, E> {
                Ok(KeySpec::Plain(SecretText(text.to_owned())))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<KeySpec, A::Error> {
                ExpiringSpec::deserialize(MapAccessDeserializer::new(map)).map(KeySpec::Expiring)
            }
        }
        deserializer.deserialize_any(OneKey)
    }
}

impl<'de> Deserialize<'de> for KeySpecs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Several;
        impl<'de> Visitor<'de> for Several {
            type Value = KeySpecs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{KEY_FORM}, or a list of them")
            }

            no_numbers!();

            fn visit_str<E>(self, text: &str) -> Result<KeySpecs, E> {
                Ok(KeySpecs(vec![KeySpec::Plain(SecretText(text.to_owned()))]))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<KeySpecs, A::Error> {
                let key = ExpiringSpec::deserialize(MapAccessDeserializer::new(map))?;
                Ok(KeySpecs(vec![KeySpec::Expiring(key)]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<KeySpecs, A::Error> {
                all(list).map(KeySpecs)
            }
        }
        deserializer.deserialize_any(Several)
    }
}
