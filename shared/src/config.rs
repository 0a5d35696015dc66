//! The configuration that an owner writes: read strictly, refused with the key and what is allowed.

mod changes;
mod endpoint;
mod header_text;
mod headers;
mod keys;
mod limits;
mod oauth2;
mod receiver;
mod sealing;
mod secrets;
mod signing;
mod source;
mod spec;
mod text;
mod tls;
mod values;
mod verify;

use std::sync::Arc;

pub use changes::{Change, Subject};
pub use secrets::{Rings, Secrets};
pub use spec::Spec;

use crate::endpoint::Endpoint;
use crate::guard::Guard;
use crate::limits::Limits;
use crate::nearest::suggestion;
use crate::source::Source;
use crate::timestamp::Timestamp;

/// What a configuration says, checked and ready for use.
pub struct Config {
    pub sources: Vec<Arc<Source>>,
    pub endpoints: Vec<Arc<Endpoint>>,
    /// Those that it sets, if it speaks of any.
    pub limits: Option<Limits>,
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
    /// The first thing that is wrong, sources before endpoints, in the order of the names.
    pub fn check(spec: Spec, secrets: Secrets<'_>, guard: Guard) -> Result<Self, ConfigError> {
        known("", &spec.unknown, spec::TOP)?;
        let limits = spec.limits.clone().map(limits::check).transpose()?;
        spec.count_endpoints(&limits.clone().unwrap_or_default())?;
        let sources = spec.sources.unwrap_or_default().into_iter();
        let endpoints = spec.endpoints.unwrap_or_default().into_iter();
        Ok(Self {
            sources: sources
                .map(|(name, spec)| source::check(&name, spec, secrets).map(Arc::new))
                .collect::<Result<_, _>>()?,
            endpoints: endpoints
                .map(|(name, spec)| endpoint::check(&name, spec, secrets, guard).map(Arc::new))
                .collect::<Result<_, _>>()?,
            limits,
        })
    }

    /// The certificates that nobody would take at that time: whose, and why not.
    pub fn out_of_date(&self, now: Timestamp) -> impl Iterator<Item = (&str, ConfigError)> {
        let certified = self.endpoints.iter().filter_map(|endpoint| Some((endpoint, endpoint.identity.as_ref()?)));
        certified.filter_map(move |(endpoint, identity)| {
            let key = format!("endpoints.{}.tls.certificate", endpoint.name);
            Some((&*endpoint.name, ConfigError::new(key, identity.out_of_date(now)?)))
        })
    }
}

/// Refuses keys that nobody reads, naming the nearest that somebody does.
fn known(path: &str, unknown: &spec::Unknown, keys: &[&str]) -> Result<(), ConfigError> {
    let Some(found) = unknown.keys().next() else { return Ok(()) };
    let key = if path.is_empty() { found.clone() } else { format!("{path}.{found}") };
    Err(ConfigError::new(key, format!("is not a known key{}", suggestion(found, keys))))
}
