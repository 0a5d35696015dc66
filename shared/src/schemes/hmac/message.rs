//! What is signed, as an owner writes it: `"{timestamp}.{body}"`.

use super::places::place;
use super::read::{quoted, text};
use crate::nearest::hint;
use crate::schemes::{Settings, Wrong};
use crate::signature::{Freshness, Part};

/// What may stand in braces by itself.
const WORDS: [&str; 8] = ["body", "form", "timestamp", "method", "url", "path", "open", "close"];

/// What may stand in braces before a colon and a name.
const KINDS: [&str; 6] = ["header", "query", "pointer", "field", "element", "lower"];

const ALLOWED: &str = "Allowed: {body}, {timestamp}, {method}, {url}, {path}, {form}, {header:NAME}, {query:NAME}, \
                       {field:NAME}, {pointer:/PATH}, {element:HEADER,t=}, {lower:header:NAME}, and {open} and \
                       {close} for braces";

/// No provider signs more pieces: each is hashed for whoever calls.
const MOST_PARTS: usize = 32;

pub(super) fn read(settings: &Settings, freshness: Option<&Freshness>) -> Result<Vec<Part>, Wrong> {
    const KEY: &str = "message";
    let Some(value) = settings.value(KEY) else { return Ok(vec![Part::Body]) };
    if value.is_object() {
        return Err(Wrong::new(KEY, "is not a text; what has braces needs quotes: \"{timestamp}.{body}\""));
    }
    let parts = parts(text(KEY, value)?, freshness).map_err(|problem| Wrong::new(KEY, problem))?;
    let whole = parts.iter().filter(|part| matches!(part, Part::Body | Part::Form)).count();
    if parts.len() > MOST_PARTS || whole > 1 {
        return Err(Wrong::new(
            KEY,
            format!("is too long; {{body}} or {{form}} once, and at most {MOST_PARTS} pieces"),
        ));
    }
    Ok(parts)
}

fn parts(template: &str, freshness: Option<&Freshness>) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut rest = template;
    while !rest.is_empty() {
        let brace = rest.find(['{', '}']).unwrap_or(rest.len());
        let (literal, after) = rest.split_at(brace);
        push(&mut parts, literal);
        let Some(after) = after.strip_prefix('{') else {
            if !after.is_empty() {
                return Err(format!("has a }} without its {{; write {{close}} for a brace that is signed. {ALLOWED}"));
            }
            break;
        };
        let (inside, after) = after
            .split_once('}')
            .ok_or_else(|| format!("has a {{ without its }}; write {{open}} for a brace that is signed. {ALLOWED}"))?;
        match inside.trim() {
            "open" => push(&mut parts, "{"),
            "close" => push(&mut parts, "}"),
            inside => parts.push(part(inside, freshness)?),
        }
        rest = after;
    }
    Ok(parts)
}

/// Literals that follow each other are one.
fn push(parts: &mut Vec<Part>, text: &str) {
    match parts.last_mut() {
        _ if text.is_empty() => {}
        Some(Part::Literal(before)) => before.to_mut().push_str(text),
        _ => parts.push(Part::Literal(text.to_owned().into())),
    }
}

fn part(inside: &str, freshness: Option<&Freshness>) -> Result<Part, String> {
    if inside.starts_with('{') {
        return Err(format!("has two braces in a row; write one: {{body}}. {ALLOWED}"));
    }
    if let Some((kind, name)) = inside.split_once(':') {
        let (kind, name) = (kind.trim(), name.trim());
        return match kind {
            "lower" => match part(name, freshness)? {
                Part::Value(place) => Ok(Part::Segment { before: "".into(), place, after: "".into() }),
                _ => Err(format!("cannot have {} in lower case. {ALLOWED}", quoted(name))),
            },
            kind if KINDS.contains(&kind) && !name.is_empty() => place(kind, name).map(Part::Value),
            _ => Err(unknown(inside, kind, &KINDS)),
        };
    }
    match inside {
        "body" => Ok(Part::Body),
        "form" => Ok(Part::Form),
        "method" => Ok(Part::Method),
        "url" => Ok(Part::Url),
        "path" => Ok(Part::Path),
        "timestamp" => freshness.map(|freshness| Part::Value(freshness.place.clone())).ok_or_else(|| {
            "names {timestamp}, and nothing says where it stands; write timestamp: { header: NAME }".into()
        }),
        _ => Err(unknown(inside, inside, &WORDS)),
    }
}

fn unknown(inside: &str, word: &str, known: &[&str]) -> String {
    let found = quoted(&format!("{{{inside}}}"));
    format!("names {found}, which is not known{} {ALLOWED}", hint(word, known))
}
