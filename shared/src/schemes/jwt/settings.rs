//! What an owner says of tokens, checked.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::signature as verify;
use jsonwebtoken::{Algorithm, DecodingKey};
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::pki_types::pem::PemObject;
use serde_json::Value;

use super::claims::{Hash, Rules};
use super::{Keys, Place, PublicKey, Setting, Token, shared};
use crate::guard::Guard;
use crate::quantity;
use crate::schemes::{Prove, Settings, Wanted, Wrong};
use crate::signature::{Digest, Encoding};

const ISSUER: Setting = Setting::optional("issuer", "who must be iss, one or a list; or any");
const AUDIENCE: Setting = Setting::optional("audience", "whom it must be for (aud), one or a list; or any");
const HEADER: Setting = Setting::optional("header", "where the token stands, if not in Authorization");
const CLAIMS: Setting = Setting::optional("claims", "claims that must be there, each with its value or a list");
const TOLERANCE: Setting =
    Setting::optional("tolerance", "how far the issuer's clock may be from ours; 1m if not said");
const MAX_AGE: Setting = Setting::optional("max_age", "how old it may be by its iat, like 5m");

pub(super) const JWT: [Setting; 11] = [
    Setting::needed(
        "algorithm",
        "how it is signed, one or a list of HS256 … HS512, RS256 … PS512, ES256, ES384, EdDSA",
    ),
    Setting::optional("secret", "the shared secret, for HS256 and its kin"),
    Setting::optional("public_key", "the issuer's public key in PEM, one or a list"),
    Setting::optional("jwks", "the https address of the issuer's JWK Set; needs issuer and audience"),
    ISSUER,
    AUDIENCE,
    HEADER,
    CLAIMS,
    Setting::optional("body_hash", "the claim with a digest of the body: { claim, digest: sha256, encoding: hex }"),
    TOLERANCE,
    MAX_AGE,
];

pub(super) const OAUTH2: [Setting; 7] = [
    Setting::needed("jwks", "the https address of the authorization server's JWK Set"),
    Setting::needed("issuer", "who issues the tokens (iss)"),
    Setting::needed("audience", "whom they must be for (aud): what stands for this source there"),
    Setting::optional("algorithm", "how they are signed, if not RS256"),
    CLAIMS,
    TOLERANCE,
    MAX_AGE,
];

pub(super) fn jwt(settings: &Settings) -> Result<Arc<dyn Prove>, Wrong> {
    let algorithms = algorithms(settings)?;
    let keys = keys(settings, &algorithms)?;
    let header = settings.text("header")?.unwrap_or("authorization").to_ascii_lowercase();
    if http::HeaderName::try_from(&*header).is_err() {
        return Err(Wrong::new("header", "is no name of a header"));
    }
    let rules = Rules { body: body_hash(settings)?, ..rules(settings)? };
    if matches!(keys, Keys::Published(_)) {
        for key in ["issuer", "audience"] {
            if settings.value(key).is_none() {
                return Err(Wrong::new(key, "is missing: the keys are not this source's alone; write any if it is"));
            }
        }
    }
    Ok(Arc::new(Token { place: Place::Header(header.into()), algorithms, keys, rules }))
}

pub(super) fn oauth2(settings: &Settings) -> Result<Arc<dyn Prove>, Wrong> {
    let algorithms = match settings.value("algorithm") {
        Some(_) => algorithms(settings)?,
        None => vec![Algorithm::RS256],
    };
    let keys = keys(settings, &algorithms)?;
    Ok(Arc::new(Token { place: Place::Header("authorization".into()), algorithms, keys, rules: rules(settings)? }))
}

fn algorithms(settings: &Settings) -> Result<Vec<Algorithm>, Wrong> {
    let read = |name: &str| {
        name.parse().map_err(|_| Wrong::new("algorithm", format!("names \"{name}\", which is not one that is taken")))
    };
    let algorithms = settings.texts("algorithm")?.into_iter().map(read).collect::<Result<Vec<Algorithm>, _>>()?;
    if algorithms.is_empty() { Err(Wrong::new("algorithm", "is empty")) } else { Ok(algorithms) }
}

/// Shared secrets and public keys never mix: a public key would pass for a secret.
fn keys(settings: &Settings, algorithms: &[Algorithm]) -> Result<Keys, Wrong> {
    use Algorithm::{HS256, HS384, HS512};
    let is_shared = |algorithm: &Algorithm| [HS256, HS384, HS512].contains(algorithm);
    let secrets = settings.secrets("secret");
    let (pasted, published) = (settings.texts("public_key")?, settings.text("jwks")?);
    match (secrets.is_empty(), pasted.is_empty(), published) {
        (false, true, None) if algorithms.iter().all(is_shared) => {
            Ok(Keys::Known(secrets.iter().map(|secret| shared(secret.expose().as_bytes())).collect()))
        }
        (false, true, None) => Err(Wrong::new("algorithm", "is not for a secret; HS256, HS384 and HS512 are")),
        (true, false, None) | (true, true, Some(_)) if algorithms.iter().any(is_shared) => {
            Err(Wrong::new("algorithm", "is for a secret, not for public keys"))
        }
        (true, false, None) => {
            let keys = pasted.into_iter().map(pasted_key).collect::<Result<Vec<_>, _>>()?;
            match keys.iter().all(|key| algorithms.iter().any(|algorithm| key.takes(*algorithm))) {
                true => Ok(Keys::Known(keys)),
                false => Err(Wrong::new("public_key", "is not for that algorithm")),
            }
        }
        (true, true, Some(url)) => published_at("jwks", url),
        (true, true, None) => Err(Wrong::new("secret", "is missing; write one of secret, public_key and jwks")),
        _ => Err(Wrong::new("secret", "stands beside another key; write one of secret, public_key and jwks")),
    }
}

/// What the guard of this machine allows is seen when it is fetched.
pub(super) fn published_at(key: &'static str, url: &str) -> Result<Keys, Wrong> {
    Guard { allow_loopback: true, allow_sns: false }.target(url).map_err(|why| Wrong::new(key, why.to_string()))?;
    let url = url.to_owned();
    Ok(Keys::Published(Box::new(move |kid| Some(Wanted::keys(url.clone(), kid.map(str::to_owned))))))
}

/// Of the kind as which it can be read.
fn pasted_key(pem: &str) -> Result<PublicKey, Wrong> {
    use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
    let read = SubjectPublicKeyInfoDer::from_pem_slice(pem.as_bytes());
    let der =
        read.map_err(|_| Wrong::new("public_key", "is no public key in PEM; write -----BEGIN PUBLIC KEY-----"))?;
    let is = |by: &'static dyn verify::VerificationAlgorithm| verify::UnparsedPublicKey::new(by, &der).parse().is_ok();
    let (key, algorithms) = match () {
        () if is(&verify::RSA_PKCS1_2048_8192_SHA256) => {
            (DecodingKey::from_rsa_der(&der), vec![RS256, RS384, RS512, PS256, PS384, PS512])
        }
        () if is(&verify::ECDSA_P256_SHA256_FIXED) => (DecodingKey::from_ec_der(&der), vec![ES256]),
        () if is(&verify::ECDSA_P384_SHA384_FIXED) => (DecodingKey::from_ec_der(&der), vec![ES384]),
        () if is(&verify::ED25519) => (DecodingKey::from_ed_der(&der), vec![EdDSA]),
        () => {
            return Err(Wrong::new("public_key", "is of a kind that is not known; RSA, P-256, P-384 and Ed25519 are"));
        }
    };
    Ok(PublicKey::new(None, key, algorithms))
}

fn rules(settings: &Settings) -> Result<Rules, Wrong> {
    let exact = match settings.value("claims") {
        None => Vec::new(),
        Some(Value::Object(claims)) => claims.iter().map(|(name, value)| (name.clone(), values(value))).collect(),
        Some(_) => return Err(Wrong::new("claims", "is no list of claims with their values")),
    };
    Ok(Rules {
        issuers: unless_any(settings, "issuer")?,
        audiences: unless_any(settings, "audience")?,
        max_age: duration(settings, "max_age")?,
        leeway: duration(settings, "tolerance")?.unwrap_or(Rules::default().leeway),
        exact,
        ..Rules::default()
    })
}

fn values(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(list) => list.clone(),
        one => vec![one.clone()],
    }
}

/// Empty for any.
pub(super) fn unless_any(settings: &Settings, key: &'static str) -> Result<Vec<String>, Wrong> {
    let texts = settings.texts(key)?;
    match &*texts {
        ["any"] => Ok(Vec::new()),
        [] if settings.value(key).is_some() => Err(Wrong::new(key, "is empty")),
        texts if texts.contains(&"") || texts.contains(&"any") => Err(Wrong::new(key, "holds what names nobody")),
        texts => Ok(texts.iter().map(|text| (*text).to_owned()).collect()),
    }
}

fn duration(settings: &Settings, key: &'static str) -> Result<Option<Duration>, Wrong> {
    let Some(text) = settings.text(key)? else { return Ok(None) };
    quantity::duration(text).map(Some).ok_or_else(|| Wrong::new(key, "is not a duration; write 30s or 5m"))
}

fn body_hash(settings: &Settings) -> Result<Option<Hash>, Wrong> {
    let wrong = |problem: &str| Wrong::new("body_hash", problem);
    let Some(value) = settings.value("body_hash") else { return Ok(None) };
    let Value::Object(fields) = value else { return Err(wrong("is not written as { claim: … }")) };
    if fields.keys().any(|key| !["claim", "digest", "encoding"].contains(&key.as_str())) {
        return Err(wrong("takes claim, digest and encoding"));
    }
    let text = |key: &str| fields.get(key).map(|value| value.as_str().unwrap_or_default());
    let claim = text("claim").filter(|claim| !claim.is_empty()).ok_or_else(|| wrong("names no claim"))?;
    let digest = match text("digest") {
        None | Some("sha256") => Digest::Sha256,
        Some("sha512") => Digest::Sha512,
        Some(_) => return Err(wrong("has a digest that is neither sha256 nor sha512")),
    };
    let encoding = match text("encoding") {
        None | Some("hex") => Encoding::Hex,
        Some("base64") => Encoding::Base64,
        Some("base64url") => Encoding::Base64Url,
        Some(_) => return Err(wrong("has an encoding that is none of hex, base64 and base64url")),
    };
    Ok(Some(Hash { claim: claim.to_owned().into(), digest, encoding, unless_empty: false }))
}
