//! HMAC signatures as providers send them: headers, bytes, keys and a given time in; verdict out.

use std::time::Duration;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD};
use hmac::{KeyInit, Mac};
use http::HeaderMap;
use sha2::Sha256;

use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// How one provider signs: which bytes, with what key, and where the signature stands.
pub struct Hmac {
    /// The header that carries the signature or signatures.
    pub header: &'static str,
    /// What stands before each signature; values with another prefix are passed over.
    pub prefix: &'static str,
    /// What stands between several signatures, where there may be several.
    pub separator: Option<char>,
    pub encoding: Encoding,
    pub key: KeyForm,
    /// What is signed, in this order with nothing between.
    pub message: &'static [Part],
    pub freshness: Option<Freshness>,
}

pub enum Encoding {
    Hex,
    Base64,
}

/// How a secret as the provider shows it becomes the key.
#[derive(Clone, Copy)]
pub enum KeyForm {
    /// The text's own bytes.
    Utf8,
    /// Base64, with or without `whsec_` before it (Standard Webhooks).
    Whsec,
}

pub enum Part {
    Body,
    Header(&'static str),
    Literal(&'static str),
}

/// A signed time, in Unix seconds, and how far from ours it may be, either way.
pub struct Freshness {
    pub header: &'static str,
    pub tolerance: Duration,
}

/// Why a signature was refused: for the owner's log, never for the caller.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("header {0} is missing")]
    Missing(&'static str),
    #[error("header {0} cannot be read")]
    Malformed(&'static str),
    #[error("signed {0} s ago, which is too old")]
    TooOld(u64),
    #[error("signed {0} s in the future")]
    InFuture(u64),
    #[error("no credential was presented")]
    Absent,
    #[error("no secret that is known here fits")]
    Mismatch,
}

/// A secret made ready to sign with.
#[derive(Clone)]
pub struct Key(hmac::Hmac<Sha256>);

/// More signatures than this in one header are not looked at: a rotation needs two.
const MOST_SIGNATURES: usize = 16;

/// Reads secrets with their padding or without it.
pub(crate) const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl KeyForm {
    /// The key, or what is wrong with the secret, worded to follow the name of its setting.
    pub fn key(self, secret: &Secret) -> Result<Key, &'static str> {
        let bytes = match self {
            Self::Utf8 => secret.expose().as_bytes().to_vec(),
            Self::Whsec => {
                let text = secret.expose();
                let encoded = text.strip_prefix("whsec_").unwrap_or(text);
                LENIENT.decode(encoded).map_err(|_| "is not whsec_ and base64")?
            }
        };
        Key::new(&bytes)
    }
}

impl Key {
    /// A key of these bytes, or what is wrong with them, worded to follow the name of its setting.
    pub(crate) fn new(bytes: &[u8]) -> Result<Self, &'static str> {
        if bytes.is_empty() {
            return Err("is empty");
        }
        hmac::Hmac::new_from_slice(bytes).map(Self).map_err(|_| "cannot be used as a key")
    }

    /// The MAC of nothing yet.
    pub(crate) fn mac(&self) -> hmac::Hmac<Sha256> {
        self.0.clone()
    }
}

impl Hmac {
    /// `Ok` if one of the signatures was made over these bytes with one of the keys, at a time that
    /// is fresh enough. Compares in constant time.
    pub fn verify(&self, keys: &[Key], headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<(), Fault> {
        let presented = self.presented(headers, self.prefix)?;
        self.check_freshness(headers, now)?;
        for key in keys {
            let mac = self.mac(key, headers, body)?;
            if presented.iter().any(|signature| mac.clone().verify_slice(signature).is_ok()) {
                return Ok(());
            }
        }
        Err(Fault::Mismatch)
    }

    /// The signature as the provider would send it, prefix included.
    ///
    /// # Errors
    /// A header that is part of the message is missing or unreadable.
    pub fn sign(&self, key: &Key, headers: &HeaderMap, body: &[u8]) -> Result<String, Fault> {
        let mac = self.mac(key, headers, body)?.finalize().into_bytes();
        let encoded = match self.encoding {
            Encoding::Hex => hex::encode(mac),
            Encoding::Base64 => STANDARD.encode(mac),
        };
        Ok(format!("{}{encoded}", self.prefix))
    }

    /// The signatures in the header that have that prefix.
    pub(crate) fn presented(&self, headers: &HeaderMap, prefix: &str) -> Result<Vec<Vec<u8>>, Fault> {
        let value = single(headers, self.header)?;
        let texts: Vec<&str> = match self.separator {
            Some(separator) => value.split(separator).take(MOST_SIGNATURES).collect(),
            None => vec![value],
        };
        let read = |text: &str| {
            let encoded = text.strip_prefix(prefix)?;
            match self.encoding {
                Encoding::Hex => hex::decode(encoded).ok(),
                Encoding::Base64 => STANDARD.decode(encoded).ok(),
            }
        };
        let found: Vec<_> = texts.into_iter().filter_map(read).collect();
        if found.is_empty() { Err(Fault::Malformed(self.header)) } else { Ok(found) }
    }

    pub(crate) fn check_freshness(&self, headers: &HeaderMap, now: Timestamp) -> Result<(), Fault> {
        let Some(freshness) = &self.freshness else { return Ok(()) };
        let text = single(headers, freshness.header)?;
        let plain = (1..=12).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        let signed: u64 = text.parse().ok().filter(|_| plain).ok_or(Fault::Malformed(freshness.header))?;
        let tolerance = freshness.tolerance.as_secs();
        match now.seconds() {
            ours if ours > signed + tolerance => Err(Fault::TooOld(ours - signed)),
            ours if signed > ours + tolerance => Err(Fault::InFuture(signed - ours)),
            _ => Ok(()),
        }
    }

    fn mac(&self, key: &Key, headers: &HeaderMap, body: &[u8]) -> Result<hmac::Hmac<Sha256>, Fault> {
        let mut mac = key.mac();
        for part in self.signed(headers, body) {
            mac.update(part?);
        }
        Ok(mac)
    }

    /// What is signed, in pieces.
    pub(crate) fn signed<'a>(
        &self,
        headers: &'a HeaderMap,
        body: &'a [u8],
    ) -> impl Iterator<Item = Result<&'a [u8], Fault>> {
        self.message.iter().map(move |part| match part {
            Part::Body => Ok(body),
            Part::Header(name) => single(headers, name).map(str::as_bytes),
            Part::Literal(text) => Ok(text.as_bytes()),
        })
    }
}

/// The value of a header that must be there once.
fn single<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<&'a str, Fault> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().ok_or(Fault::Missing(name))?;
    if values.next().is_some() {
        return Err(Fault::Malformed(name));
    }
    value.to_str().map_err(|_| Fault::Malformed(name))
}
