//! What reaching an endpoint asks of the world: a place within its limits, and a connection.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method};

use super::Answer;
use crate::guard::Target;
use crate::identity::Identity;
use crate::quantity::Rate;
use crate::timestamp::Timestamp;

/// Keeps to an endpoint's limits, over all who deliver.
pub trait KeepPace {
    /// The next free place within the rate: now or later. The place is taken.
    fn reserve(
        &self,
        tenant: &str,
        endpoint: &str,
        rate: Rate,
        now: Timestamp,
    ) -> impl Future<Output = Answer<Timestamp>> + Send;

    /// Whether one call more may be under way; if so it counts until it is left, or until then.
    fn enter(
        &self,
        tenant: &str,
        endpoint: &str,
        most: u32,
        now: Timestamp,
        until: Timestamp,
    ) -> impl Future<Output = Answer<Option<Place>>> + Send;

    fn leave(&self, tenant: &str, endpoint: &str, place: Place) -> impl Future<Output = Answer<()>> + Send;
}

/// One of the calls under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub slot: u32,
    pub until: Timestamp,
}

/// A webhook ready to go: the bytes that were signed.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Connections are shared within this only.
    pub tenant: String,
    pub endpoint: String,
    pub method: Method,
    pub target: Target,
    /// Replaces the target's own query where there is one.
    pub query: Option<String>,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub timeout: Duration,
    /// How TLS is spoken, where not as with everybody. No other host is shown it.
    pub identity: Option<Arc<Identity>>,
    /// How much is kept of the body of an answer, in bytes.
    pub keep: usize,
}

/// What is kept of the body that an endpoint answers.
pub const KEPT: usize = 16 << 10;

/// How we call ourselves, wherever we go.
pub(crate) const US: HeaderValue = HeaderValue::from_static(concat!("hookpost/", env!("CARGO_PKG_VERSION")));

/// What a receiver answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    pub status: u16,
    pub headers: HeaderMap,
    /// No more of it than was to be kept.
    pub body: Bytes,
}

/// Why nobody answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}: {words}")]
pub struct NoAnswer {
    pub kind: Trouble,
    pub words: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The guard does not let it pass.
    Forbidden,
    Dns,
    Connect,
    Tls,
    /// No head of a response in time.
    Timeout,
    /// What came is not HTTP, or broke off.
    Broken,
    /// There is no access token for it.
    OAuth2,
    /// It has not said that it wants webhooks.
    Consent,
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Forbidden => "forbidden",
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Broken => "broken",
            Self::OAuth2 => "oauth2",
            Self::Consent => "consent",
        })
    }
}

/// Carries a webhook to its endpoint, past the guard.
pub trait SendWebhook {
    /// Ends within the timeout, whatever the receiver does.
    fn send_webhook(&self, outgoing: Outgoing) -> impl Future<Output = Result<Received, NoAnswer>> + Send;
}
