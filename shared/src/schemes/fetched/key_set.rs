//! The keys that a provider signs tokens with, as JWKs (RFC 7517).

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

/// Keys beyond these are not looked at.
const MOST: usize = 64;

/// Public keys that verify; others of a set are left out.
#[derive(Debug)]
pub struct KeySet(Vec<PublicKey>);

#[derive(Clone)]
pub struct PublicKey {
    pub kid: Option<String>,
    /// Those that it can be used with, no others.
    algorithms: Vec<Algorithm>,
    pub(crate) key: DecodingKey,
}

#[derive(Deserialize)]
struct Set<'a> {
    #[serde(borrow)]
    keys: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct One<'a> {
    #[serde(borrow)]
    key: &'a RawValue,
}

/// How Plaid marks a key that counts no more.
#[derive(Deserialize)]
struct Life {
    expired_at: Option<IgnoredAny>,
}

impl KeySet {
    pub(super) fn read(body: &[u8]) -> Result<Self, &'static str> {
        let Set { keys } = serde_json::from_slice(body).map_err(|_| "it is no JWK Set")?;
        Self::of(keys)
    }

    pub(super) fn read_one(body: &[u8]) -> Result<Self, &'static str> {
        let One { key } = serde_json::from_slice(body).map_err(|_| "it holds no JWK")?;
        Self::of(vec![key])
    }

    fn of(keys: Vec<&RawValue>) -> Result<Self, &'static str> {
        let keys: Vec<_> = keys.into_iter().take(MOST).filter_map(PublicKey::read).collect();
        if keys.is_empty() { Err("it holds no public key that verifies") } else { Ok(Self(keys)) }
    }

    pub fn knows(&self, kid: &str) -> bool {
        self.0.iter().any(|key| key.kid.as_deref() == Some(kid))
    }

    /// Those that a token may be signed with which names this key, or none.
    pub fn candidates(&self, kid: Option<&str>, algorithm: Algorithm) -> impl Iterator<Item = &PublicKey> {
        let named = move |key: &&PublicKey| kid.is_none() || key.kid.as_deref() == kid;
        self.0.iter().filter(named).filter(move |key| key.takes(algorithm))
    }
}

impl PublicKey {
    pub(crate) fn new(kid: Option<String>, key: DecodingKey, algorithms: Vec<Algorithm>) -> Self {
        Self { kid, algorithms, key }
    }

    pub fn takes(&self, algorithm: Algorithm) -> bool {
        self.algorithms.contains(&algorithm)
    }

    /// `None` for what is no public key, is not for signatures, or is of a kind that is not known.
    fn read(raw: &RawValue) -> Option<Self> {
        let jwk: Jwk = serde_json::from_str(raw.get()).ok()?;
        let Life { expired_at } = serde_json::from_str(raw.get()).ok()?;
        if expired_at.is_some() {
            return None;
        }
        let common = &jwk.common;
        if common.public_key_use.as_ref().is_some_and(|used| *used != PublicKeyUse::Signature) {
            return None;
        }
        if common.key_operations.as_ref().is_some_and(|able| !able.contains(&KeyOperations::Verify)) {
            return None;
        }
        let mut algorithms = fitting(&jwk.algorithm);
        if let Some(named) = common.key_algorithm {
            algorithms.retain(|algorithm| named.to_string() == format!("{algorithm:?}"));
        }
        let key = DecodingKey::from_jwk(&jwk).ok().filter(|_| !algorithms.is_empty())?;
        Some(Self { kid: common.key_id.clone(), algorithms, key })
    }
}

/// By the kind of key. A shared secret has no place in a public set.
fn fitting(parameters: &AlgorithmParameters) -> Vec<Algorithm> {
    use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
    match parameters {
        AlgorithmParameters::RSA(_) => vec![RS256, RS384, RS512, PS256, PS384, PS512],
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => vec![ES256],
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P384 => vec![ES384],
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => vec![EdDSA],
        _ => Vec::new(),
    }
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PublicKey").field("kid", &self.kid).field("algorithms", &self.algorithms).finish()
    }
}
