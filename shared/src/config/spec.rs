//! The configuration as it is written, before anything is checked.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error, IgnoredAny, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

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
#[derive(Clone, Default, Deserialize, Serialize)]
pub struct Spec {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sources: Option<BTreeMap<String, SourceSpec>>,
    #[serde(skip_serializing)]
    pub(super) endpoints: Option<BTreeMap<String, IgnoredAny>>,
    #[serde(flatten, skip_serializing)]
    pub(super) unknown: Unknown,
}

#[derive(Clone, Deserialize, Serialize)]
pub(super) struct SourceSpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) verify: Option<VerifySpec>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) email: Option<OneOrMany>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) publish: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) allow: Option<OneOrMany>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) limit: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) caller_limit: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) deduplicate: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) window: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) delivery_id: Option<PlaceSpec>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) event_type: Option<PlaceSpec>,
    #[serde(flatten, skip_serializing)]
    pub(super) unknown: Unknown,
}

#[derive(Clone, Deserialize, Serialize)]
pub(super) struct VerifySpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) scheme: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) secret: Option<OneOrMany>,
    #[serde(flatten, skip_serializing)]
    pub(super) unknown: Unknown,
}

#[derive(Clone, Deserialize, Serialize)]
pub(super) struct PlaceSpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) header: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pointer: Option<String>,
    #[serde(flatten, skip_serializing)]
    pub(super) unknown: Unknown,
}

impl Spec {
    /// Whether every key of it is known to this version.
    pub fn is_understood(&self) -> bool {
        let place = |place: &Option<PlaceSpec>| place.as_ref().is_none_or(|place| place.unknown.is_empty());
        let verify = |verify: &Option<VerifySpec>| verify.as_ref().is_none_or(|verify| verify.unknown.is_empty());
        let source = |source: &SourceSpec| {
            let places = place(&source.delivery_id) && place(&source.event_type);
            source.unknown.is_empty() && verify(&source.verify) && places
        };
        self.unknown.is_empty() && self.sources.iter().flat_map(BTreeMap::values).all(source)
    }

    /// Whether it says anything of sources, if only that there are none.
    pub fn has_sources(&self) -> bool {
        self.sources.is_some()
    }

    /// Whether it names no source at all.
    pub fn is_empty(&self) -> bool {
        self.sources.as_ref().is_none_or(BTreeMap::is_empty)
    }

    /// Reads what [`Spec::write`] wrote.
    pub fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// As JSON, without what was not understood.
    pub fn write(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The names of its sources.
    pub fn source_names(&self) -> impl Iterator<Item = &str> {
        self.sources.iter().flat_map(BTreeMap::keys).map(String::as_str)
    }

    /// That source alone.
    pub fn only(&self, source: &str) -> Self {
        let found = self.sources.as_ref().and_then(|sources| sources.get_key_value(source));
        let sources = found.map(|(name, spec)| BTreeMap::from([(name.clone(), spec.clone())]));
        Self { sources, ..Self::default() }
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
#[derive(Clone, Serialize)]
pub(super) struct OneOrMany(pub(super) Vec<String>);

/// A text that may be written as a bare whole number.
#[derive(Clone, Serialize)]
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
