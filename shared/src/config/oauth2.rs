//! Where the access tokens of an endpoint come from, checked.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::headers::{Reader, required};
use super::receiver::CLIENT_SECRET;
use super::spec::Unknown;
use super::text::SecretText;
use super::values::{choice, wrong};
use super::{ConfigError, known};
use crate::endpoint::{OAuth2, Style};
use crate::guard::Guard;

const OAUTH2: &[&str] = &["token_url", "client_id", "client_secret", "scope", "audience", "resource", "style"];
const STYLES: [(&str, Style); 2] = [("basic", Style::Basic), ("body", Style::Body)];

/// No text of it is longer, but for the secret.
const LONGEST: usize = 1_024;
const LONGEST_SECRET: usize = 4_096;

#[derive(Clone, Deserialize, Serialize)]
pub(super) struct OAuth2Spec {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) token_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client_secret: Option<SecretText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) audience: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) resource: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) style: Option<String>,
    #[serde(flatten, skip_serializing)]
    pub(super) unknown: Unknown,
}

impl OAuth2Spec {
    pub(super) fn secret(&mut self) -> Option<&mut String> {
        self.client_secret.as_mut().map(|secret| &mut secret.0)
    }
}

/// `None` if nothing is said, or the secret is not to be had.
pub(super) fn settings(
    reader: &Reader<'_>,
    guard: Guard,
    spec: Option<OAuth2Spec>,
) -> Result<Option<Arc<OAuth2>>, ConfigError> {
    let Some(spec) = spec else { return Ok(None) };
    let path = format!("{}.auth.oauth2", reader.path);
    known(&path, &spec.unknown, OAUTH2)?;
    let key = |key: &str| format!("{path}.{key}");
    let token_url = required(&key("token_url"), spec.token_url)?;
    let token_url =
        guard.target(&token_url).map_err(|problem| ConfigError::new(key("token_url"), problem.to_string()))?;
    let client_id = text(&key("client_id"), Some(required(&key("client_id"), spec.client_id)?))?.unwrap_or_default();
    let (scope, audience) = (text(&key("scope"), spec.scope)?, text(&key("audience"), spec.audience)?);
    let resource = text(&key("resource"), spec.resource)?;
    if let Some(found) = resource.as_ref().filter(|found| !is_absolute(found)) {
        return Err(wrong(&key("resource"), found, "is no absolute address without a fragment"));
    }
    let style = choice(&key("style"), spec.style.as_deref(), &STYLES, Style::Basic)?;
    let secret = reader.secret(CLIENT_SECRET, &required(&key("client_secret"), spec.client_secret)?.0)?;
    let Some(client_secret) = secret else { return Ok(None) };
    if client_secret.expose().is_empty() || client_secret.expose().len() > LONGEST_SECRET {
        return Err(ConfigError::new(key("client_secret"), format!("is empty or longer than {LONGEST_SECRET} bytes")));
    }
    Ok(Some(Arc::new(OAuth2 { token_url, client_id, client_secret, scope, audience, resource, style })))
}

fn text(key: &str, text: Option<String>) -> Result<Option<String>, ConfigError> {
    let Some(text) = text else { return Ok(None) };
    let problem = match &*text {
        "" => "is empty".into(),
        text if text.len() > LONGEST => format!("is longer than {LONGEST} bytes"),
        text if text.chars().any(char::is_control) => "holds control characters".into(),
        _ => return Ok(Some(text)),
    };
    Err(ConfigError::new(key, problem))
}

fn is_absolute(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| url.fragment().is_none())
}
