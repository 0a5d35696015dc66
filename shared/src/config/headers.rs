//! The headers of an endpoint, and the authentication that becomes one: every value is a secret but
//! those that templates make.

use std::collections::BTreeMap;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue};

use super::header_text::{HeaderText, TEMPLATE, TemplateSpec};
use super::receiver::{self, AuthSpec, BasicSpec, HeaderSpec, header_key};
use super::secrets::{Kind, Spot};
use super::values::wrong;
use super::{ConfigError, Secrets, known};
use crate::secret::Secret;
use crate::template::Template;

const MOST_HEADERS: usize = 20;
const LONGEST_VALUE: usize = 4_096;

/// Those that the request itself decides.
const OURS: [&str; 12] = [
    "host",
    "content-length",
    "content-type",
    "content-encoding",
    "connection",
    "keep-alive",
    "transfer-encoding",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "http2-settings",
];
const OUR_PREFIXES: [&str; 2] = ["proxy-", "webhook-"];

type Header = (HeaderName, HeaderValue);

/// The headers of an endpoint, those made of templates apart.
#[derive(Default)]
pub(super) struct Headers {
    pub(super) fixed: Vec<Header>,
    pub(super) templates: Vec<(HeaderName, Template)>,
}

/// Where the headers of one endpoint stand, and how their values are read.
pub(super) struct Reader<'a> {
    /// `endpoints.NAME`
    pub(super) path: &'a str,
    /// What its secrets are bound to.
    pub(super) bound: &'a str,
    pub(super) secrets: Secrets<'a>,
}

impl Reader<'_> {
    /// All of them; those whose values are not to be had here are left out.
    pub(super) fn read(
        &self,
        written: BTreeMap<String, HeaderText>,
        auth: Option<AuthSpec>,
    ) -> Result<Headers, ConfigError> {
        let path = format!("{}.headers", self.path);
        if written.len() > MOST_HEADERS {
            let problem = format!("names {} headers; at most {MOST_HEADERS} are allowed", written.len());
            return Err(ConfigError::new(path, problem));
        }
        let (mut names, mut found) = (Vec::new(), Headers::default());
        for (text, value) in written {
            let key = format!("{path}.{text}");
            let name = name(&key, &text)?;
            if names.contains(&name) {
                return Err(ConfigError::new(key, "is there twice; names of headers have no case"));
            }
            names.push(name.clone());
            match value {
                HeaderText::Secret(secret) => {
                    let value = self.value(&header_key(&text), &secret.0, str::to_owned)?;
                    found.fixed.extend(value.map(|value| (name, value)));
                }
                HeaderText::Template(spec) => found.templates.push((name, template(&key, spec)?)),
            }
        }
        let Some(auth) = auth else { return Ok(found) };
        let (name, value) = self.auth(auth)?;
        if names.contains(&name) {
            let problem = format!("makes the header {name}, which stands in headers too; leave out one of them");
            return Err(ConfigError::new(format!("{}.auth", self.path), problem));
        }
        found.fixed.extend(value.map(|value| (name, value)));
        Ok(found)
    }

    fn auth(&self, spec: AuthSpec) -> Result<(HeaderName, Option<HeaderValue>), ConfigError> {
        let path = format!("{}.auth", self.path);
        known(&path, &spec.unknown, receiver::AUTH)?;
        match (spec.bearer, spec.basic, spec.header, spec.oauth2) {
            (Some(token), None, None, None) => {
                let value = self.value("auth.bearer", &token.0, |token| format!("Bearer {token}"))?;
                Ok((AUTHORIZATION, value))
            }
            (None, Some(basic), None, None) => Ok((AUTHORIZATION, self.basic(&path, basic)?)),
            (None, None, Some(header), None) => self.header(&path, header),
            // Its value is another for every token.
            (None, None, None, Some(_)) => Ok((AUTHORIZATION, None)),
            _ => {
                let problem = "write one of { bearer: … }, { basic: { user: …, password: … } }, { header: { name: …, value: … } } or { oauth2: … }";
                Err(ConfigError::new(path, problem))
            }
        }
    }

    fn basic(&self, path: &str, spec: BasicSpec) -> Result<Option<HeaderValue>, ConfigError> {
        known(&format!("{path}.basic"), &spec.unknown, receiver::BASIC)?;
        let key = format!("{path}.basic.user");
        let user = required(&key, spec.user)?;
        if user.contains(':') || user.chars().any(char::is_control) {
            return Err(ConfigError::new(key, "holds a colon or a control character, which Basic cannot carry"));
        }
        let password = required(&format!("{path}.basic.password"), spec.password)?;
        let encoded = |password: &str| format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
        self.value("auth.basic.password", &password.0, encoded)
    }

    fn header(&self, path: &str, spec: HeaderSpec) -> Result<(HeaderName, Option<HeaderValue>), ConfigError> {
        known(&format!("{path}.header"), &spec.unknown, receiver::HEADER)?;
        let key = format!("{path}.header.name");
        let name = name(&key, &required(&key, spec.name)?)?;
        let value = required(&format!("{path}.header.value"), spec.value)?;
        Ok((name, self.value("auth.header.value", &value.0, str::to_owned)?))
    }

    /// The secret in that field; `None` if it is not to be had.
    pub(super) fn secret(&self, field: &str, text: &str) -> Result<Option<Secret>, ConfigError> {
        let spot = Spot { kind: Kind::Endpoint, name: self.bound, field };
        let read = self.secrets.read(spot, text);
        read.map_err(|problem| ConfigError::new(format!("{}.{field}", self.path), problem))
    }

    /// The value that is made of the secret in that field; `None` if it is not to be had.
    fn value(
        &self,
        field: &str,
        text: &str,
        made: impl Fn(&str) -> String,
    ) -> Result<Option<HeaderValue>, ConfigError> {
        let refused = |problem: String| ConfigError::new(format!("{}.{field}", self.path), problem);
        let Some(secret) = self.secret(field, text)? else { return Ok(None) };
        match secret.expose().len() {
            0 => return Err(refused("is empty".into())),
            1..=LONGEST_VALUE => {}
            _ => return Err(refused(format!("is longer than {LONGEST_VALUE} bytes"))),
        }
        let value = HeaderValue::from_str(&made(secret.expose()));
        let mut value = value.map_err(|_| refused("holds characters that a header cannot carry".into()))?;
        value.set_sensitive(true);
        Ok(Some(value))
    }
}

pub(super) fn required<T>(key: &str, value: Option<T>) -> Result<T, ConfigError> {
    value.ok_or_else(|| ConfigError::new(key, "is missing"))
}

fn template(key: &str, spec: TemplateSpec) -> Result<Template, ConfigError> {
    known(key, &spec.unknown, TEMPLATE)?;
    let key = format!("{key}.template");
    let text = required(&key, spec.template)?;
    Template::read(&text).map_err(|problem| ConfigError::new(key, problem.to_string()))
}

fn name(key: &str, text: &str) -> Result<HeaderName, ConfigError> {
    let name = HeaderName::from_str(text)
        .map_err(|_| wrong(key, text, "is not the name of a header; write it like X-Api-Key"))?;
    let ours = OURS.contains(&name.as_str()) || OUR_PREFIXES.iter().any(|prefix| name.as_str().starts_with(prefix));
    if ours {
        let problem =
            format!("{name} is set by Hookpost itself; so are host, content-type and the like, webhook-* and proxy-*");
        return Err(ConfigError::new(key, problem));
    }
    Ok(name)
}
