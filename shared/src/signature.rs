//! Signatures as providers make them: a request, keys and a given time in; verdict out.

mod algorithm;
mod describe;
mod encoding;
mod fault;
mod freshness;
mod key;
mod part;
mod place;
mod public;

use std::borrow::Cow;
use std::time::Duration;

pub use algorithm::{Algorithm, Digest};
pub use encoding::Encoding;
pub(crate) use encoding::LENIENT;
pub use fault::Fault;
pub(crate) use freshness::judge;
pub use freshness::{Freshness, Unit};
pub use key::{Key, KeyForm};
pub use part::Part;
pub(crate) use part::{Field, sorted_fields};
pub use place::Place;
pub use public::{Asymmetric, PublicKey};

use public::{PRIVATE, WHPK, WHSK};

use crate::schemes::{Presented, Proof};
use crate::secret::Secret;
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
    /// What stands before each signature by a public key, where the provider makes both kinds.
    pub second: Option<(Name, Asymmetric)>,
    /// What is signed, in this order with nothing between.
    pub message: Vec<Part>,
    /// The signed time. Without one, only the delivery id tells a replay.
    pub freshness: Option<Freshness>,
}

/// Signatures as they came, and whether they are of the second kind.
type Shown = (bool, Vec<Vec<u8>>);

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
            second: None,
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

    /// By the private half of a key that its provider shows.
    pub fn public(self, asymmetric: Asymmetric) -> Self {
        self.by(Algorithm::Public(asymmetric))
    }

    /// By HMAC with that digest.
    pub fn digest(self, digest: Digest) -> Self {
        let key = match self.algorithm {
            Algorithm::Hmac { key, .. } => key,
            Algorithm::Public(_) => KeyForm::Utf8,
        };
        self.by(Algorithm::Hmac { digest, key })
    }

    /// By HMAC with a secret that is written so.
    pub fn key(self, key: KeyForm) -> Self {
        let digest = match self.algorithm {
            Algorithm::Hmac { digest, .. } => digest,
            Algorithm::Public(_) => Digest::Sha256,
        };
        self.by(Algorithm::Hmac { digest, key })
    }

    /// Or by the private half of a key, behind a prefix of its own: who holds such a public key wants
    /// one of these.
    pub fn or_public(self, prefix: &'static str, asymmetric: Asymmetric) -> Self {
        Self { second: Some((prefix.into(), asymmetric)), ..self }
    }

    pub fn message(self, message: impl Into<Vec<Part>>) -> Self {
        Self { message: message.into(), ..self }
    }

    pub fn fresh(self, freshness: Freshness) -> Self {
        Self { freshness: Some(freshness), ..self }
    }

    /// Its time is written so.
    pub fn unit(self, unit: Unit) -> Self {
        Self { freshness: self.freshness.map(|freshness| freshness.unit(unit)), ..self }
    }

    /// Its time may be that far from ours.
    pub fn within(self, tolerance: Duration) -> Self {
        Self { freshness: self.freshness.map(|freshness| freshness.within(tolerance)), ..self }
    }

    /// Whether the body is part of what is signed.
    pub fn covers_body(&self) -> bool {
        self.message.contains(&Part::Body) || self.message.contains(&Part::Form)
    }

    /// Whether the query is.
    pub fn covers_query(&self) -> bool {
        self.wants_url()
    }

    /// What a signature proves.
    pub fn proof(&self) -> Proof {
        if self.covers_body() { Proof::Signed } else { Proof::Authenticated }
    }

    /// `Ok` if one of the signatures was made over this request with one of the keys, at a time that is
    /// fresh enough. Compares in constant time.
    pub fn verify(&self, keys: &[Key], request: &Presented<'_>, now: Timestamp) -> Result<(), Fault> {
        let presented = self.presented(keys, request)?;
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

    fn fits(&self, keys: &[Key], presented: &[Shown], request: &Presented<'_>) -> Result<bool, Fault> {
        let message = self.signed(request)?;
        let fits = |shown: &Shown| {
            let mut fitting = keys.iter().filter(|key| shown.0 == self.is_second(key));
            fitting.any(|key| key.fits(&message, &shown.1))
        };
        Ok(presented.iter().any(fits))
    }

    /// The key that is made of what the owner pastes, or what is wrong with it, worded to follow the name
    /// of its setting.
    pub fn read_key(&self, secret: &Secret) -> Result<Key, &'static str> {
        match &self.second {
            Some((_, asymmetric)) if secret.expose().starts_with(WHPK) => {
                PublicKey::read(*asymmetric, secret.expose()).map(Key::Public)
            }
            Some(_) if secret.expose().starts_with(WHSK) => Err(PRIVATE),
            _ => Key::new(self.algorithm, secret),
        }
    }

    fn is_second(&self, key: &Key) -> bool {
        self.second.is_some() && matches!(key, Key::Public(_))
    }

    /// The signature as the provider would send it, prefix included.
    ///
    /// # Errors
    /// A part of the message is missing or unreadable, or the key only verifies.
    pub fn sign(&self, key: &Key, request: &Presented<'_>) -> Result<String, Fault> {
        let signature = key.sign(&self.signed(request)?).ok_or(Fault::Absent)?;
        Ok(format!("{}{}", self.prefix, self.encoding.encode(&signature)))
    }

    /// The signatures that these keys could have made, of each kind.
    fn presented(&self, keys: &[Key], request: &Presented<'_>) -> Result<Vec<Shown>, Fault> {
        let values = self.place.all(request)?;
        let second = self.second.iter().map(|(prefix, _)| (true, prefix));
        let kinds = [(false, &self.prefix)].into_iter().chain(second);
        let wanted = kinds.filter(|(is_second, _)| keys.iter().any(|key| self.is_second(key) == *is_second));
        let read = wanted.map(|(is_second, prefix)| (is_second, self.behind(prefix, &values)));
        let found: Vec<_> = read.filter(|(_, signatures)| !signatures.is_empty()).collect();
        if found.is_empty() { Err(Fault::Malformed(self.place.name())) } else { Ok(found) }
    }

    /// The signatures that have that prefix.
    pub(crate) fn behind(&self, prefix: &str, values: &[Cow<'_, str>]) -> Vec<Vec<u8>> {
        let texts = values.iter().flat_map(|value| {
            let separator = self.separator;
            let list = separator.map(|separator| value.split(separator).map(str::trim).take(MOST_SIGNATURES));
            let whole = separator.is_none().then_some(&**value);
            list.into_iter().flatten().chain(whole)
        });
        texts.filter_map(|text| self.encoding.decode(text.strip_prefix(prefix)?)).collect()
    }

    /// What is signed, in pieces.
    ///
    /// # Errors
    /// A piece is not there, or says where it ends otherwise than the provider's does: the same bytes could
    /// be cut elsewhere, into a later time or a shorter body.
    fn signed<'a>(&'a self, request: &'a Presented<'a>) -> Result<Vec<Cow<'a, [u8]>>, Fault> {
        let pieces = self.message.iter().map(|part| part.bytes(request)).collect::<Result<Vec<_>, _>>()?;
        for ((part, next), piece) in self.message.iter().zip(&self.message[1..]).zip(&pieces) {
            let Part::Value(place) = part else { continue };
            // A time is read strictly.
            let is_time = self.freshness.as_ref().is_some_and(|freshness| freshness.place == *place);
            if !is_time && !place.is_in_body() && !part::ends_before(next, piece) {
                return Err(Fault::Malformed(place.name()));
            }
        }
        Ok(pieces)
    }
}
