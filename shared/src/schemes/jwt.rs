//! JSON Web Tokens (RFC 7519): by a shared secret, a pasted public key or keys that the issuer publishes.

mod claims;
mod providers;
mod settings;

use std::borrow::Cow;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header};
use serde_json::{Map, Value};

use super::fetched::PublicKey;
use super::{Fetched, Presented, Proof, Prove, Scheme, Setting, Settings, Wanted, Wrong};
use crate::signature::{self, Fault, Name};
use crate::timestamp::Timestamp;

use claims::Rules;
pub(super) use providers::rows as providers;

/// The algorithms are the owner's to say; what a token says of its own is only compared.
/// <https://www.rfc-editor.org/rfc/rfc8725>
pub(super) fn rows() -> [Scheme; 2] {
    let page = "https://www.rfc-editor.org/rfc/rfc7519";
    let jwt = ("jwt", "JSON Web Token", page);
    let page = "https://www.rfc-editor.org/rfc/rfc9068";
    let oauth2 = ("oauth2", "OAuth 2.0 access token (a JWT of a known issuer)", page);
    [
        Scheme::own(jwt, &settings::JWT, Proof::Authenticated, settings::jwt),
        Scheme::own(oauth2, &settings::OAUTH2, Proof::Authenticated, settings::oauth2),
    ]
}

/// No header carries a longer token, and no body.
const LONGEST: (usize, usize) = (16 << 10, 1 << 20);

/// More keys are not tried for a token that names none.
const MOST_TRIED: usize = 16;

/// What a token must be to be believed.
struct Token {
    place: Place,
    /// Pinned by configuration.
    algorithms: Vec<Algorithm>,
    keys: Keys,
    rules: Rules,
}

enum Place {
    /// Alone or behind `Bearer` or `JWT`.
    Header(Cow<'static, str>),
    /// It is the body.
    Body,
}

/// Where the key of that name is to be found.
type Published = dyn Fn(Option<&str>) -> Option<Wanted> + Send + Sync;

enum Keys {
    /// Known from configuration: any of them.
    Known(Vec<PublicKey>),
    /// To be fetched. `None` for a name that no key can have.
    Published(Box<Published>),
}

impl Prove for Token {
    fn covers(&self) -> Option<Proof> {
        let is_covered = self.rules.body.is_some() || matches!(self.place, Place::Body);
        Some(if is_covered { Proof::Signed } else { Proof::Authenticated })
    }

    fn wants(&self, request: &Presented<'_>) -> Vec<Wanted> {
        let found = self.place.find(request).ok();
        found.and_then(|token| self.wanted(token)).into_iter().collect()
    }

    fn prove(&self, request: &Presented<'_>, fetched: &Fetched, now: Timestamp) -> Result<Proof, Fault> {
        let token = self.place.find(request)?;
        let claims = self.verified(token, fetched)?;
        self.rules.check(&claims, request, now)?;
        Ok(self.covers().unwrap_or(Proof::Authenticated))
    }

    fn places(&self) -> Vec<signature::Place> {
        match &self.place {
            Place::Header(name) => vec![signature::Place::Header(name.clone())],
            Place::Body => Vec::new(),
        }
    }
}

impl Token {
    /// What must be fetched before that token can be judged.
    fn wanted(&self, token: &str) -> Option<Wanted> {
        let Keys::Published(published) = &self.keys else { return None };
        published(self.header(token).ok()?.kid.as_deref())
    }

    /// The claims of a token whose signature fits.
    fn verified(&self, token: &str, fetched: &Fetched) -> Result<Map<String, Value>, Fault> {
        let header = self.header(token)?;
        let kid = header.kid.as_deref();
        match &self.keys {
            Keys::Known(keys) => self.fits(token, &header, keys.iter().filter(|key| key.takes(header.alg))),
            Keys::Published(published) => {
                let wanted = published(kid).ok_or_else(|| self.place.malformed())?;
                let keys = fetched.keys(&wanted)?;
                self.fits(token, &header, keys.candidates(kid, header.alg))
            }
        }
    }

    fn fits<'a>(
        &self,
        token: &str,
        header: &Header,
        keys: impl Iterator<Item = &'a PublicKey>,
    ) -> Result<Map<String, Value>, Fault> {
        for key in keys.take(MOST_TRIED) {
            match decode(token, &key.key, &signature_only(header.alg)) {
                Ok(decoded) => return Ok(decoded.claims),
                Err(problem) if matches!(problem.kind(), ErrorKind::InvalidSignature) => {}
                Err(_) => return Err(self.place.malformed()),
            }
        }
        Err(Fault::Mismatch)
    }

    fn header(&self, token: &str) -> Result<Header, Fault> {
        let header = decode_header(token).map_err(|_| self.place.malformed())?;
        if !self.algorithms.contains(&header.alg) {
            return Err(Fault::NotAllowed("the algorithm of the token".into()));
        }
        // No extension is known here, so none may be critical (RFC 7515, 4.1.11).
        if header.crit.is_some() {
            return Err(self.place.malformed());
        }
        Ok(header)
    }
}

/// Times and names are judged apart from the clock of this machine.
fn signature_only(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims.clear();
    (validation.validate_exp, validation.validate_nbf, validation.validate_aud) = (false, false, false);
    validation
}

impl Place {
    fn name(&self) -> Name {
        match self {
            Self::Header(name) => format!("header {name}").into(),
            Self::Body => "the body".into(),
        }
    }

    fn malformed(&self) -> Fault {
        Fault::Malformed(self.name())
    }

    fn find<'a>(&self, request: &Presented<'a>) -> Result<&'a str, Fault> {
        let (text, longest) = match self {
            Self::Header(name) => {
                let mut values = request.headers.get_all(&**name).iter();
                let value = values.next().ok_or_else(|| Fault::Missing(self.name()))?;
                let is_one = values.next().is_none();
                (value.to_str().ok().filter(|_| is_one), LONGEST.0)
            }
            Self::Body => (std::str::from_utf8(request.body).ok(), LONGEST.1),
        };
        let text = text.filter(|text| text.len() <= longest).ok_or_else(|| self.malformed())?.trim();
        let Some((word, token)) = text.split_once(' ') else { return Ok(text) };
        let is_known = ["bearer", "jwt"].iter().any(|known| word.eq_ignore_ascii_case(known));
        if is_known { Ok(token.trim()) } else { Err(self.malformed()) }
    }
}

/// Tokens that stand elsewhere, signed with RS256.
pub(super) struct Bearer(Token);

impl Bearer {
    /// Tokens of Microsoft Entra ID, as the settings say, got by that application.
    pub(super) fn entra(settings: &Settings, application: &'static str) -> Result<Self, Wrong> {
        let (keys, rules) = providers::entra(settings, application)?;
        Ok(Self(Token { place: Place::Body, algorithms: vec![Algorithm::RS256], keys, rules }))
    }

    /// What must be fetched before that token can be judged.
    pub(super) fn wants(&self, token: &str) -> Option<Wanted> {
        self.0.wanted(token)
    }

    pub(super) fn check(
        &self,
        token: &str,
        request: &Presented<'_>,
        fetched: &Fetched,
        now: Timestamp,
    ) -> Result<(), Fault> {
        if token.len() > LONGEST.0 {
            return Err(self.0.place.malformed());
        }
        self.0.rules.check(&self.0.verified(token, fetched)?, request, now)
    }
}

/// A shared secret as a key.
fn shared(secret: &[u8]) -> PublicKey {
    use Algorithm::{HS256, HS384, HS512};
    PublicKey::new(None, DecodingKey::from_secret(secret), vec![HS256, HS384, HS512])
}

#[cfg(test)]
mod tests;
