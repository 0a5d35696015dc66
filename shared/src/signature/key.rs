//! A secret as its provider shows it → the key that verifies.

use base64::Engine;
use hmac::{Hmac, KeyInit, Mac};
use sha1::{Digest as _, Sha1};
use sha2::{Sha256, Sha512};

use super::{Algorithm, Digest, LENIENT, PublicKey};
use crate::secret::Secret;

/// How a secret as the provider shows it becomes the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyForm {
    /// The text's own bytes.
    Utf8,
    Base64,
    Hex,
    /// Base64, with or without `whsec_` or `v1,whsec_` before it (Standard Webhooks).
    Whsec,
    /// The SHA-1 digest of the text.
    Sha1,
}

/// A secret made ready to verify with.
#[derive(Clone)]
pub enum Key {
    Sha1(Hmac<Sha1>),
    Sha256(Hmac<Sha256>),
    Sha512(Box<Hmac<Sha512>>),
    Public(PublicKey),
}

impl KeyForm {
    /// The key's bytes, or what is wrong with the secret, worded to follow the name of its setting.
    pub fn bytes(self, secret: &Secret) -> Result<Vec<u8>, &'static str> {
        let text = secret.expose();
        let bytes = match self {
            Self::Utf8 => text.as_bytes().to_vec(),
            Self::Base64 => LENIENT.decode(text).map_err(|_| "is not base64")?,
            Self::Hex => hex::decode(text).map_err(|_| "is not hexadecimal")?,
            Self::Whsec => {
                let text = text.strip_prefix("v1,").unwrap_or(text);
                LENIENT.decode(text.strip_prefix("whsec_").unwrap_or(text)).map_err(|_| "is not whsec_ and base64")?
            }
            Self::Sha1 if text.is_empty() => Vec::new(),
            Self::Sha1 => Sha1::digest(text).to_vec(),
        };
        if bytes.is_empty() { Err("is empty") } else { Ok(bytes) }
    }
}

impl Key {
    /// The key for that algorithm, or what is wrong with the secret, worded to follow the name of its
    /// setting.
    pub fn new(algorithm: Algorithm, secret: &Secret) -> Result<Self, &'static str> {
        match algorithm {
            Algorithm::Hmac { digest, key } => Self::hmac(digest, &key.bytes(secret)?),
            Algorithm::Public(asymmetric) => PublicKey::read(asymmetric, secret.expose()).map(Self::Public),
        }
    }

    pub(crate) fn hmac(digest: Digest, bytes: &[u8]) -> Result<Self, &'static str> {
        const UNFIT: &str = "cannot be used as a key";
        if bytes.is_empty() {
            return Err("is empty");
        }
        match digest {
            Digest::Sha1 => Hmac::new_from_slice(bytes).map(Self::Sha1).map_err(|_| UNFIT),
            Digest::Sha256 => Hmac::new_from_slice(bytes).map(Self::Sha256).map_err(|_| UNFIT),
            Digest::Sha512 => Hmac::new_from_slice(bytes).map(Box::new).map(Self::Sha512).map_err(|_| UNFIT),
        }
    }

    /// Whether one of the signatures was made over that message, given in pieces.
    pub(crate) fn fits<P: AsRef<[u8]>>(&self, message: &[P], signatures: &[Vec<u8>]) -> bool {
        match self {
            Self::Sha1(mac) => mac_fits(mac, message, signatures),
            Self::Sha256(mac) => mac_fits(mac, message, signatures),
            Self::Sha512(mac) => mac_fits(&**mac, message, signatures),
            Self::Public(key) => key.fits(message, signatures),
        }
    }

    /// `None` if it only verifies.
    pub(crate) fn sign<P: AsRef<[u8]>>(&self, message: &[P]) -> Option<Vec<u8>> {
        match self {
            Self::Sha1(mac) => Some(over(mac, message).finalize().into_bytes().to_vec()),
            Self::Sha256(mac) => Some(over(mac, message).finalize().into_bytes().to_vec()),
            Self::Sha512(mac) => Some(over(&**mac, message).finalize().into_bytes().to_vec()),
            Self::Public(_) => None,
        }
    }
}

fn mac_fits<M: Mac + Clone, P: AsRef<[u8]>>(key: &M, message: &[P], signatures: &[Vec<u8>]) -> bool {
    let mac = over(key, message);
    signatures.iter().any(|signature| mac.clone().verify_slice(signature).is_ok())
}

fn over<M: Mac + Clone, P: AsRef<[u8]>>(key: &M, message: &[P]) -> M {
    let mut mac = key.clone();
    message.iter().for_each(|piece| mac.update(piece.as_ref()));
    mac
}
