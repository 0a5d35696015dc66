//! What the claims of a verified token must say.

use std::time::Duration;

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256, Sha512};
use subtle::ConstantTimeEq;

use crate::schemes::Presented;
use crate::signature::{Digest, Encoding, Fault, Name};
use crate::timestamp::Timestamp;

/// No time is later: seconds since 1970 in the year 9999.
const LATEST: f64 = 253_402_300_799.0;

pub(super) struct Rules {
    /// One of them must be `iss`; any if there are none.
    pub(super) issuers: Vec<String>,
    /// One of them must be among `aud`; any if there are none.
    pub(super) audiences: Vec<String>,
    /// Whether there must be an `exp`. If there is one, it counts.
    pub(super) expires: bool,
    /// How long ago `iat` may be, which must then be there.
    pub(super) max_age: Option<Duration>,
    /// How far another clock may be from ours.
    pub(super) leeway: Duration,
    /// Claims with the values that they may have.
    pub(super) exact: Vec<(String, Vec<Value>)>,
    pub(super) body: Option<Hash>,
    /// The claim that holds the SHA-256 of the address that was called, in hexadecimal.
    pub(super) url: Option<&'static str>,
    /// The application at Microsoft that must have got the token: `appid` (v1) or `azp` (v2).
    pub(super) application: Option<&'static str>,
}

/// A digest of the body as a claim.
pub(super) struct Hash {
    pub(super) claim: Name,
    pub(super) digest: Digest,
    pub(super) encoding: Encoding,
    /// It may be left out where there is no body.
    pub(super) unless_empty: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            issuers: Vec::new(),
            audiences: Vec::new(),
            expires: true,
            max_age: None,
            leeway: Duration::from_secs(60),
            exact: Vec::new(),
            body: None,
            url: None,
            application: None,
        }
    }
}

impl Rules {
    pub(super) fn check(
        &self,
        claims: &Map<String, Value>,
        request: &Presented<'_>,
        now: Timestamp,
    ) -> Result<(), Fault> {
        self.check_times(claims, now.seconds())?;
        let issuer = claims.get("iss").and_then(Value::as_str);
        if !self.issuers.is_empty() && !issuer.is_some_and(|issuer| self.issuers.iter().any(|known| known == issuer)) {
            return Err(not_allowed("iss"));
        }
        if !self.audiences.is_empty() && !self.is_for_us(claims.get("aud")) {
            return Err(not_allowed("aud"));
        }
        for (name, allowed) in &self.exact {
            if !claims.get(name).is_some_and(|value| allowed.contains(value)) {
                return Err(not_allowed(name));
            }
        }
        let application = claims.get("appid").or_else(|| claims.get("azp"));
        if self.application.is_some_and(|ours| application.and_then(Value::as_str) != Some(ours)) {
            return Err(not_allowed("appid"));
        }
        self.check_digests(claims, request)
    }

    fn check_times(&self, claims: &Map<String, Value>, now: u64) -> Result<(), Fault> {
        let leeway = self.leeway.as_secs();
        match time(claims, "exp")? {
            Some(end) if now >= end.saturating_add(leeway) => return Err(Fault::TooOld(now - end)),
            None if self.expires => return Err(missing("exp")),
            _ => {}
        }
        let begins = [time(claims, "nbf")?, time(claims, "iat")?.filter(|_| self.max_age.is_some())];
        if let Some(begin) = begins.into_iter().flatten().find(|begin| *begin > now.saturating_add(leeway)) {
            return Err(Fault::InFuture(begin - now));
        }
        let Some(most) = self.max_age else { return Ok(()) };
        let age = now.saturating_sub(time(claims, "iat")?.ok_or_else(|| missing("iat"))?);
        if age > most.as_secs() { Err(Fault::TooOld(age)) } else { Ok(()) }
    }

    fn is_for_us(&self, audience: Option<&Value>) -> bool {
        let is_ours = |value: &Value| value.as_str().is_some_and(|text| self.audiences.iter().any(|own| own == text));
        match audience {
            Some(Value::Array(list)) => list.iter().any(is_ours),
            Some(value) => is_ours(value),
            None => false,
        }
    }

    fn check_digests(&self, claims: &Map<String, Value>, request: &Presented<'_>) -> Result<(), Fault> {
        let is_left_out =
            |hash: &&Hash| hash.unless_empty && request.body.is_empty() && !claims.contains_key(&*hash.claim);
        if let Some(Hash { claim, digest, encoding, .. }) = self.body.as_ref().filter(|hash| !is_left_out(hash)) {
            let said = claims.get(&**claim).and_then(Value::as_str).ok_or_else(|| missing(claim))?;
            // With padding or without it.
            let bare = if *encoding == Encoding::Base64Url { said.trim_end_matches('=') } else { said };
            let said = encoding.decode(bare).ok_or_else(|| Fault::Malformed(of_the_token(claim)))?;
            let ours = match digest {
                Digest::Sha512 => Sha512::digest(request.body).to_vec(),
                _ => Sha256::digest(request.body).to_vec(),
            };
            if !bool::from(ours.ct_eq(&said)) {
                return Err(Fault::Mismatch);
            }
        }
        let Some(claim) = self.url else { return Ok(()) };
        let said = claims.get(claim).and_then(Value::as_str).ok_or_else(|| missing(claim))?;
        let address = request.address().ok_or(Fault::Missing("url".into()))?;
        let ours = hex::encode(Sha256::digest(address));
        if bool::from(ours.as_bytes().ct_eq(said.as_bytes())) { Ok(()) } else { Err(not_allowed(claim)) }
    }
}

/// In seconds since 1970; `None` if it is not there.
fn time(claims: &Map<String, Value>, name: &str) -> Result<Option<u64>, Fault> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let seconds = value.as_f64().filter(|seconds| (0.0..=LATEST).contains(seconds));
    seconds.map(|seconds| Some(seconds as u64)).ok_or_else(|| Fault::Malformed(of_the_token(name)))
}

fn of_the_token(claim: &str) -> Name {
    format!("{claim} of the token").into()
}

fn missing(claim: &str) -> Fault {
    Fault::Missing(of_the_token(claim))
}

fn not_allowed(claim: &str) -> Fault {
    Fault::NotAllowed(of_the_token(claim))
}
