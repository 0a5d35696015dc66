//! The configuration that an owner writes: read strictly, refused with the key and what is allowed.

mod changes;
mod secrets;
mod source;
mod spec;

use std::sync::Arc;

pub use changes::Change;
pub use secrets::Secrets;
pub use spec::Spec;

use crate::source::Source;

/// What a configuration says, checked and ready for use.
pub struct Config {
    pub sources: Vec<Arc<Source>>,
    /// What is understood but does nothing yet, for the owner to read.
    pub warnings: Vec<String>,
}

/// One thing wrong with a configuration: which key, what was found and what is allowed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {problem}")]
pub struct ConfigError {
    pub key: String,
    pub problem: String,
}

impl ConfigError {
    pub fn new(key: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { key: key.into(), problem: problem.into() }
    }
}

impl Config {
    /// # Errors
    /// The first thing that is wrong, in the order of the names.
    pub fn check(spec: Spec, secrets: Secrets<'_>) -> Result<Self, ConfigError> {
        known("", &spec.unknown, spec::TOP)?;
        let mut config = Self { sources: Vec::new(), warnings: Vec::new() };
        for (name, source) in spec.sources.unwrap_or_default() {
            config.warnings.extend(source::warning(&name, &source));
            config.sources.push(Arc::new(source::check(&name, source, secrets)?));
        }
        if spec.endpoints.is_some_and(|endpoints| !endpoints.is_empty()) {
            config
                .warnings
                .push("endpoints: sending events to endpoints is not built yet; the key does nothing".into());
        }
        Ok(config)
    }
}

/// Refuses keys that nobody reads, naming the nearest that somebody does.
fn known(path: &str, unknown: &spec::Unknown, keys: &[&str]) -> Result<(), ConfigError> {
    let Some(found) = unknown.keys().next() else { return Ok(()) };
    let key = if path.is_empty() { found.clone() } else { format!("{path}.{found}") };
    Err(ConfigError::new(key, format!("is not a known key{}", suggestion(found, keys))))
}

/// `; did you mean "x"? Allowed: …`
fn suggestion(found: &str, allowed: &[&str]) -> String {
    let nearest = allowed.iter().map(|key| (strsim::damerau_levenshtein(found, key), key)).min();
    let nearest = nearest.filter(|(distance, _)| *distance <= 3);
    let hint = nearest.map(|(_, key)| format!("; did you mean \"{key}\"?")).unwrap_or_else(|| ".".into());
    format!("{hint} Allowed: {}", allowed.join(", "))
}
