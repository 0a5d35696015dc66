//! What is written as a header's value: a secret, or a template that is filled in for each event.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::spec::Unknown;
use super::text::{SecretText, no_numbers};

pub(super) const TEMPLATE: &[&str] = &["template"];

#[derive(Clone, Serialize)]
#[serde(untagged)]
pub(super) enum HeaderText {
    Secret(SecretText),
    Template(TemplateSpec),
}

#[derive(Clone, Deserialize, Serialize)]
pub(super) struct TemplateSpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) template: Option<String>,
    #[serde(flatten, skip_serializing)]
    pub(super) unknown: Unknown,
}

impl HeaderText {
    pub(super) fn is_understood(&self) -> bool {
        matches!(self, Self::Secret(_)) || matches!(self, Self::Template(spec) if spec.unknown.is_empty())
    }

    pub(super) fn secret(&mut self) -> Option<&mut String> {
        match self {
            Self::Secret(text) => Some(&mut text.0),
            Self::Template(_) => None,
        }
    }
}

impl<'de> Deserialize<'de> for HeaderText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneHeader;
        impl<'de> Visitor<'de> for OneHeader {
            type Value = HeaderText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text (put numbers in quotes) or { template: … }")
            }

            no_numbers!();

            fn visit_str<E>(self, text: &str) -> Result<HeaderText, E> {
                Ok(HeaderText::Secret(SecretText(text.to_owned())))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<HeaderText, A::Error> {
                TemplateSpec::deserialize(MapAccessDeserializer::new(map)).map(HeaderText::Template)
            }
        }
        deserializer.deserialize_any(OneHeader)
    }
}
