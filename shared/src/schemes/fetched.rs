//! What a proof needs that only the network has: the public keys of providers.

mod certificate;
mod key_set;

use std::fmt;
use std::sync::Arc;

use crate::secret::Secret;
use crate::signature::Fault;

pub use certificate::Certificate;
pub use key_set::{KeySet, PublicKey};

/// Something to fetch. Its address is the owner's or was checked against pinned hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub url: String,
    pub form: Form,
    /// The key that must be in it: what was kept and has none such is fetched again.
    pub kid: Option<String>,
    /// JSON to post there, which may hold credentials. Without it, it is a GET.
    pub question: Option<Secret>,
}

/// How keys are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// An X.509 certificate in PEM; of several, the first.
    Certificate,
    /// A JWK Set (RFC 7517).
    KeySet,
    /// One JWK, under `key` of an object.
    Key,
}

/// What was fetched, read.
#[derive(Debug)]
pub enum Material {
    Certificate(Certificate),
    Keys(KeySet),
}

/// What was fetched, or why it was not.
#[derive(Clone, Debug, Default)]
pub struct Fetched(Vec<(Wanted, Result<Arc<Material>, NotFetched>)>);

/// Why something is not there, for the owner's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotFetched(pub String);

impl Wanted {
    /// The certificate at that address.
    pub fn certificate(url: impl Into<String>) -> Self {
        Self { url: url.into(), form: Form::Certificate, kid: None, question: None }
    }

    /// The JWK Set at that address, with that key in it.
    pub fn keys(url: impl Into<String>, kid: Option<String>) -> Self {
        Self { url: url.into(), form: Form::KeySet, kid, question: None }
    }

    /// # Errors
    /// That is no such thing: why.
    pub fn read(&self, body: &[u8]) -> Result<Material, NotFetched> {
        let read = match self.form {
            Form::Certificate => Certificate::read(body).map(Material::Certificate),
            Form::KeySet => KeySet::read(body).map(Material::Keys),
            Form::Key => KeySet::read_one(body).map(Material::Keys),
        };
        read.map_err(|why| NotFetched(why.into()))
    }

    /// Whether the key is in it.
    pub fn is_in(&self, material: &Material) -> bool {
        match (&self.kid, material) {
            (Some(kid), Material::Keys(keys)) => keys.knows(kid),
            _ => true,
        }
    }
}

impl Fetched {
    /// # Errors
    /// It was not fetched.
    pub fn certificate(&self, wanted: &Wanted) -> Result<&Certificate, Fault> {
        match self.find(wanted)? {
            Material::Certificate(certificate) => Ok(certificate),
            Material::Keys(_) => Err(Fault::NotFetched("it is no certificate".into())),
        }
    }

    /// # Errors
    /// They were not fetched.
    pub fn keys(&self, wanted: &Wanted) -> Result<&KeySet, Fault> {
        match self.find(wanted)? {
            Material::Keys(keys) => Ok(keys),
            Material::Certificate(_) => Err(Fault::NotFetched("it is no key set".into())),
        }
    }

    fn find(&self, wanted: &Wanted) -> Result<&Material, Fault> {
        match self.0.iter().find(|(known, _)| known == wanted) {
            Some((_, Ok(material))) => Ok(material),
            Some((_, Err(NotFetched(why)))) => Err(Fault::NotFetched(why.clone())),
            None => Err(Fault::NotFetched("it was not asked for".into())),
        }
    }
}

impl FromIterator<(Wanted, Result<Arc<Material>, NotFetched>)> for Fetched {
    fn from_iter<I: IntoIterator<Item = (Wanted, Result<Arc<Material>, NotFetched>)>>(found: I) -> Self {
        Self(found.into_iter().collect())
    }
}

impl fmt::Display for NotFetched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
