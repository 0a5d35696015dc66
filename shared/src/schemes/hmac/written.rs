//! A recipe as an owner would write it.

use serde_json::{Map, Value, json};

use crate::schemes::words::{DIGESTS, ENCODINGS, KEYS, UNITS, word};
use crate::signature::{Algorithm, Digest, Encoding, KeyForm, Part, Place, Recipe, Unit};

/// What stands below `verify` beside the secret and the address, in the order in which people read it;
/// `None` if it is no HMAC, or its names hold braces.
pub fn written(recipe: &Recipe) -> Option<Vec<(&'static str, Value)>> {
    let Algorithm::Hmac { digest, key } = recipe.algorithm else { return None };
    let mut found = vec![match &recipe.place {
        Place::Header(name) => ("header", json!(name)),
        Place::AnyOf(names) => ("header", json!(names)),
        Place::Numbered { stem, most } => ("signature", json!({ "numbered": stem, "most": most })),
        place => ("signature", Value::Object(Map::from_iter([pair(place)?]))),
    }];
    let message = message(recipe)?;
    found.extend((!recipe.prefix.is_empty()).then(|| ("prefix", json!(recipe.prefix))));
    found.extend(recipe.separator.map(|separator| ("separator", json!(separator))));
    found.extend((recipe.encoding != Encoding::Hex).then(|| ("encoding", json!(word(ENCODINGS, &recipe.encoding)))));
    found.extend((digest != Digest::Sha256).then(|| ("digest", json!(word(DIGESTS, &digest)))));
    found.extend((key != KeyForm::Utf8).then(|| ("key", json!(word(KEYS, &key)))));
    found.extend((message != "{body}").then(|| ("message", json!(message))));
    if let Some(freshness) = &recipe.freshness {
        let mut written = Map::from_iter([pair(&freshness.place)?]);
        if freshness.unit != Unit::Seconds {
            written.insert("unit".into(), json!(word(UNITS, &freshness.unit)));
        }
        written.insert("tolerance".into(), json!(freshness.tolerance.as_secs()));
        found.push(("timestamp", Value::Object(written)));
    }
    Some(found)
}

fn pair(place: &Place) -> Option<(String, Value)> {
    if let Place::AnyOf(names) = place {
        return Some(("header".into(), json!(names)));
    }
    let (kind, text) = named(place)?;
    Some((kind.into(), text.into()))
}

fn named(place: &Place) -> Option<(&'static str, String)> {
    Some(match place {
        Place::Header(name) => ("header", name.to_string()),
        Place::AnyOf(names) => ("header", names.join("|")),
        Place::Numbered { .. } => return None,
        Place::Element { header, separator, prefix } => ("element", format!("{header}{separator}{prefix}")),
        Place::Query(name) => ("query", name.to_string()),
        Place::Pointer(pointer) => ("pointer", pointer.to_string()),
        Place::Field(name) => ("field", name.to_string()),
    })
}

fn message(recipe: &Recipe) -> Option<String> {
    let time = recipe.freshness.as_ref().map(|freshness| &freshness.place);
    recipe.message.iter().map(|part| one(part, time)).collect()
}

fn one(part: &Part, time: Option<&Place>) -> Option<String> {
    Some(match part {
        Part::Body => "{body}".into(),
        Part::Literal(text) => braces(text),
        Part::Value(place) if Some(place) == time => "{timestamp}".into(),
        Part::Value(place) => {
            let (kind, text) = named(place).filter(|(_, text)| !text.contains(['{', '}']) && text.trim() == text)?;
            format!("{{{kind}:{text}}}")
        }
        Part::Segment { before, place, after } if before.is_empty() && after.is_empty() => {
            one(&Part::Value(place.clone()), time)?.replacen('{', "{lower:", 1)
        }
        Part::Segment { .. } | Part::Headers { .. } => return None,
        Part::Form => "{form}".into(),
        Part::Method => "{method}".into(),
        Part::Url => "{url}".into(),
        Part::Path => "{path}".into(),
    })
}

fn braces(text: &str) -> String {
    let brace = |c: char| match c {
        '{' => "{open}".to_owned(),
        '}' => "{close}".to_owned(),
        other => other.into(),
    };
    text.chars().map(brace).collect()
}
