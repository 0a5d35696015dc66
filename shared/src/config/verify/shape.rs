//! `verify` as it is written, and words for whoever writes it in another shape.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::VerifySpec;
use crate::config::text::{all, no_numbers};
use crate::schemes;

/// The same, once it is known to be a map.
#[derive(Deserialize)]
struct Map {
    scheme: Option<String>,
    #[serde(default, deserialize_with = "parts")]
    all: Option<Vec<VerifySpec>>,
    #[serde(default, deserialize_with = "parts")]
    any: Option<Vec<VerifySpec>>,
    #[serde(flatten)]
    settings: BTreeMap<String, Value>,
}

impl<'de> Deserialize<'de> for VerifySpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;
        impl<'de> Visitor<'de> for Written {
            type Value = VerifySpec;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a scheme and its settings; write { scheme: …, secret: … }")
            }

            no_numbers!();

            /// What stands there may be a secret.
            fn visit_str<E: Error>(self, text: &str) -> Result<VerifySpec, E> {
                let name = schemes::named(text).map_or("…", |scheme| scheme.name);
                Err(E::custom(format_args!("is a text; write {{ scheme: {name}, secret: … }}")))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<VerifySpec, A::Error> {
                Err(A::Error::custom("is a list; write { all: […] }, or { any: […] } where one is enough"))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<VerifySpec, A::Error> {
                let Map { scheme, all, any, settings } = Map::deserialize(MapAccessDeserializer::new(map))?;
                Ok(VerifySpec { scheme, all, any, settings })
            }
        }
        deserializer.deserialize_any(Written)
    }
}

fn parts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<VerifySpec>>, D::Error> {
    struct Parts;
    const LIKE: &str = "write [{ scheme: …, … }, { scheme: …, … }]";
    impl<'de> Visitor<'de> for Parts {
        type Value = Option<Vec<VerifySpec>>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a list of schemes; {LIKE}")
        }

        no_numbers!();

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(Some(Vec::new()))
        }

        fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
            Err(E::custom(format_args!("is a text, not a list; {LIKE}")))
        }

        fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<Self::Value, A::Error> {
            Err(A::Error::custom(format_args!("is not a list; {LIKE}")))
        }

        fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
            all(list).map(Some)
        }
    }
    deserializer.deserialize_any(Parts)
}
