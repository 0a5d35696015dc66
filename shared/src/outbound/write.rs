//! Claimed → written: the event as its endpoint reads it.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method};

use super::fields::{self, Unfit};
use super::open::Open;
use super::{templates, xml, yaml};
use crate::endpoint::Format;
use crate::event::Event;

/// A request but for its signature.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) body: Bytes,
    pub(super) content_type: Option<HeaderValue>,
    /// Of a GET: all that it says.
    pub(super) query: Option<String>,
    /// Made of the endpoint's templates.
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
}

/// Why an event cannot be written so.
#[derive(Debug)]
pub(super) struct Unwritable(pub(super) String);

/// No server reads a longer query.
const LONGEST_QUERY: usize = 16 << 10;

/// No form is longer, no XML and no YAML.
const LONGEST_BODY: usize = 8 << 20;

pub(super) fn write(open: &Open) -> Result<Written, Unwritable> {
    let (event, endpoint) = (&open.event, &open.endpoint);
    let headers = templates::headers(open)?;
    if endpoint.method == Method::GET {
        let form = fields::of(&event.data, LONGEST_QUERY).map_err(|unfit| not_in(unfit, "a query"))?;
        let own = endpoint.url.url().query().filter(|query| !query.is_empty());
        let query = match own {
            Some(own) if form.is_empty() => own.to_owned(),
            Some(own) => format!("{own}&{form}"),
            None => form,
        };
        return Ok(Written { body: Bytes::new(), content_type: None, query: Some(query), headers });
    }
    let (body, content_type) = match endpoint.format {
        Format::Json => (json(event), Cow::Borrowed("application/json")),
        Format::Form => {
            let form = fields::of(&event.data, LONGEST_BODY).map_err(|unfit| not_in(unfit, "a form"))?;
            (form.into(), "application/x-www-form-urlencoded".into())
        }
        Format::Xml => {
            let xml = xml::of(event, LONGEST_BODY).map_err(|unfit| not_in(unfit, "XML"))?;
            (xml.into(), "application/xml; charset=utf-8".into())
        }
        Format::Yaml => {
            let yaml = yaml::of(event, LONGEST_BODY).map_err(|unfit| not_in(unfit, "YAML"))?;
            (yaml.into(), "application/yaml".into())
        }
        Format::Raw => (event.data.bytes.clone(), Cow::Borrowed(&*event.data.content_type)),
    };
    let content_type = HeaderValue::from_str(&content_type).ok();
    Ok(Written { body, content_type, query: None, headers })
}

fn not_in(unfit: Unfit, what: &str) -> Unwritable {
    Unwritable(match unfit {
        Unfit::TooLarge => format!("the data is too large for {what}"),
        Unfit::NoText => format!("the data holds text that {what} cannot carry"),
    })
}

/// `{"type": …, "timestamp": …, "data": …}`. Data that is not JSON is a text there, or
/// `data_base64`, as in CloudEvents.
fn json(event: &Event) -> Bytes {
    let Event { kind, data, .. } = event;
    let mut body = Vec::with_capacity(data.bytes.len() + 128);
    body.extend_from_slice(format!(r#"{{"type":"{kind}","timestamp":"{}","#, event.timestamp.precise()).as_bytes());
    match std::str::from_utf8(&data.bytes) {
        Ok(_) if data.is_json() => {
            body.extend_from_slice(br#""data":"#);
            body.extend_from_slice(&data.bytes);
        }
        Ok(text) => {
            body.extend_from_slice(br#""data":"#);
            body.extend(serde_json::to_vec(text).unwrap_or_default());
        }
        Err(_) => body.extend(format!(r#""data_base64":"{}""#, STANDARD.encode(&data.bytes)).into_bytes()),
    }
    body.push(b'}');
    body.into()
}
