//! An endpoint as it is written, before anything is checked.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::spec::Unknown;
use super::text::{OneOrMany, SecretText, Text, Texts, all, no_numbers};
use crate::endpoint::DEFAULT_TENANT;

pub(super) const ENDPOINT: &[&str] = &[
    "url",
    "events",
    "channels",
    "operational",
    "contact",
    "description",
    "tenant",
    "enabled",
    "headers",
    "method",
    "format",
    "timeout",
    "schedule",
    "rate",
    "max_concurrent",
    "success",
    "auth",
    "secret",
    "signature",
];
pub(super) const AUTH: &[&str] = &["bearer", "basic", "header"];
pub(super) const BASIC: &[&str] = &["user", "password"];
pub(super) const HEADER: &[&str] = &["name", "value"];
pub(super) const KEY: &[&str] = &["value", "expires"];

#[derive(Clone, Deserialize, Serialize)]
pub(super) struct EndpointSpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) events: Option<OneOrMany>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) channels: Option<OneOrMany>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) operational: Option<OneOrMany>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) contact: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tenant: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) headers: Option<BTreeMap<String, SecretText>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) method: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) format: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) timeout: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) schedule: Option<Texts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rate: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_concurrent: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) success: Option<Texts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) auth: Option<AuthSpec>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) secret: Option<KeySpecs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) signature: Option<String>,
    #[serde(flatten, skip_serializing)]
    pub(super) unknown: Unknown,
}

#[derive(Clone, Deserialize, Serialize)]
pub(super) struct AuthSpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) bearer: Option<SecretText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) basic: Option<BasicSpec>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) header: Option<HeaderSpec>,
    #[serde(flatten, skip_serializing)]
    pub(super) unknown: Unknown,
}

#[derive(Clone, Deserialize, Serialize)]
pub(super) struct BasicSpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) password: Option<SecretText>,
    #[serde(flatten, skip_serializing)]
    pub(super) unknown: Unknown,
}

#[derive(Clone, Deserialize, Serialize)]
pub(super) struct HeaderSpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) value: Option<SecretText>,
    #[serde(flatten, skip_serializing)]
    pub(super) unknown: Unknown,
}

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

impl EndpointSpec {
    pub(super) fn tenant(&self) -> &str {
        self.tenant.as_deref().unwrap_or(DEFAULT_TENANT)
    }

    /// Whether every key of it is known to this version.
    pub(super) fn is_understood(&self) -> bool {
        let auth = self.auth.as_ref().is_none_or(|auth| {
            let basic = auth.basic.as_ref().is_none_or(|basic| basic.unknown.is_empty());
            let header = auth.header.as_ref().is_none_or(|header| header.unknown.is_empty());
            auth.unknown.is_empty() && basic && header
        });
        let key = |key: &KeySpec| match key {
            KeySpec::Plain(_) => true,
            KeySpec::Expiring(key) => key.unknown.is_empty(),
        };
        self.unknown.is_empty() && auth && self.secret.iter().flat_map(|keys| &keys.0).all(key)
    }

    /// Every secret of it, under the key where it stands.
    pub(super) fn secrets(&mut self) -> impl Iterator<Item = (String, &mut String)> {
        let headers = self.headers.iter_mut().flatten();
        let headers = headers.map(|(name, value)| (header_key(name), &mut value.0));
        let auth = self.auth.iter_mut().flat_map(AuthSpec::secrets);
        let keys = self.secret.iter_mut().flat_map(|keys| &mut keys.0).filter_map(KeySpec::secret);
        let auth = auth.map(|(key, text)| (key.to_owned(), text));
        headers.chain(auth).chain(keys.map(|text| (SECRET.to_owned(), text)))
    }
}

/// Where signing keys stand.
pub(super) const SECRET: &str = "secret";

/// Where the value of a header stands.
pub(super) fn header_key(name: &str) -> String {
    format!("headers.{name}")
}

impl AuthSpec {
    fn secrets(&mut self) -> impl Iterator<Item = (&'static str, &mut String)> {
        let bearer = self.bearer.as_mut().map(|text| ("auth.bearer", &mut text.0));
        let basic = self.basic.as_mut().and_then(|basic| basic.password.as_mut());
        let header = self.header.as_mut().and_then(|header| header.value.as_mut());
        let basic = basic.map(|text| ("auth.basic.password", &mut text.0));
        bearer.into_iter().chain(basic).chain(header.map(|text| ("auth.header.value", &mut text.0)))
    }
}

impl KeySpec {
    fn secret(&mut self) -> Option<&mut String> {
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
