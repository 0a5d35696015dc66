//! A source: one sender of webhooks, how it proves itself and who is told.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;

use crate::address::EmailAddress;
use crate::endpoint;
use crate::event::EventType;
use crate::quantity::Rate;
use crate::schemes::{Scheme, Verifier};
use crate::signature::Place;

/// Everything the inbound path knows of a sender. Made from configuration by [`crate::config`].
#[derive(Clone)]
pub struct Source {
    pub name: String,
    pub verifier: Verifier,
    /// Empty only if it publishes: a source whose webhooks reach nobody is refused as configuration.
    pub email: Vec<EmailAddress>,
    /// The type of the event that each of its webhooks becomes.
    pub publish: Option<EventType>,
    /// Whose endpoints get what it publishes.
    pub tenant: String,
    /// Where callers may come from; anywhere if empty.
    pub allow: Vec<IpNet>,
    /// How often one caller's address may knock, genuine or not.
    pub caller_limit: Option<Rate>,
    /// How many genuine webhooks are taken.
    pub limit: Option<Rate>,
    pub deduplicate: Deduplicate,
    /// Where the delivery id stands, if not where the scheme says.
    pub delivery: Option<Place>,
    /// Where the event type stands, if not where the scheme says.
    pub event: Option<Place>,
}

/// What makes two webhooks of a source the same one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deduplicate {
    /// The provider's delivery id; without one, nothing.
    ById {
        window: Duration,
    },
    /// The same bytes.
    ByBody {
        window: Duration,
    },
    Never,
}

impl Source {
    pub fn allows(&self, caller: IpAddr) -> bool {
        let caller = caller.to_canonical();
        self.allow.is_empty() || self.allow.iter().any(|net| net.contains(&caller))
    }

    /// Where the delivery id stands in what one of these schemes proved; of any of its own if there are none.
    pub fn delivery(&self, by: &[&'static Scheme]) -> Option<&Place> {
        let said = || by.iter().find_map(|scheme| scheme.delivery.as_ref());
        let any = || if by.is_empty() { self.verifier.delivery() } else { None };
        self.delivery.as_ref().or_else(said).or_else(any)
    }

    /// Where the event type stands, likewise.
    pub fn event(&self, by: &[&'static Scheme]) -> Option<&Place> {
        let said = || by.iter().find_map(|scheme| scheme.event.as_ref());
        let any = || if by.is_empty() { self.verifier.event() } else { None };
        self.event.as_ref().or_else(said).or_else(any)
    }
}

/// Whether a name may be a source's: `[a-z0-9][a-z0-9-]{0,62}`, and not one of our own addresses.
pub fn is_name(name: &str) -> bool {
    endpoint::is_name(name) && name != "health"
}

/// A password source called `test`, for unit tests.
#[cfg(test)]
pub(crate) fn test_source(secret: &str) -> Source {
    let settings = crate::schemes::Settings::with_secrets(vec![crate::secret::Secret::new(secret)]);
    Source {
        name: "test".into(),
        verifier: Verifier::new(crate::schemes::named("password").unwrap(), settings).unwrap(),
        email: vec!["ops@example.com".parse().unwrap()],
        publish: None,
        tenant: endpoint::DEFAULT_TENANT.into(),
        allow: Vec::new(),
        caller_limit: None,
        limit: None,
        deduplicate: Deduplicate::ById { window: Duration::from_secs(600) },
        delivery: None,
        event: None,
    }
}
