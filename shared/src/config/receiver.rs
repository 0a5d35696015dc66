//! An endpoint as it is written, before anything is checked.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::header_text::HeaderText;
use super::keys::{KeySpec, KeySpecs};
use super::oauth2::OAuth2Spec;
use super::spec::Unknown;
use super::text::{OneOrMany, SecretText, Text, Texts};
use super::tls::TlsSpec;
use crate::endpoint::DEFAULT_TENANT;

pub(super) const ENDPOINT: &[&str] = &[
    "url",
    "events",
    "channels",
    "operational",
    "contact",
    "description",
    "tenant",
    "enabled",
    "headers",
    "method",
    "format",
    "timeout",
    "schedule",
    "rate",
    "max_concurrent",
    "success",
    "auth",
    "secret",
    "signature",
    "tls",
    "consent",
];
pub(super) const AUTH: &[&str] = &["bearer", "basic", "header", "oauth2"];
pub(super) const BASIC: &[&str] = &["user", "password"];
pub(super) const HEADER: &[&str] = &["name", "value"];

#[derive(Clone, Deserialize, Serialize)]
pub(super) struct EndpointSpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) events: Option<OneOrMany>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) channels: Option<OneOrMany>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) operational: Option<OneOrMany>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) contact: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tenant: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) headers: Option<BTreeMap<String, HeaderText>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) method: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) format: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) timeout: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) schedule: Option<Texts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rate: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_concurrent: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) success: Option<Texts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) auth: Option<AuthSpec>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) secret: Option<KeySpecs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) signature: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tls: Option<TlsSpec>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) consent: Option<String>,
    #[serde(flatten, skip_serializing)]
    pub(super) unknown: Unknown,
}

#[derive(Clone, Deserialize, Serialize)]
pub(super) struct AuthSpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) bearer: Option<SecretText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) basic: Option<BasicSpec>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) header: Option<HeaderSpec>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) oauth2: Option<OAuth2Spec>,
    #[serde(flatten, skip_serializing)]
    pub(super) unknown: Unknown,
}

#[derive(Clone, Deserialize, Serialize)]
pub(super) struct BasicSpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) password: Option<SecretText>,
    #[serde(flatten, skip_serializing)]
    pub(super) unknown: Unknown,
}

#[derive(Clone, Deserialize, Serialize)]
pub(super) struct HeaderSpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) value: Option<SecretText>,
    #[serde(flatten, skip_serializing)]
    pub(super) unknown: Unknown,
}

impl EndpointSpec {
    pub(super) fn tenant(&self) -> &str {
        self.tenant.as_deref().unwrap_or(DEFAULT_TENANT)
    }

    /// Whether every key of it is known to this version.
    pub(super) fn is_understood(&self) -> bool {
        let auth = self.auth.as_ref().is_none_or(|auth| {
            let basic = auth.basic.as_ref().is_none_or(|basic| basic.unknown.is_empty());
            let header = auth.header.as_ref().is_none_or(|header| header.unknown.is_empty());
            let oauth2 = auth.oauth2.as_ref().is_none_or(|oauth2| oauth2.unknown.is_empty());
            auth.unknown.is_empty() && basic && header && oauth2
        });
        let tls = self.tls.as_ref().is_none_or(|tls| tls.unknown.is_empty());
        let keys = self.secret.iter().flat_map(|keys| &keys.0).all(KeySpec::is_understood);
        let headers = self.headers.iter().flat_map(BTreeMap::values).all(HeaderText::is_understood);
        self.unknown.is_empty() && auth && tls && keys && headers
    }

    /// Every secret of it, under the key where it stands.
    pub(super) fn secrets(&mut self) -> impl Iterator<Item = (String, &mut String)> {
        let headers = self.headers.iter_mut().flatten();
        let headers = headers.filter_map(|(name, value)| Some((header_key(name), value.secret()?)));
        let auth = self.auth.iter_mut().flat_map(AuthSpec::secrets);
        let keys = self.secret.iter_mut().flat_map(|keys| &mut keys.0).filter_map(KeySpec::secret);
        let auth = auth.map(|(key, text)| (key.to_owned(), text));
        let tls = self.tls.iter_mut().filter_map(TlsSpec::secret).map(|text| (TLS_KEY.to_owned(), text));
        headers.chain(auth).chain(tls).chain(keys.map(|text| (SECRET.to_owned(), text)))
    }
}

/// Where signing keys stand.
pub(super) const SECRET: &str = "secret";

/// Where the secret for a token endpoint stands.
pub(super) const CLIENT_SECRET: &str = "auth.oauth2.client_secret";

/// Where the private key of a client certificate stands.
pub(super) const TLS_KEY: &str = "tls.key";

/// Where the value of a header stands.
pub(super) fn header_key(name: &str) -> String {
    format!("headers.{name}")
}

impl AuthSpec {
    fn secrets(&mut self) -> impl Iterator<Item = (&'static str, &mut String)> {
        let bearer = self.bearer.as_mut().map(|text| ("auth.bearer", &mut text.0));
        let basic = self.basic.as_mut().and_then(|basic| basic.password.as_mut());
        let header = self.header.as_mut().and_then(|header| header.value.as_mut());
        let basic = basic.map(|text| ("auth.basic.password", &mut text.0));
        let oauth2 = self.oauth2.as_mut().and_then(OAuth2Spec::secret).map(|text| (CLIENT_SECRET, text));
        bearer.into_iter().chain(basic).chain(header.map(|text| ("auth.header.value", &mut text.0))).chain(oauth2)
    }
}
