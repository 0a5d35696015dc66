//! Request → event, written as a CloudEvent (1.0, HTTP protocol binding), binary or structured.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde_json::value::RawValue;

use super::emit::{Emission, Invalid, invalid, json_data, named, object, timestamp};
use crate::endpoint::DEFAULT_TENANT;
use crate::event::{Data, EventId, EventType, JSON};

/// How a request carries a CloudEvent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Structured,
    Binary,
    /// Several at once, which we do not take.
    Batch,
}

/// The context attributes that we read. Others are taken and not passed on.
struct Attributes {
    specversion: Option<String>,
    id: Option<String>,
    source: Option<String>,
    kind: Option<String>,
    time: Option<String>,
}

impl Mode {
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let media = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match &*media {
            "application/cloudevents+json" => Some(Self::Structured),
            "application/cloudevents-batch+json" => Some(Self::Batch),
            _ if headers.contains_key("ce-specversion") || headers.contains_key("ce-type") => Some(Self::Binary),
            _ => None,
        }
    }
}

pub(super) fn binary(headers: &HeaderMap, body: &Bytes) -> Result<Emission, Invalid> {
    let attributes = Attributes {
        specversion: header(headers, "ce-specversion")?,
        id: header(headers, "ce-id")?,
        source: header(headers, "ce-source")?,
        kind: header(headers, "ce-type")?,
        time: header(headers, "ce-time")?,
    };
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or(JSON);
    let data = data(content_type, body)?;
    attributes.emission(data)
}

pub(super) fn structured(body: &Bytes) -> Result<Emission, Invalid> {
    let fields = object(body)?;
    let field = |name: &str| match fields.get(name) {
        Some(raw) => serde_json::from_str::<Option<String>>(raw.get()).map_err(|_| invalid(name, "is not a text")),
        None => Ok(None),
    };
    let attributes = Attributes {
        specversion: field("specversion")?,
        id: field("id")?,
        source: field("source")?,
        kind: field("type")?,
        time: field("time")?,
    };
    let content_type = field("datacontenttype")?.unwrap_or_else(|| JSON.into());
    let data = match (fields.get("data"), field("data_base64")?) {
        (Some(_), Some(_)) => return Err(invalid("data_base64", "cannot stand beside data")),
        (None, Some(encoded)) => {
            let bytes = STANDARD.decode(encoded).map_err(|_| invalid("data_base64", "is not base64"))?;
            data(&content_type, &bytes.into())?
        }
        (Some(raw), None) => written(&content_type, raw)?,
        (None, None) => Data::json("null"),
    };
    attributes.emission(data)
}

/// JSON as it was written; of another type, the text that a JSON string holds.
fn written(content_type: &str, raw: &RawValue) -> Result<Data, Invalid> {
    let json = Data { content_type: content_type.to_owned(), bytes: raw.get().to_owned().into() };
    if json.is_json() {
        return Ok(json);
    }
    match serde_json::from_str::<String>(raw.get()) {
        Ok(text) => Ok(Data { bytes: text.into(), ..json }),
        Err(_) => Ok(Data { content_type: JSON.into(), ..json }),
    }
}

fn data(content_type: &str, bytes: &Bytes) -> Result<Data, Invalid> {
    let data = Data { content_type: content_type.to_owned(), bytes: bytes.clone() };
    match bytes.is_empty() {
        true if data.is_json() => Ok(Data::json("null")),
        false if data.is_json() => json_data("data", bytes, content_type),
        _ => Ok(data),
    }
}

impl Attributes {
    fn emission(self, data: Data) -> Result<Emission, Invalid> {
        if !data.can_be_said() {
            return Err(invalid("datacontenttype", "is no content type; write up to 256 bytes, like text/plain"));
        }
        let needed = |name: &str, value: Option<String>| {
            value.filter(|value| !value.is_empty()).ok_or_else(|| invalid(name, "is missing"))
        };
        let version = needed("specversion", self.specversion)?;
        if version != "1.0" {
            return Err(invalid("specversion", "is not 1.0"));
        }
        let (id, source) = (needed("id", self.id)?, needed("source", self.source)?);
        let kind = EventType::near(&needed("type", self.kind)?).map_err(|why| named("type", why))?;
        Ok(Emission {
            tenant: DEFAULT_TENANT.into(),
            // Its name is source and id together, of any characters.
            id: Some(EventId::derived("ce", &[&source, &id])),
            kind,
            timestamp: self.time.map(|time| timestamp("time", &time)).transpose()?,
            channels: Vec::new(),
            data,
        })
    }
}

/// An attribute's header, percent-decoded as the binding says.
fn header(headers: &HeaderMap, name: &str) -> Result<Option<String>, Invalid> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let decoded = decode(value.as_bytes());
    String::from_utf8(decoded.into_owned()).map(Some).map_err(|_| invalid(name, "is not UTF-8"))
}

fn decode(bytes: &[u8]) -> Cow<'_, [u8]> {
    if !bytes.contains(&b'%') {
        return Cow::Borrowed(bytes);
    }
    let (mut decoded, mut rest) = (Vec::with_capacity(bytes.len()), bytes);
    while let Some((first, after)) = rest.split_first() {
        let byte = after.get(..2).filter(|_| *first == b'%').and_then(|digits| hex::decode(digits).ok());
        match byte {
            Some(byte) => {
                decoded.extend(byte);
                rest = &after[2..];
            }
            None => {
                decoded.push(*first);
                rest = after;
            }
        }
    }
    Cow::Owned(decoded)
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};
    use proptest::prelude::*;

    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&str, &str)| {
            (HeaderName::try_from(*name).unwrap(), HeaderValue::try_from(*value).unwrap())
        };
        pairs.iter().map(pair).collect()
    }

    const BINARY: [(&str, &str); 6] = [
        ("ce-specversion", "1.0"),
        ("ce-type", "com.example.someevent"),
        ("ce-source", "/mycontext"),
        ("ce-id", "A234-1234-1234"),
        ("ce-time", "2018-04-05T17:31:00Z"),
        ("content-type", "application/json; charset=utf-8"),
    ];

    #[test]
    fn both_modes_of_one_event_are_the_same() {
        let body = br#"{"specversion": "1.0", "type": "com.example.someevent", "source": "/mycontext", "id": "A234-1234-1234",
            "time": "2018-04-05T17:31:00Z", "datacontenttype": "application/json; charset=utf-8", "ext": 1, "data": {"a": 1.0}}"#;
        let written = structured(&Bytes::from_static(body)).unwrap();
        let shown = binary(&headers(&BINARY), &Bytes::from_static(br#"{"a": 1.0}"#)).unwrap();
        assert_eq!(written, shown);
        assert_eq!(Mode::of(&headers(&BINARY)), Some(Mode::Binary));
        assert_eq!(
            Mode::of(&headers(&[("content-type", "Application/CloudEvents+json; charset=UTF-8")])),
            Some(Mode::Structured)
        );
    }

    #[test]
    fn every_refusal_names_the_attribute() {
        for missing in ["ce-specversion", "ce-type", "ce-source", "ce-id"] {
            let rest: Vec<_> = BINARY.into_iter().filter(|(name, _)| *name != missing).collect();
            let problem = binary(&headers(&rest), &Bytes::new()).unwrap_err();
            assert_eq!(problem.to_string(), format!("{}: is missing", &missing[3..]));
        }
        let wrong = binary(&headers(&BINARY), &Bytes::from_static(b"{")).unwrap_err();
        assert!(wrong.to_string().starts_with("data: is not JSON"), "{wrong}");
    }

    #[test]
    fn data_of_other_types_keeps_its_bytes() {
        let event = |rest: &str| {
            let body = format!(r#"{{"specversion": "1.0", "type": "a", "source": "s", "id": "1", {rest}}}"#);
            structured(&body.into()).map(|event| event.data)
        };
        let png = event(r#""datacontenttype": "image/png", "data_base64": "/w==""#).unwrap();
        assert_eq!(&*png.bytes, b"\xff");
        let text = event(r#""datacontenttype": "text/plain", "data": "a\u0062""#).unwrap();
        assert_eq!(&*text.bytes, b"ab");
        assert_eq!(event(r#""x": 1"#).unwrap(), Data::json("null"));
        assert!(event(r#""data": 1, "data_base64": "/w==""#).is_err());
    }

    #[test]
    fn attributes_are_percent_decoded() {
        assert_eq!(&*decode(b"Euro%20%E2%82%AC%20%zz%2"), "Euro € %zz%2".as_bytes());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(body: Vec<u8>, value: Vec<u8>) {
            let body = Bytes::from(body);
            let _ = structured(&body);
            let mut headers = headers(&BINARY);
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                headers.insert("ce-id", value);
            }
            let _ = binary(&headers, &body);
            decode(&body);
        }
    }
}
