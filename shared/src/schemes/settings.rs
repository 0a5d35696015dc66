//! What an owner says of a source's proof, beside the scheme.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::secret::Secret;

/// One key below `verify`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    pub key: &'static str,
    /// For people: what stands there, or where the provider shows it.
    pub what: &'static str,
    pub is_needed: bool,
}

/// The keys below `verify` whose values are secrets: sealed, never shown.
pub const SECRET_KEYS: [&str; 3] = ["secret", "token", "client_secret"];

pub(super) const SECRET: Setting = Setting::needed("secret", "the secret that the provider shows");
#[allow(dead_code)] // Its rows are on their way.
pub(super) const URL: Setting = Setting::needed("url", "the address of this source as the provider knows it");

/// What is wrong with a setting: its key, and words that follow it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    pub key: &'static str,
    pub problem: String,
}

impl Wrong {
    pub fn new(key: &'static str, problem: impl Into<String>) -> Self {
        Self { key, problem: problem.into() }
    }
}

impl Setting {
    pub const fn needed(key: &'static str, what: &'static str) -> Self {
        Self { key, what, is_needed: true }
    }

    pub const fn optional(key: &'static str, what: &'static str) -> Self {
        Self { key, what, is_needed: false }
    }
}

/// The values of one source.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    secrets: BTreeMap<String, Vec<Secret>>,
    values: BTreeMap<String, Value>,
}

impl Settings {
    pub fn new(secrets: BTreeMap<String, Vec<Secret>>, values: BTreeMap<String, Value>) -> Self {
        Self { secrets, values }
    }

    /// Secrets alone.
    pub fn with_secrets(secrets: Vec<Secret>) -> Self {
        Self::new(BTreeMap::from([("secret".into(), secrets)]), BTreeMap::new())
    }

    /// The secrets under a key: any of them will do, so that they can be rotated.
    pub fn secrets(&self, key: &str) -> &[Secret] {
        self.secrets.get(key).map(Vec::as_slice).unwrap_or_default()
    }

    /// All of them, for whoever must keep them out of what is stored.
    pub fn all_secrets(&self) -> impl Iterator<Item = &Secret> {
        self.secrets.values().flatten()
    }

    pub fn value(&self, key: &str) -> Option<&Value> {
        self.values.get(key)
    }

    /// # Errors
    /// It is there and no text, or empty.
    pub fn text(&self, key: &'static str) -> Result<Option<&str>, Wrong> {
        match self.values.get(key) {
            None => Ok(None),
            Some(Value::String(text)) if !text.trim().is_empty() => Ok(Some(text)),
            Some(_) => Err(Wrong::new(key, "is not a text")),
        }
    }

    /// One text or a list of them; empty if it is not there.
    ///
    /// # Errors
    /// It is there and neither.
    pub fn texts(&self, key: &'static str) -> Result<Vec<&str>, Wrong> {
        let wrong = || Wrong::new(key, "is not a text or a list of texts");
        match self.values.get(key) {
            None => Ok(Vec::new()),
            Some(Value::String(text)) => Ok(vec![text]),
            Some(Value::Array(list)) => list.iter().map(|item| item.as_str().ok_or_else(wrong)).collect(),
            Some(_) => Err(wrong()),
        }
    }
}
