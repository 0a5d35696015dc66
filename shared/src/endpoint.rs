//! An endpoint: one receiver of our webhooks, what it subscribed to and how it is reached.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Method};

use crate::address::EmailAddress;
use crate::event::{EventType, Pattern};
use crate::guard::Target;
use crate::identity::Identity;
use crate::quantity::Rate;
use crate::schedule::Schedule;
use crate::secret::Secret;
use crate::sign::Signer;
use crate::template::Template;

/// The tenant of whatever names none.
pub const DEFAULT_TENANT: &str = "default";

/// Everything the outbound path knows of a receiver. Made from configuration by [`crate::config`].
#[derive(Clone)]
pub struct Endpoint {
    /// Whose it is: an event reaches endpoints of its own tenant only.
    pub tenant: String,
    pub name: String,
    pub url: Target,
    /// Which events it wants; all if empty.
    pub events: Vec<Pattern>,
    /// It wants events of these channels only; of any, and of none, if empty.
    pub channels: Vec<String>,
    /// Which events about endpoints it wants; none if empty.
    pub operational: Vec<Pattern>,
    /// Who is told, beside the owner, when it fails.
    pub contact: Option<EmailAddress>,
    pub description: String,
    /// What is for an endpoint that is not enabled is held.
    pub enabled: bool,
    /// Sent with every attempt, static authentication among them. The values are secrets.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Where it wants access tokens: from whom, and for what.
    pub oauth2: Option<Arc<OAuth2>>,
    /// How TLS is spoken with it, where that is not how it is spoken with everybody.
    pub identity: Option<Arc<Identity>>,
    /// It is asked first whether it wants webhooks in the name of this origin.
    pub consent: Option<String>,
    /// Headers that are filled in for each event. No secrets.
    pub templates: Vec<(HeaderName, Template)>,
    /// POST, PUT or GET.
    pub method: Method,
    pub format: Format,
    /// For one attempt from its first byte to the last of the response's head.
    pub timeout: Duration,
    pub schedule: Schedule,
    /// How often it may be called.
    pub rate: Option<Rate>,
    /// How many calls may be under way at once.
    pub max_concurrent: Option<u32>,
    /// Which statuses mean that it has arrived: 2xx unless said otherwise.
    pub success: Vec<RangeInclusive<u16>>,
    /// `None` where nobody needs to sign.
    pub signer: Option<Signer>,
}

/// Who hands out access tokens, and what is shown for them (RFC 6749, 4.4).
#[derive(Clone, PartialEq, Eq)]
pub struct OAuth2 {
    pub token_url: Target,
    pub client_id: String,
    pub client_secret: Secret,
    pub scope: Option<String>,
    pub audience: Option<String>,
    /// RFC 8707.
    pub resource: Option<String>,
    pub style: Style,
}

/// How a client shows who it is (RFC 6749, 2.3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// In the header `Authorization`.
    #[default]
    Basic,
    /// In the body.
    Body,
}

/// How an event's data is written into a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// `{"type": …, "timestamp": …, "data": …}`, as Standard Webhooks recommends.
    #[default]
    Json,
    /// The fields of the data, as a web form sends them.
    Form,
    /// The data as it came, under its own content type.
    Raw,
    /// The same as JSON says, as XML.
    Xml,
    /// The same as JSON says, as YAML.
    Yaml,
}

impl Endpoint {
    /// Whether it subscribed to an event of that type on those channels: one of an application, not one
    /// about an endpoint.
    pub fn wants(&self, kind: &EventType, channels: &[String]) -> bool {
        if self.is_operational() && self.events.is_empty() && self.channels.is_empty() {
            return false;
        }
        let by_type = self.events.is_empty() || self.events.iter().any(|pattern| pattern.matches(kind));
        let by_channel = self.channels.is_empty() || self.channels.iter().any(|wanted| channels.contains(wanted));
        by_type && by_channel
    }

    /// Whether it subscribed to an event about an endpoint, of that type.
    pub fn wants_operational(&self, kind: &EventType) -> bool {
        self.operational.iter().any(|pattern| pattern.matches(kind))
    }

    /// Whether it subscribed to events about endpoints. What happens to it then makes none.
    pub fn is_operational(&self) -> bool {
        !self.operational.is_empty()
    }

    /// Whether that status means that a webhook has arrived.
    pub fn is_success(&self, status: u16) -> bool {
        match &*self.success {
            [] => (200..300).contains(&status),
            listed => listed.iter().any(|range| range.contains(&status)),
        }
    }
}

/// Whether a name may be an endpoint's or a tenant's: `[a-z0-9][a-z0-9-]{0,62}`.
pub fn is_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = name.as_bytes();
    let shaped = bytes.first().is_some_and(|b| plain(*b)) && bytes.iter().all(|b| plain(*b) || *b == b'-');
    shaped && bytes.len() <= 63
}
