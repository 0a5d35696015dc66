//! How callers prove themselves: one row for each scheme, and the check that reads the rows.

mod github;
pub mod password;
mod standard;

use std::borrow::Cow;

use http::HeaderMap;
use serde::{Deserialize, Serialize};

use crate::secret::Secret;
use crate::signature::{Fault, Hmac, Key};
use crate::timestamp::Timestamp;

pub(crate) use standard::STANDARD_HMAC;

/// Every scheme that a source can name.
pub static ALL: [&Scheme; 3] = [&password::PASSWORD, &github::GITHUB, &standard::STANDARD];

/// One way of proving that a webhook is genuine, and what its provider says about a delivery.
pub struct Scheme {
    /// As written in `verify: { scheme: … }`.
    pub name: &'static str,
    /// Who signs so and how, for people.
    pub title: &'static str,
    /// The provider's page that this row was made from.
    pub page: &'static str,
    pub check: Check,
    /// Where the id stands that is the same when a delivery is repeated.
    pub delivery: Option<Place>,
    /// Where the kind of event is named.
    pub event: Option<Place>,
}

/// What is compared with what.
pub enum Check {
    /// The caller shows the secret itself.
    Password,
    /// The caller shows a MAC that only the secret can make.
    Hmac(Hmac),
}

/// Where in a request a value is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Header(Cow<'static, str>),
    /// A JSON pointer (RFC 6901) into the body.
    Pointer(Cow<'static, str>),
}

/// What the proof covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Proof {
    /// The body is covered: nobody changed it on its way.
    Signed,
    /// The caller is known; the body is not covered.
    Authenticated,
}

/// What a caller shows to prove itself: the request as it came, credentials included.
pub struct Presented<'a> {
    pub headers: &'a HeaderMap,
    pub query: Option<&'a str>,
    pub body: &'a [u8],
}

/// A scheme with the secrets of one source: any of them will do, so that they can be rotated.
#[derive(Clone)]
pub struct Verifier {
    scheme: &'static Scheme,
    secrets: Vec<Secret>,
    keys: Vec<Key>,
}

impl Scheme {
    pub fn named(name: &str) -> Option<&'static Self> {
        ALL.into_iter().find(|scheme| scheme.name == name)
    }

    pub fn proof(&self) -> Proof {
        match self.check {
            Check::Password => Proof::Authenticated,
            Check::Hmac(_) => Proof::Signed,
        }
    }
}

impl Verifier {
    /// The error says what is wrong with a secret, worded to follow the name of its setting.
    pub fn new(scheme: &'static Scheme, secrets: Vec<Secret>) -> Result<Self, &'static str> {
        if secrets.is_empty() || secrets.iter().any(|secret| secret.expose().is_empty()) {
            return Err("is empty");
        }
        let keys = match &scheme.check {
            Check::Password => Vec::new(),
            Check::Hmac(hmac) => secrets.iter().map(|s| hmac.key.key(s)).collect::<Result<_, _>>()?,
        };
        Ok(Self { scheme, secrets, keys })
    }

    /// One that nobody can satisfy, for those who never verify.
    pub fn without_secrets(scheme: &'static Scheme) -> Self {
        Self { scheme, secrets: Vec::new(), keys: Vec::new() }
    }

    pub fn scheme(&self) -> &'static Scheme {
        self.scheme
    }

    /// The secrets, for whoever must keep them out of what is stored.
    pub fn secrets(&self) -> &[Secret] {
        &self.secrets
    }

    /// What was proved, or why nothing was.
    pub fn verify(&self, presented: &Presented<'_>, now: Timestamp) -> Result<Proof, Fault> {
        match &self.scheme.check {
            Check::Password => password::verify(&self.secrets, presented)?,
            Check::Hmac(hmac) => hmac.verify(&self.keys, presented.headers, presented.body, now)?,
        }
        Ok(self.scheme.proof())
    }
}
