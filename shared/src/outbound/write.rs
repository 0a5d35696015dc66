//! Claimed → written: the event as its endpoint reads it.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderValue, Method};

use super::fields::{self, Unfit};
use super::open::Open;
use crate::endpoint::Format;
use crate::event::{Data, Event};

/// A request but for its signature.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) body: Bytes,
    pub(super) content_type: Option<HeaderValue>,
    /// Of a GET: all that it says.
    pub(super) query: Option<String>,
}

/// Why an event cannot be written so.
#[derive(Debug)]
pub(super) struct Unwritable(pub(super) &'static str);

/// No server reads a longer query.
const LONGEST_QUERY: usize = 16 << 10;

/// No form is longer.
const LONGEST_FORM: usize = 8 << 20;

pub(super) fn write(open: &Open) -> Result<Written, Unwritable> {
    let (event, endpoint) = (&open.event, &open.endpoint);
    if endpoint.method == Method::GET {
        let form = form(&event.data, LONGEST_QUERY, "the data is too large for a query")?;
        let own = endpoint.url.url().query().filter(|query| !query.is_empty());
        let query = match own {
            Some(own) if form.is_empty() => own.to_owned(),
            Some(own) => format!("{own}&{form}"),
            None => form,
        };
        return Ok(Written { body: Bytes::new(), content_type: None, query: Some(query) });
    }
    let (body, content_type) = match endpoint.format {
        Format::Json => (json(event), Cow::Borrowed("application/json")),
        Format::Form => {
            let form = form(&event.data, LONGEST_FORM, "the data is too large for a form")?;
            (Bytes::from(form), "application/x-www-form-urlencoded".into())
        }
        Format::Raw => (event.data.bytes.clone(), Cow::Borrowed(&*event.data.content_type)),
    };
    Ok(Written { body, content_type: HeaderValue::from_str(&content_type).ok(), query: None })
}

fn form(data: &Data, most: usize, why: &'static str) -> Result<String, Unwritable> {
    fields::of(data, most).map_err(|wrong| match wrong {
        Unfit::TooLarge => Unwritable(why),
        Unfit::NoText => Unwritable("the data holds text that a form cannot carry"),
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
