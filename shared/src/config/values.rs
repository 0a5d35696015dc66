//! Values that sources and endpoints share, read or refused with what is allowed.

use std::fmt::Display;
use std::time::Duration;

use super::ConfigError;
use super::text::OneOrMany;
use crate::endpoint::{DEFAULT_TENANT, is_name};
use crate::nearest::suggestion;
use crate::quantity::{self, Rate};

/// That text, quoted, and what is wrong with it.
pub(super) fn wrong(key: &str, found: &str, problem: impl Display) -> ConfigError {
    ConfigError::new(key, format!("\"{}\" {problem}", found.escape_debug()))
}

/// Reads every text of a list; the first that is none is refused in the reader's words.
pub(super) fn each<T, E: Display>(
    key: &str,
    list: Option<OneOrMany>,
    read: impl Fn(&str) -> Result<T, E>,
) -> Result<Vec<T>, ConfigError> {
    let texts = list.map(|list| list.0).unwrap_or_default();
    texts.iter().map(|text| read(text).map_err(|problem| wrong(key, text, problem))).collect()
}

pub(super) fn rate(key: &str, text: &str) -> Result<Option<Rate>, ConfigError> {
    if text == "none" {
        return Ok(None);
    }
    let problem = "is not a rate; write 100/s, 600/m, 1000/h or none";
    quantity::rate(text).map(Some).ok_or_else(|| wrong(key, text, problem))
}

/// `like` shows how one is written.
pub(super) fn duration(key: &str, text: &str, like: &str) -> Result<Duration, ConfigError> {
    quantity::duration(text).ok_or_else(|| wrong(key, text, format!("is not a duration; write {like}")))
}

/// One of a few words, or the value that its absence means.
pub(super) fn choice<T: Copy>(key: &str, text: Option<&str>, all: &[(&str, T)], absent: T) -> Result<T, ConfigError> {
    let Some(text) = text else { return Ok(absent) };
    let found = all.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
    let words: Vec<&str> = all.iter().map(|(word, _)| *word).collect();
    found.ok_or_else(|| wrong(key, text, format!("is not known{}", suggestion(text, &words))))
}

pub(super) fn tenant(path: &str, text: Option<String>) -> Result<String, ConfigError> {
    let text = text.unwrap_or_else(|| DEFAULT_TENANT.into());
    let problem = "is not a tenant's name; write 1 to 63 of a-z, 0-9 and -, not first a -";
    if is_name(&text) { Ok(text) } else { Err(wrong(&format!("{path}.tenant"), &text, problem)) }
}
