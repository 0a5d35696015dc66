//! Request → event: what an application wrote, read strictly.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::fields::Members;
use crate::endpoint::{DEFAULT_TENANT, is_name};
use crate::event::{Data, Digested, Event, EventId, EventType, is_channel};
use crate::timestamp::Timestamp;

/// An event as its emitter wrote it, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emission {
    pub tenant: String,
    /// Made when absent.
    pub id: Option<EventId>,
    pub kind: EventType,
    pub timestamp: Option<Timestamp>,
    pub channels: Vec<String>,
    pub data: Data,
}

/// What is wrong with an event: which field, and what is allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct Invalid {
    pub field: String,
    pub problem: String,
}

const FIELDS: [&str; 6] = ["type", "data", "id", "timestamp", "channels", "tenant"];

const MOST_CHANNELS: usize = 10;

/// Deeper than any reader of JSON goes.
const DEEPEST: usize = 128;

pub(super) fn invalid(field: &str, problem: impl Into<String>) -> Invalid {
    Invalid { field: field.into(), problem: problem.into() }
}

impl Emission {
    /// Reads `{"type": …, "data": …}` with, if need be, `id`, `timestamp`, `channels` and `tenant`.
    pub fn read(json: &[u8]) -> Result<Self, Invalid> {
        let fields = object(json)?;
        if let Some(unknown) = fields.keys().find(|name| !FIELDS.contains(&name.as_str())) {
            let problem = format!("is not a known field. Allowed: {}", FIELDS.join(", "));
            return Err(invalid(&shortened(unknown), problem));
        }
        let data = fields.get("data").ok_or_else(|| invalid("data", "is missing; write any JSON"))?;
        Ok(Self {
            tenant: tenant(text(&fields, "tenant")?)?,
            id: text(&fields, "id")?.map(own_id).transpose()?,
            kind: kind(text(&fields, "type")?)?,
            timestamp: text(&fields, "timestamp")?.map(|text| timestamp("timestamp", &text)).transpose()?,
            channels: channels(fields.get("channels").copied())?,
            data: Data::json(data.get().to_owned()),
        })
    }

    /// The event, under that id unless it has one.
    pub fn into_event(self, id: EventId, received: Timestamp) -> Event {
        let Self { tenant, id: own, kind, timestamp, channels, data } = self;
        let digest = Digested::of(&kind, timestamp, &channels, &data);
        let timestamp = timestamp.unwrap_or(received);
        Event { tenant, id: own.unwrap_or(id), kind, timestamp, received, channels, data, digest, origin: None }
    }
}

/// The members of a JSON object: each once, and none too deep.
pub(super) fn object(json: &[u8]) -> Result<BTreeMap<String, &RawValue>, Invalid> {
    let json = std::str::from_utf8(json).map_err(|_| invalid("body", "is not UTF-8"))?;
    if depth(json.as_bytes()) > DEEPEST {
        return Err(invalid("body", format!("is nested deeper than {DEEPEST}")));
    }
    let Members(members) =
        serde_json::from_str(json).map_err(|problem| invalid("body", format!("is not a JSON object: {problem}")))?;
    let mut fields = BTreeMap::new();
    for (name, value) in members {
        if fields.insert(name.to_string(), value).is_some() {
            return Err(invalid(&shortened(&name), "stands there twice"));
        }
    }
    Ok(fields)
}

/// A name from outside, as an answer may repeat it.
fn shortened(name: &str) -> String {
    name.chars().take(80).collect()
}

pub(super) fn named(field: &str, why: impl ToString) -> Invalid {
    invalid(field, why.to_string())
}

/// A text, if the field is there; `null` is as good as absent.
fn text(fields: &BTreeMap<String, &RawValue>, name: &str) -> Result<Option<String>, Invalid> {
    let Some(raw) = fields.get(name) else { return Ok(None) };
    serde_json::from_str(raw.get()).map_err(|_| invalid(name, "is not a text"))
}

fn tenant(name: Option<String>) -> Result<String, Invalid> {
    match name {
        None => Ok(DEFAULT_TENANT.into()),
        Some(name) if is_name(&name) => Ok(name),
        Some(_) => Err(invalid("tenant", "is not a name; write 1 to 63 of a-z, 0-9 and -, not first a -")),
    }
}

fn own_id(text: String) -> Result<EventId, Invalid> {
    let id: EventId = text.parse().map_err(|why| named("id", why))?;
    if id.is_operational() {
        return Err(invalid("id", "is one that Hookpost gives: op_ and 32 digits; write another"));
    }
    Ok(id)
}

fn kind(text: Option<String>) -> Result<EventType, Invalid> {
    let text = text.ok_or_else(|| invalid("type", "is missing; write one like order.created"))?;
    text.parse().map_err(|why| named("type", why))
}

pub(super) fn timestamp(field: &str, text: &str) -> Result<Timestamp, Invalid> {
    let wrong = || invalid(field, "is not a time; write one like 2026-11-22T10:00:00Z (RFC 3339)");
    Timestamp::read(text).ok_or_else(wrong)
}

fn channels(raw: Option<&RawValue>) -> Result<Vec<String>, Invalid> {
    let wrong = || invalid("channels", "is not a list of names; write up to 10, each 1 to 128 of A-Z a-z 0-9 _ - . :");
    let list: Option<Vec<String>> = raw.map(|raw| serde_json::from_str(raw.get()).map_err(|_| wrong())).transpose()?;
    let mut list = list.unwrap_or_default();
    list.sort();
    list.dedup();
    let fits = list.len() <= MOST_CHANNELS && list.iter().all(|name| is_channel(name));
    if fits { Ok(list) } else { Err(wrong()) }
}

/// How deep lists and objects lie in each other.
fn depth(json: &[u8]) -> usize {
    let (mut now, mut deepest, mut in_text, mut escaped) = (0usize, 0, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => {
                now += 1;
                deepest = deepest.max(now);
            }
            b'}' | b']' if !in_text => now = now.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// JSON data as it was written, or what is wrong with it.
pub(super) fn json_data(field: &str, bytes: &Bytes, content_type: &str) -> Result<Data, Invalid> {
    if depth(bytes) > DEEPEST {
        return Err(invalid(field, format!("is nested deeper than {DEEPEST}")));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let whole = serde::de::IgnoredAny::deserialize(&mut reader).and_then(|_| reader.end());
    whole.map_err(|problem| invalid(field, format!("is not JSON, which its content type says it is: {problem}")))?;
    Ok(Data { content_type: content_type.to_owned(), bytes: bytes.clone() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn problem(json: &str) -> String {
        Emission::read(json.as_bytes()).map_or_else(|problem| problem.to_string(), |_| String::new())
    }

    #[test]
    fn an_event_needs_a_type_and_data() {
        let read = Emission::read(br#"{"type": "order.created", "data": {"n": 1.50}}"#).unwrap();
        assert_eq!((read.kind.as_str(), &*read.data.bytes), ("order.created", &br#"{"n": 1.50}"#[..]));
        assert_eq!((read.tenant.as_str(), read.id, read.timestamp), ("default", None, None));
    }

    #[test]
    fn every_refusal_names_the_field() {
        let wrong = [
            ("", "body: is not a JSON object"),
            ("[]", "body: is not a JSON object"),
            (r#"{"data": 1}"#, "type: is missing"),
            (r#"{"type": 1, "data": 1}"#, "type: is not a text"),
            (r#"{"type": "a b", "data": 1}"#, "type: is not an event type"),
            (r#"{"type": "a"}"#, "data: is missing"),
            (r#"{"type": "a", "data": 1, "id": "a.b"}"#, "id: is not an id"),
            (
                r#"{"type": "a", "data": 1, "id": "op_0123456789abcdef0123456789abcdef"}"#,
                "id: is one that Hookpost gives",
            ),
            (r#"{"type": "a", "data": 1, "timestamp": "now"}"#, "timestamp: is not a time"),
            (r#"{"type": "a", "data": 1, "channels": "x"}"#, "channels: is not a list"),
            (r#"{"type": "a", "data": 1, "channels": ["x y"]}"#, "channels: is not a list"),
            (r#"{"type": "a", "data": 1, "tenant": "A"}"#, "tenant: is not a name"),
            (r#"{"type": "a", "data": 1, "type": "b"}"#, "type: stands there twice"),
            (r#"{"type": "a", "payload": 1}"#, "payload: is not a known field. Allowed: type, data"),
        ];
        for (json, expected) in wrong {
            let found = problem(json);
            assert!(found.starts_with(expected), "{found}\n  is not\n{expected}");
        }
        let deep = format!(r#"{{"type": "a", "data": {}1{}}}"#, "[".repeat(128), "]".repeat(128));
        assert_eq!(problem(&deep), "body: is nested deeper than 128");
    }

    #[test]
    fn the_same_words_are_the_same_event_whenever_they_come() {
        let event = |json: &str, at| {
            let read = Emission::read(json.as_bytes()).unwrap();
            read.into_event("e".parse().unwrap(), Timestamp(at)).digest
        };
        let said = r#"{"type": "a", "data": {"n": 1}, "channels": ["y", "x"]}"#;
        assert_eq!(event(said, 1), event(r#"{"channels": ["x", "y"], "data": {"n": 1}, "type": "a"}"#, 2));
        assert_ne!(event(said, 1), event(r#"{"type": "a", "data": {"n": 2}, "channels": ["y", "x"]}"#, 1));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(json: Vec<u8>, value in ".*") {
            let _ = Emission::read(&json);
            let _ = Emission::read(format!(r#"{{"type": "a", "data": {value}}}"#).as_bytes());
        }
    }
}
