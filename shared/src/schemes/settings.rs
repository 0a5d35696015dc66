//! What an owner says of a source's proof, beside the scheme.

use std::collections::BTreeMap;

use serde_json::Value;
use url::Url;

use super::Scheme;
use crate::secret::Secret;
use crate::signature::Key;

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
pub(super) const PUBLIC_KEY: Setting =
    Setting::needed("public_key", "the public key that the provider shows: PEM, base64 or hexadecimal");
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

    /// For an owner who has not said it.
    pub(super) fn wrong(&self, scheme: &Scheme) -> Wrong {
        Wrong::new(self.key, format!("is missing; it is {} ({})", self.what, scheme.page))
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

    /// The same with that `secret` instead of any.
    pub(super) fn with_secret(&self, secret: Secret) -> Self {
        let mut changed = self.clone();
        changed.secrets.insert("secret".into(), vec![secret]);
        changed
    }

    /// The same with other secrets; `None` if none of them is another.
    pub(super) fn with_other_secrets(&self, other: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let mut changed = false;
        let mut change = |secret: &Secret| {
            let changed_secret = other(secret.expose()).map(Secret::new);
            changed |= changed_secret.is_some();
            changed_secret.unwrap_or_else(|| secret.clone())
        };
        let secrets = self.secrets.iter();
        let secrets = secrets.map(|(key, secrets)| (key.clone(), secrets.iter().map(&mut change).collect())).collect();
        changed.then(|| Self::new(secrets, self.values.clone()))
    }

    /// The secrets under a key: any of them will do, so that they can be rotated.
    pub fn secrets(&self, key: &str) -> &[Secret] {
        self.secrets.get(key).map(Vec::as_slice).unwrap_or_default()
    }

    /// The secret or secrets, made into keys.
    ///
    /// # Errors
    /// One of them cannot be a key.
    pub(super) fn keys(&self, read: impl Fn(&Secret) -> Result<Key, &'static str>) -> Result<Vec<Key>, Wrong> {
        let keys = self.secrets(SECRET.key).iter().map(read).collect::<Result<_, _>>();
        keys.map_err(|problem| Wrong::new(SECRET.key, problem))
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
            Some(Value::String(_)) => Err(Wrong::new(key, "is empty")),
            Some(_) => Err(Wrong::new(key, "is not a text; put it in quotes")),
        }
    }

    /// What the scheme needs and nobody said.
    pub(super) fn missing<'a>(&'a self, scheme: &'a Scheme) -> impl Iterator<Item = &'a Setting> {
        let is_said = |key: &str| !self.secrets(key).is_empty() || self.value(key).is_some();
        scheme.settings.iter().filter(move |setting| setting.is_needed && !is_said(setting.key))
    }

    /// The address of the source as its provider knows it.
    ///
    /// # Errors
    /// It is there and no address.
    pub(super) fn url(&self) -> Result<Option<&str>, Wrong> {
        let Some(text) = self.text("url")? else { return Ok(None) };
        let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic()) && !text.contains('#');
        let address = Url::parse(text).ok().filter(|url| is_plain && ["https", "http"].contains(&url.scheme()));
        let address = address
            .ok_or_else(|| Wrong::new("url", "is not an address; write it like https://hooks.example.com/in/shop"))?;
        if !address.username().is_empty() || address.password().is_some() {
            return Err(Wrong::new("url", "holds a user or a password; write it without"));
        }
        Ok(Some(text))
    }

    /// One text or a list of them; empty if it is not there.
    ///
    /// # Errors
    /// It is there and neither.
    pub fn texts(&self, key: &'static str) -> Result<Vec<&str>, Wrong> {
        let wrong = || Wrong::new(key, "is not a text or a list of texts (put numbers in quotes)");
        match self.values.get(key) {
            None => Ok(Vec::new()),
            Some(Value::String(text)) => Ok(vec![text]),
            Some(Value::Array(list)) => list.iter().map(|item| item.as_str().ok_or_else(wrong)).collect(),
            Some(_) => Err(wrong()),
        }
    }
}
