//! Data as the fields of a form: `a=1&b[c]=2&d[0]=3`, numbers as they were written.

use std::borrow::Cow;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserializer;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::event::Data;

/// Why data makes no form.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    /// There would be more of it than is allowed.
    TooLarge,
    /// JSON can write half a character; no text holds one.
    NoText,
}

/// The fields of a JSON object; of anything else one field called `data`, or `data_base64` for what
/// is no text. Data that is a form already stays as it is.
pub(super) fn of(data: &Data, most: usize) -> Result<String, Unfit> {
    let text = std::str::from_utf8(&data.bytes).ok();
    if let Some(form) = text.filter(|_| data.content_type.starts_with("application/x-www-form-urlencoded")) {
        return if form.len() <= most { Ok(form.to_owned()) } else { Err(Unfit::TooLarge) };
    }
    let mut form = Form { text: String::new(), most, path: String::new(), work: 0 };
    match text {
        Some(json) if data.is_json() => form.value(serde_json::from_str(json).map_err(|_| Unfit::NoText)?)?,
        Some(text) => form.field("data", text)?,
        None => form.field("data_base64", &STANDARD.encode(&data.bytes))?,
    }
    Ok(form.text)
}

struct Form {
    text: String,
    most: usize,
    /// Where the value stands that is being written.
    path: String,
    /// Bytes read until now, some of them several times.
    work: usize,
}

/// As much as the largest event some levels deep; more would keep others waiting.
const MOST_WORK: usize = 32 << 20;

impl Form {
    fn value(&mut self, raw: &RawValue) -> Result<(), Unfit> {
        let text = raw.get();
        // What lies deep is read once for each list and object around it.
        self.work += text.len();
        if self.work > MOST_WORK || self.path.len() > self.most {
            return Err(Unfit::TooLarge);
        }
        match text.as_bytes().first() {
            Some(b'{') => {
                let Members(members) = serde_json::from_str(text).map_err(|_| Unfit::NoText)?;
                members.iter().try_for_each(|(key, value)| self.inside(key, value))
            }
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(text).map_err(|_| Unfit::NoText)?;
                items.iter().enumerate().try_for_each(|(at, value)| self.inside(&at.to_string(), value))
            }
            Some(b'"') => {
                let text: Cow<'_, str> = serde_json::from_str(text).map_err(|_| Unfit::NoText)?;
                self.here(&text)
            }
            Some(b'n') => self.here(""),
            _ => self.here(text),
        }
    }

    fn inside(&mut self, key: &str, value: &RawValue) -> Result<(), Unfit> {
        let above = self.path.len();
        match above {
            0 => self.path.push_str(key),
            _ => self.path.extend(["[", key, "]"]),
        }
        let written = self.value(value);
        self.path.truncate(above);
        written
    }

    /// A field that is named by where it stands.
    fn here(&mut self, value: &str) -> Result<(), Unfit> {
        let path = std::mem::take(&mut self.path);
        let written = self.field(if path.is_empty() { "data" } else { &path }, value);
        self.path = path;
        written
    }

    fn field(&mut self, name: &str, value: &str) -> Result<(), Unfit> {
        if self.text.len() + name.len() + value.len() > self.most {
            return Err(Unfit::TooLarge);
        }
        let between = if self.text.is_empty() { "" } else { "&" };
        self.text.push_str(between);
        self.text.extend(form_urlencoded::byte_serialize(name.as_bytes()));
        self.text.push('=');
        self.text.extend(form_urlencoded::byte_serialize(value.as_bytes()));
        if self.text.len() > self.most { Err(Unfit::TooLarge) } else { Ok(()) }
    }
}

/// An object's members in their own order.
pub(super) struct Members<'a>(pub(super) Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> serde::Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some((key, value)) = map.next_entry::<Cow<'de, str>, &'de RawValue>()? {
                    members.push((key, value));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn form(json: &str) -> Result<String, Unfit> {
        of(&Data::json(json.to_owned()), 1_000)
    }

    #[test]
    fn fields_keep_their_order_and_numbers_their_text() {
        let json = r#"{"price": 19.990, "big": 12345678901234567890123, "b": {"c d": [true, null, "x&y"]}, "a": "ü"}"#;
        let fields = "price=19.990&big=12345678901234567890123&b%5Bc+d%5D%5B0%5D=true&b%5Bc+d%5D%5B1%5D=&b%5Bc+d%5D%5B2%5D=x%26y&a=%C3%BC";
        assert_eq!(form(json).as_deref(), Ok(fields));
        assert_eq!(form("[1, 2]").as_deref(), Ok("0=1&1=2"));
        assert_eq!(form("\"x\"").as_deref(), Ok("data=x"));
        assert_eq!(form("{}").as_deref(), Ok(""));
    }

    #[test]
    fn a_form_that_grows_beyond_bounds_is_refused() {
        let long = format!(r#"{{"{}": [{}1]}}"#, "k".repeat(100), "1, ".repeat(100));
        assert_eq!(form(&long), Err(Unfit::TooLarge));
    }

    #[test]
    fn half_a_character_is_no_text() {
        assert_eq!(form(r#"{"a": "\ud83d"}"#), Err(Unfit::NoText));
        assert_eq!(form(r#"{"\ud83d": 1}"#), Err(Unfit::NoText));
        assert_eq!(form(r#"{"a": "\ud83d\udcee"}"#).as_deref(), Ok("a=%F0%9F%93%AE"));
    }

    #[test]
    fn the_work_is_bounded_however_the_data_is_made() {
        let wide = format!(r#"{{"{}": [{}[]]}}"#, "k".repeat(2_000_000), "[],".repeat(600_000));
        assert!(of(&Data::json(wide), 8 << 20).is_ok());
        let deep = format!("{}\"{}\"{}", "[".repeat(120), "x".repeat(3_900_000), "]".repeat(120));
        assert_eq!(of(&Data::json(deep), 8 << 20), Err(Unfit::TooLarge));
    }

    #[test]
    fn what_is_no_json_is_one_field() {
        let data =
            |content_type: &str, bytes: &'static [u8]| Data { content_type: content_type.into(), bytes: bytes.into() };
        assert_eq!(of(&data("text/plain", b"a b"), 100).as_deref(), Ok("data=a+b"));
        assert_eq!(of(&data("image/png", b"\xff"), 100).as_deref(), Ok("data_base64=%2Fw%3D%3D"));
        assert_eq!(of(&data("application/x-www-form-urlencoded", b"a=1"), 100).as_deref(), Ok("a=1"));
    }

    proptest! {
        #[test]
        fn flat_fields_are_read_back(fields in prop::collection::btree_map("[a-z]{1,8}", "\\PC{0,20}", 0..5)) {
            let json = serde_json::to_string(&fields).unwrap();
            let form = of(&Data::json(json), 10_000).unwrap();
            let read: std::collections::BTreeMap<String, String> =
                form_urlencoded::parse(form.as_bytes()).into_owned().collect();
            prop_assert_eq!(read, fields);
        }
    }
}
