//! What an endpoint says of TLS: the authorities that are believed, and the certificate that is shown to it.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};

use super::headers::Reader;
use super::receiver::TLS_KEY;
use super::spec::Unknown;
use super::text::SecretText;
use super::{ConfigError, known};
use crate::guard::Target;
use crate::identity::{self, Identity, Wrong};

const TLS: &[&str] = &["ca", "certificate", "key"];

#[derive(Clone, Deserialize, Serialize)]
pub(super) struct TlsSpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ca: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) certificate: Option<String>,
    #[serde(default, deserialize_with = "trimmed", skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<SecretText>,
    #[serde(flatten, skip_serializing)]
    pub(super) unknown: Unknown,
}

impl TlsSpec {
    pub(super) fn secret(&mut self) -> Option<&mut String> {
        self.key.as_mut().map(|key| &mut key.0)
    }
}

/// A file ends with an empty line, a secret does not.
fn trimmed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretText>, D::Error> {
    let found = Option::<SecretText>::deserialize(deserializer)?;
    Ok(found.map(|text| SecretText(text.0.trim().to_owned())))
}

/// `None` if nothing is said, or the key is not to be had.
pub(super) fn identity(
    reader: &Reader<'_>,
    url: &Target,
    spec: Option<TlsSpec>,
) -> Result<Option<Arc<Identity>>, ConfigError> {
    let Some(spec) = spec else { return Ok(None) };
    let path = format!("{}.tls", reader.path);
    known(&path, &spec.unknown, TLS)?;
    let refused = |key: &str, problem: &str| ConfigError::new(format!("{path}{key}"), problem);
    if url.url().scheme() != "https" {
        return Err(refused("", "has no meaning without https"));
    }
    let ca = spec.ca.as_deref();
    let shown = match (spec.certificate.as_deref(), spec.key) {
        (Some(certificate), Some(key)) => Some((certificate, reader.secret(TLS_KEY, &key.0)?)),
        (None, None) if ca.is_none() => return Err(refused("", "is empty; write ca, or certificate and key")),
        (None, None) => None,
        (Some(_), None) => return Err(refused(".key", "is missing; certificate and key go together")),
        (None, Some(_)) => return Err(refused(".certificate", "is missing; certificate and key go together")),
    };
    if let Some((certificate, None)) = shown {
        for (key, text) in [(".ca", ca), (".certificate", Some(certificate))] {
            text.map_or(Ok(()), identity::check_certificates).map_err(|problem| refused(key, &problem))?;
        }
        return Ok(None);
    }
    let shown = shown.as_ref().and_then(|(certificate, key)| Some((*certificate, key.as_ref()?)));
    let identity = Identity::read(ca, shown).map_err(|wrong| match wrong {
        Wrong::Authorities(problem) => refused(".ca", &problem),
        Wrong::Certificate(problem) => refused(".certificate", &problem),
        Wrong::Key(problem) => refused(".key", problem),
    })?;
    Ok(Some(Arc::new(identity)))
}
