//! The configuration as it is written, before anything is checked.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error, IgnoredAny, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};

/// Keys that no field takes, collected so that they can be refused with the nearest known one.
pub(super) type Unknown = BTreeMap<String, IgnoredAny>;

pub(super) const TOP: &[&str] = &["sources", "endpoints"];
pub(super) const SOURCE: &[&str] = &[
    "verify",
    "email",
    "publish",
    "allow",
    "limit",
    "caller_limit",
    "deduplicate",
    "window",
    "delivery_id",
    "event_type",
];
pub(super) const VERIFY: &[&str] = &["scheme", "secret"];
pub(super) const PLACE: &[&str] = &["header", "pointer"];

/// The whole of a configuration: sources, and endpoints that are not built yet.
#[derive(Default, Deserialize)]
pub struct Spec {
    pub(super) sources: Option<BTreeMap<String, SourceSpec>>,
    pub(super) endpoints: Option<BTreeMap<String, IgnoredAny>>,
    #[serde(flatten)]
    pub(super) unknown: Unknown,
}

#[derive(Deserialize)]
pub(super) struct SourceSpec {
    pub(super) verify: Option<VerifySpec>,
    pub(super) email: Option<OneOrMany>,
    pub(super) publish: Option<String>,
    pub(super) allow: Option<OneOrMany>,
    pub(super) limit: Option<String>,
    pub(super) caller_limit: Option<String>,
    pub(super) deduplicate: Option<String>,
    pub(super) window: Option<Text>,
    pub(super) delivery_id: Option<PlaceSpec>,
    pub(super) event_type: Option<PlaceSpec>,
    #[serde(flatten)]
    pub(super) unknown: Unknown,
}

#[derive(Deserialize)]
pub(super) struct VerifySpec {
    pub(super) scheme: Option<String>,
    pub(super) secret: Option<OneOrMany>,
    #[serde(flatten)]
    pub(super) unknown: Unknown,
}

#[derive(Deserialize)]
pub(super) struct PlaceSpec {
    pub(super) header: Option<String>,
    pub(super) pointer: Option<String>,
    #[serde(flatten)]
    pub(super) unknown: Unknown,
}

impl Spec {
    /// Whether it names no source at all.
    pub fn is_empty(&self) -> bool {
        self.sources.as_ref().is_none_or(BTreeMap::is_empty)
    }

    /// Whether it names that source.
    pub fn names(&self, source: &str) -> bool {
        self.sources.as_ref().is_some_and(|sources| sources.contains_key(source))
    }

    /// Adds a source that proves itself by the password that the environment calls `variable`,
    /// unless the name is taken.
    pub fn add_password_source(&mut self, name: &str, variable: &str, email: Vec<String>) {
        let verify = VerifySpec {
            scheme: Some("password".into()),
            secret: Some(OneOrMany(vec![format!("env:{variable}")])),
            unknown: Unknown::new(),
        };
        let source = SourceSpec {
            verify: Some(verify),
            email: Some(OneOrMany(email)),
            publish: None,
            allow: None,
            limit: None,
            caller_limit: None,
            deduplicate: None,
            window: None,
            delivery_id: None,
            event_type: None,
            unknown: Unknown::new(),
        };
        self.sources.get_or_insert_default().entry(name.into()).or_insert(source);
    }
}

/// One text, or a list of texts.
pub(super) struct OneOrMany(pub(super) Vec<String>);

/// A text that may be written as a bare whole number.
pub(super) struct Text(pub(super) String);

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Texts;
        impl<'de> Visitor<'de> for Texts {
            type Value = OneOrMany;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts (put numbers in quotes)")
            }

            // No message may show what was found: it may be a secret.
            fn visit_u64<E: Error>(self, _: u64) -> Result<OneOrMany, E> {
                Err(E::invalid_type(Unexpected::Other("a number"), &self))
            }

            fn visit_i64<E: Error>(self, _: i64) -> Result<OneOrMany, E> {
                Err(E::invalid_type(Unexpected::Other("a number"), &self))
            }

            fn visit_f64<E: Error>(self, _: f64) -> Result<OneOrMany, E> {
                Err(E::invalid_type(Unexpected::Other("a number"), &self))
            }

            fn visit_str<E>(self, text: &str) -> Result<OneOrMany, E> {
                Ok(OneOrMany(vec![text.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<OneOrMany, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = list.next_element()? {
                    texts.push(text);
                }
                Ok(OneOrMany(texts))
            }
        }
        deserializer.deserialize_any(Texts)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyText;
        impl Visitor<'_> for AnyText {
            type Value = Text;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a whole number")
            }

            fn visit_str<E>(self, text: &str) -> Result<Text, E> {
                Ok(Text(text.to_owned()))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Text, E> {
                Ok(Text(number.to_string()))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Text, E> {
                Ok(Text(number.to_string()))
            }
        }
        deserializer.deserialize_any(AnyText)
    }
}
