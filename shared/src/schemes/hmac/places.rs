//! Places of a request as an owner writes them: `{ header: X-Acme-Signature }`, `{ pointer: /sent }`.

use std::time::Duration;

use http::HeaderName;
use serde_json::{Map, Value};

use super::read::{choice, quoted, span, text};
use crate::nearest::suggestion;
use crate::schemes::words::UNITS;
use crate::schemes::{Settings, Wrong};
use crate::signature::{Freshness, Name, Place, Unit};

const MOST_TOLERANCE: Duration = Duration::from_secs(7 * 86_400);

/// The keys of which one says where.
const PLACES: [&str; 5] = ["header", "element", "query", "pointer", "field"];

pub(super) fn header(key: &'static str, value: &Value) -> Result<Place, Wrong> {
    let wrong = |problem| Wrong::new(key, problem);
    match value {
        Value::Array(list) if !list.is_empty() => {
            let names = list.iter().map(|name| text(key, name)).collect::<Result<Vec<_>, _>>()?;
            place("header", &names.join("|")).map_err(wrong)
        }
        value => place("header", text(key, value)?).map_err(wrong),
    }
}

/// `X-Acme-Id`, or one of several: `X-Acme-Id|Acme-Id`.
fn headers(names: &str) -> Result<Place, String> {
    if !names.contains('|') {
        return named(names).map(Place::Header);
    }
    names.split('|').map(named).collect::<Result<Vec<_>, _>>().map(Place::AnyOf)
}

fn named(name: &str) -> Result<Name, String> {
    let name = HeaderName::try_from(name)
        .map_err(|_| format!("{} is not the name of a header; write it like X-Acme-Signature", quoted(name)))?;
    Ok(name.as_str().to_owned().into())
}

/// Where a signature stands that has no header of its own.
pub(super) fn signature(value: &Value) -> Result<Place, Wrong> {
    const KEY: &str = "signature";
    let map = map(KEY, value)?;
    let Some(stem) = map.get("numbered") else {
        return one_of(KEY, map, &[PLACES.as_slice(), &["numbered"]].concat(), &[]);
    };
    only(KEY, map, &["numbered", "most"])?;
    let stem = named(text(KEY, stem)?).map_err(|problem| Wrong::new(KEY, problem))?;
    let most = map.get("most").map_or(Some(10), Value::as_u64).and_then(|most| u8::try_from(most).ok());
    let most = most.filter(|most| *most > 0);
    Ok(Place::Numbered {
        stem,
        most: most.ok_or_else(|| Wrong::new("signature.most", "is not a number from 1 to 255"))?,
    })
}

/// The signed time; `None` where nothing is said of one.
pub(super) fn freshness(settings: &Settings) -> Result<Option<Freshness>, Wrong> {
    const KEY: &str = "timestamp";
    let Some(value) = settings.value(KEY) else { return Ok(None) };
    let map = map(KEY, value)?;
    let freshness = Freshness::new(one_of(KEY, map, &PLACES, &["unit", "tolerance"])?);
    let unit = choice("timestamp.unit", map.get("unit"), UNITS, Unit::Seconds)?;
    let tolerance = map.get("tolerance").map(|value| span("timestamp.tolerance", value)).transpose()?;
    let tolerance = tolerance.unwrap_or(freshness.tolerance);
    if tolerance > MOST_TOLERANCE {
        return Err(Wrong::new(KEY, "allows more than 7d, after which a time proves nothing"));
    }
    Ok(Some(freshness.unit(unit).within(tolerance)))
}

fn map<'a>(key: &'static str, value: &'a Value) -> Result<&'a Map<String, Value>, Wrong> {
    value.as_object().ok_or_else(|| Wrong::new(key, "is not a place; write it like { header: X-Acme-Time }"))
}

fn only(key: &'static str, map: &Map<String, Value>, known: &[&str]) -> Result<(), Wrong> {
    let Some(found) = map.keys().find(|key| !known.contains(&key.as_str())) else { return Ok(()) };
    Err(Wrong::new(key, format!("has a key that is not known, {}{}", quoted(found), suggestion(found, known))))
}

fn one_of(key: &'static str, map: &Map<String, Value>, places: &[&str], others: &[&str]) -> Result<Place, Wrong> {
    only(key, map, &[places, others].concat())?;
    let mut named = map.iter().filter(|(key, _)| places.contains(&key.as_str()));
    let wrong = || Wrong::new(key, format!("does not say one place; write one of {}", places.join(", ")));
    let (Some((kind, value)), None) = (named.next(), named.next()) else { return Err(wrong()) };
    match kind.as_str() {
        "header" => header(key, value),
        kind => place(kind, text(key, value)?).map_err(|problem| Wrong::new(key, problem)),
    }
}

/// The place that is written `KIND: TEXT`, here and in messages.
pub(super) fn place(kind: &str, text: &str) -> Result<Place, String> {
    match kind {
        "header" => headers(text),
        "element" => element(text),
        "pointer" if !text.starts_with('/') => {
            Err(format!("{} is not a JSON pointer; write it like /order/sent", quoted(text)))
        }
        "pointer" => Ok(Place::Pointer(text.to_owned().into())),
        "field" => Ok(Place::Field(text.to_owned().into())),
        _ => Ok(Place::Query(text.to_owned().into())),
    }
}

/// `X-Acme-Signature,t=`: what follows `t=` in that header, a list with commas between.
fn element(text: &str) -> Result<Place, String> {
    let wrong = || format!("{} is not an element of a header; write it like X-Acme-Signature,t=", quoted(text));
    let end = text.find(|c: char| !is_of_a_name(c)).ok_or_else(wrong)?;
    let mut rest = text[end..].chars();
    let separator = rest.next().ok_or_else(wrong)?;
    let header = named(&text[..end])?;
    // Without anything before it, it is the first.
    Ok(Place::Element { header, separator, prefix: rest.as_str().to_owned().into() })
}

fn is_of_a_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '_'
}
