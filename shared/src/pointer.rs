//! One value out of a JSON body, without building the rest of it.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// Longer values than this are no ids or names.
const LONGEST: usize = 4_096;

/// The scalar at a JSON pointer (RFC 6901): a text as it reads, a number or boolean as it is
/// written. `None` for anything else, and for bodies that are not JSON. A key that stands twice
/// counts the last time.
pub fn find(body: &[u8], pointer: &str) -> Option<String> {
    let steps: Vec<String> =
        pointer.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~")).collect();
    let mut reader = serde_json::Deserializer::from_slice(body);
    let raw = At(&steps).deserialize(&mut reader).ok()??;
    reader.end().ok()?;
    let text = match raw.get().as_bytes().first()? {
        b'"' => serde_json::from_str(raw.get()).ok()?,
        b'{' | b'[' | b'n' => return None,
        _ => raw.get().to_owned(),
    };
    Some(text).filter(|text: &String| !text.trim().is_empty() && text.len() <= LONGEST)
}

/// What is left of the way.
struct At<'a>(&'a [String]);

impl<'de> DeserializeSeed<'de> for At<'_> {
    type Value = Option<Box<RawValue>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        if self.0.is_empty() {
            serde::Deserialize::deserialize(deserializer).map(Some)
        } else {
            deserializer.deserialize_any(self)
        }
    }
}

impl<'de> Visitor<'de> for At<'_> {
    type Value = Option<Box<RawValue>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(key) = map.next_key::<String>()? {
            if key == self.0[0] {
                found = map.next_value_seed(At(&self.0[1..]))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let wanted: Option<usize> = self.0[0].parse().ok();
        let (mut found, mut at) = (None, 0);
        loop {
            if Some(at) == wanted {
                match list.next_element_seed(At(&self.0[1..]))? {
                    Some(value) => found = value,
                    None => return Ok(found),
                }
            } else if list.next_element::<IgnoredAny>()?.is_none() {
                return Ok(found);
            }
            at += 1;
        }
    }

    fn visit_bool<X: Error>(self, _: bool) -> Result<Self::Value, X> {
        Ok(None)
    }

    fn visit_i64<X: Error>(self, _: i64) -> Result<Self::Value, X> {
        Ok(None)
    }

    fn visit_u64<X: Error>(self, _: u64) -> Result<Self::Value, X> {
        Ok(None)
    }

    fn visit_f64<X: Error>(self, _: f64) -> Result<Self::Value, X> {
        Ok(None)
    }

    fn visit_str<X: Error>(self, _: &str) -> Result<Self::Value, X> {
        Ok(None)
    }

    fn visit_unit<X: Error>(self) -> Result<Self::Value, X> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn scalars_are_found_by_pointer() {
        let body = br#"{"id": "a\u0062", "n": 10000000000000000000000.50, "list": [{"x": 1}, {"x": true}], "a/b": {"~": 7}, "id2": null}"#;
        let found = [("/id", "ab"), ("/n", "10000000000000000000000.50"), ("/list/1/x", "true"), ("/a~1b/~0", "7")];
        for (pointer, value) in found {
            assert_eq!(find(body, pointer).as_deref(), Some(value), "{pointer}");
        }
        for pointer in ["/none", "/list", "/list/7/x", "/list/x", "/id/x", "/id2", ""] {
            assert_eq!(find(body, pointer), None, "{pointer}");
        }
    }

    #[test]
    fn what_is_not_json_has_no_values() {
        for body in ["", "{", r#"{"id": 1} x"#, r#"{"id": 1"#, "id=1"] {
            assert_eq!(find(body.as_bytes(), "/id"), None, "{body}");
        }
        assert_eq!(find("[".repeat(100_000).as_bytes(), "/id"), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(body: Vec<u8>, pointer in "/.*") {
            find(&body, &pointer);
        }
    }
}
