//! Signatures as providers make them: a request, keys and a given time in; verdict out.

mod algorithm;
mod encoding;
mod freshness;
mod key;
mod part;
mod place;

use std::borrow::Cow;

pub use algorithm::{Algorithm, Curve, Digest};
pub use encoding::Encoding;
pub(crate) use encoding::LENIENT;
pub use freshness::{Freshness, Unit};
pub use key::{Key, KeyForm};
pub use part::Part;
pub use place::Place;

use crate::schemes::Presented;
use crate::timestamp::Timestamp;

/// A name of a header, a parameter or a field.
pub type Name = Cow<'static, str>;

/// How one provider signs: which bytes, by what, and where the signature stands.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// Where the signature or signatures stand.
    pub place: Place,
    /// What stands before each signature; values with another prefix are passed over.
    pub prefix: Name,
    /// What stands between several signatures, where there may be several.
    pub separator: Option<char>,
    pub encoding: Encoding,
    pub algorithm: Algorithm,
    /// What is signed, in this order with nothing between.
    pub message: Vec<Part>,
    /// The signed time. Without one, only the delivery id tells a replay.
    pub freshness: Option<Freshness>,
}

/// Why a proof was refused: for the owner, never for the caller.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("{0} is missing")]
    Missing(Name),
    #[error("{0} cannot be read")]
    Malformed(Name),
    #[error("signed {0} s ago, which is too old")]
    TooOld(u64),
    #[error("signed {0} s in the future")]
    InFuture(u64),
    #[error("no credential was presented")]
    Absent,
    #[error("no secret that is known here fits")]
    Mismatch,
    /// Genuine, perhaps, but not meant for this source.
    #[error("{0} is not one that this source allows")]
    NotAllowed(Name),
    /// What the proof needs could not be fetched: why.
    #[error("the provider's key was not fetched: {0}")]
    NotFetched(String),
}

/// More signatures than this are not looked at: a rotation needs two.
const MOST_SIGNATURES: usize = 16;

impl Recipe {
    /// An HMAC-SHA256 of the body by the text of the secret, in hexadecimal, alone in that header.
    /// What differs is said by the methods below.
    pub fn new(header: &'static str) -> Self {
        Self {
            place: Place::header(header),
            prefix: "".into(),
            separator: None,
            encoding: Encoding::Hex,
            algorithm: Algorithm::Hmac { digest: Digest::Sha256, key: KeyForm::Utf8 },
            message: vec![Part::Body],
            freshness: None,
        }
    }

    pub fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }

    pub fn prefix(self, prefix: &'static str) -> Self {
        Self { prefix: prefix.into(), ..self }
    }

    /// Several signatures may stand there, with that between.
    pub fn list(self, separator: char) -> Self {
        Self { separator: Some(separator), ..self }
    }

    pub fn base64(self) -> Self {
        Self { encoding: Encoding::Base64, ..self }
    }

    pub fn by(self, algorithm: Algorithm) -> Self {
        Self { algorithm, ..self }
    }

    /// By HMAC with that digest.
    pub fn digest(self, digest: Digest) -> Self {
        let key = match self.algorithm {
            Algorithm::Hmac { key, .. } | Algorithm::Public { key, .. } => key,
        };
        self.by(Algorithm::Hmac { digest, key })
    }

    /// By a secret that is written so.
    pub fn key(self, key: KeyForm) -> Self {
        let algorithm = match self.algorithm {
            Algorithm::Hmac { digest, .. } => Algorithm::Hmac { digest, key },
            Algorithm::Public { curve, .. } => Algorithm::Public { curve, key },
        };
        self.by(algorithm)
    }

    pub fn message(self, message: impl Into<Vec<Part>>) -> Self {
        Self { message: message.into(), ..self }
    }

    pub fn fresh(self, freshness: Freshness) -> Self {
        Self { freshness: Some(freshness), ..self }
    }

    /// Whether the body is part of what is signed.
    pub fn covers_body(&self) -> bool {
        self.message.contains(&Part::Body)
    }

    /// `Ok` if one of the signatures was made over this request with one of the keys, at a time that is
    /// fresh enough. Compares in constant time.
    pub fn verify(&self, keys: &[Key], request: &Presented<'_>, now: Timestamp) -> Result<(), Fault> {
        let presented = self.presented(&self.prefix, request)?;
        // What the body says of its time counts only once the body is proved.
        let (before, after) = match &self.freshness {
            Some(freshness) if freshness.place.is_in_body() => (None, Some(freshness)),
            freshness => (freshness.as_ref(), None),
        };
        before.map_or(Ok(()), |freshness| freshness.check(request, now))?;
        if !self.fits(keys, &presented, request)? {
            return Err(Fault::Mismatch);
        }
        after.map_or(Ok(()), |freshness| freshness.check(request, now))
    }

    fn fits(&self, keys: &[Key], presented: &[Vec<u8>], request: &Presented<'_>) -> Result<bool, Fault> {
        for key in keys {
            if key.fits(&self.signed(request)?, presented) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The signature as the provider would send it, prefix included.
    ///
    /// # Errors
    /// A part of the message is missing or unreadable, or the key only verifies.
    pub fn sign(&self, key: &Key, request: &Presented<'_>) -> Result<String, Fault> {
        let signature = key.sign(&self.signed(request)?).ok_or(Fault::Absent)?;
        Ok(format!("{}{}", self.prefix, self.encoding.encode(&signature)))
    }

    /// The signatures that have that prefix.
    pub(crate) fn presented(&self, prefix: &str, request: &Presented<'_>) -> Result<Vec<Vec<u8>>, Fault> {
        let values = self.place.all(request)?;
        let texts = values.iter().flat_map(|value| {
            let separator = self.separator;
            let list = separator.map(|separator| value.split(separator).map(str::trim).take(MOST_SIGNATURES));
            let whole = separator.is_none().then_some(&**value);
            list.into_iter().flatten().chain(whole)
        });
        let read = |text: &str| self.encoding.decode(text.strip_prefix(prefix)?);
        let found: Vec<_> = texts.filter_map(read).collect();
        if found.is_empty() { Err(Fault::Malformed(self.place.name())) } else { Ok(found) }
    }

    /// What is signed, in pieces.
    pub(crate) fn signed<'a>(&'a self, request: &'a Presented<'a>) -> Result<Vec<Cow<'a, [u8]>>, Fault> {
        self.message.iter().map(|part| part.bytes(request)).collect()
    }
}
