//! Values below `verify`, read or refused with what is allowed.

use std::time::Duration;

use serde_json::Value;

use crate::nearest::suggestion;
use crate::quantity;
use crate::schemes::words::Words;
use crate::schemes::{Settings, Wrong};
use crate::signature::Name;

/// A text that was found, as it may be shown.
pub(super) fn quoted(text: &str) -> String {
    const SHOWN: usize = 80;
    let short: String = text.chars().take(SHOWN).collect();
    format!("\"{}{}\"", short.escape_debug(), if short.len() < text.len() { "…" } else { "" })
}

pub(super) fn text<'a>(key: &'static str, value: &'a Value) -> Result<&'a str, Wrong> {
    match value {
        Value::String(text) if text.is_empty() => Err(Wrong::new(key, "is empty")),
        Value::String(text) => Ok(text),
        _ => Err(Wrong::new(key, "is not a text; put it in quotes")),
    }
}

/// One of a few words; the default where nothing is said.
pub(super) fn choice<T: Copy>(
    key: &'static str,
    value: Option<&Value>,
    words: &Words<T>,
    default: T,
) -> Result<T, Wrong> {
    let Some(value) = value else { return Ok(default) };
    let text = text(key, value)?;
    let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
    let found = words.iter().find(|(word, _)| *word == text).map(|(_, meant)| *meant);
    found.ok_or_else(|| Wrong::new(key, format!("{} is not known{}", quoted(text), suggestion(text, &known))))
}

/// One character.
pub(super) fn letter(key: &'static str, value: Option<&Value>) -> Result<Option<char>, Wrong> {
    let Some(value) = value else { return Ok(None) };
    let text = text(key, value)?;
    let mut characters = text.chars();
    match (characters.next(), characters.next()) {
        (Some(one), None) => Ok(Some(one)),
        _ => Err(Wrong::new(key, format!("{} is not one character; write it like \",\"", quoted(text)))),
    }
}

/// Empty if nothing is said, and it may be said to be empty.
pub(super) fn prefix(settings: &Settings) -> Result<Name, Wrong> {
    match settings.value("prefix") {
        None => Ok("".into()),
        Some(Value::String(text)) => Ok(text.clone().into()),
        Some(_) => Err(Wrong::new("prefix", "is not a text; put it in quotes")),
    }
}

/// A bare number means seconds.
pub(super) fn span(key: &'static str, value: &Value) -> Result<Duration, Wrong> {
    let span = match value {
        Value::String(text) => quantity::duration(text),
        other => other.as_u64().map(Duration::from_secs),
    };
    span.filter(|span| !span.is_zero()).ok_or_else(|| Wrong::new(key, "is not a duration; write 300, 5m or 1h"))
}
