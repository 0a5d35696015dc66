//! What handshakes read in requests: parameters, headers and small JSON, each within bounds.

use http::HeaderValue;
use serde_json::Value;

use crate::schemes::Presented;
use crate::signature::{Fault, Name};

/// No handshake has a larger body: one that is, is an event, and costs no second look.
const MOST: usize = 8_192;

/// No challenge is longer.
const LONGEST: usize = 1_024;

/// The parameter of the query that stands there once; `None` if it is not there at all.
pub(super) fn parameter(request: &Presented<'_>, name: &'static str) -> Option<Result<String, Fault>> {
    let query = request.query.unwrap_or_default().as_bytes();
    let mut values = form_urlencoded::parse(query).filter(|(key, _)| key == name).map(|(_, value)| value);
    let value = values.next()?;
    Some(if values.next().is_some() { Err(unfit(name)) } else { Ok(value.into_owned()) })
}

/// The header that stands there once; `None` if it is not there at all.
pub(super) fn header<'a>(request: &Presented<'a>, name: &'static str) -> Option<Result<&'a HeaderValue, Fault>> {
    let mut values = request.headers.get_all(name).iter();
    let value = values.next()?;
    Some(if values.next().is_some() { Err(unfit(name)) } else { Ok(value) })
}

/// A small body that is JSON.
pub(super) fn json(request: &Presented<'_>) -> Option<Value> {
    if request.body.len() > MOST { None } else { serde_json::from_slice(request.body).ok() }
}

/// A challenge that may be said again: short, printable, and no markup.
pub(super) fn plain(name: &'static str, text: &str) -> Result<(), Fault> {
    fenced(name, text, LONGEST, |byte| (b' '..=b'~').contains(&byte) && !b"<>".contains(&byte))
}

/// One of letters, digits and a few marks that end nothing.
pub(super) fn token(name: &'static str, text: &str) -> Result<(), Fault> {
    fenced(name, text, LONGEST, is_token)
}

pub(super) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._~+/=-".contains(&byte)
}

/// Whether a text is one to that many bytes of that kind.
pub(super) fn is_of(text: &[u8], most: usize, is_fit: impl Fn(u8) -> bool) -> bool {
    (1..=most).contains(&text.len()) && text.iter().all(|byte| is_fit(*byte))
}

pub(super) fn fenced(name: &'static str, text: &str, most: usize, is_fit: impl Fn(u8) -> bool) -> Result<(), Fault> {
    if is_of(text.as_bytes(), most, is_fit) { Ok(()) } else { Err(unfit(name)) }
}

/// A secret that a provider hands over: long enough to be one.
pub(super) fn secret(name: &'static str, text: &str) -> Result<(), Fault> {
    let is_long = text.len() >= 16;
    if is_long { fenced(name, text, 256, |byte| byte.is_ascii_graphic()) } else { Err(unfit(name)) }
}

pub(super) fn unfit(name: &'static str) -> Fault {
    Fault::Malformed(Name::Borrowed(name))
}
