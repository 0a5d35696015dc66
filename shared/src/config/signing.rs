//! The signing keys of an endpoint: given, rotated or made.

use super::keys::{KEY, KeySpec, KeySpecs};
use super::receiver::SECRET;
use super::sealing::bound;
use super::secrets::{Kind, Spot};
use super::values::{choice, wrong};
use super::{ConfigError, Secrets, known};
use crate::secret::Secret;
use crate::sign::Signer;
use crate::timestamp::Timestamp;

/// Each key in force makes the header of every webhook longer.
const MOST_KEYS: usize = 10;

/// What a key that nobody gave is made for.
#[derive(Clone, Copy)]
enum Signature {
    /// A secret that both sides know.
    V1,
    /// A private key, whose public half anybody may know.
    V1a,
}

/// `None` where the keys are not to be had.
pub(super) fn signer(
    (tenant, name): (&str, &str),
    keys: Option<KeySpecs>,
    signature: Option<&str>,
    secrets: Secrets<'_>,
) -> Result<Option<Signer>, ConfigError> {
    let path = format!("endpoints.{name}");
    let key = format!("{path}.signature");
    let kind = choice(&key, signature, &[("v1", Signature::V1), ("v1a", Signature::V1a)], Signature::V1)?;
    let Some(KeySpecs(keys)) = keys else { return made(&path, (tenant, name), kind, secrets) };
    if signature.is_some() {
        return Err(ConfigError::new(key, "has no meaning beside secret: each key says what it signs"));
    }
    given(&path, &bound(tenant, name), keys, secrets)
}

fn made(
    path: &str,
    (tenant, name): (&str, &str),
    kind: Signature,
    secrets: Secrets<'_>,
) -> Result<Option<Signer>, ConfigError> {
    let Some(keys) = secrets.outbound() else { return Ok(None) };
    let secret = match kind {
        Signature::V1 => keys.endpoint_secret(tenant, name),
        Signature::V1a => keys.endpoint_signing_key(tenant, name),
    };
    signing(&format!("{path}.{SECRET}"), vec![(secret, None)]).map(Some)
}

fn given(path: &str, bound: &str, keys: Vec<KeySpec>, secrets: Secrets<'_>) -> Result<Option<Signer>, ConfigError> {
    let key = format!("{path}.{SECRET}");
    let refused = |problem: &str| Err(ConfigError::new(&*key, problem));
    match keys.len() {
        0 => return refused("is empty; leave it out to have one made"),
        1..=MOST_KEYS => {}
        many => return refused(&format!("names {many} keys; at most {MOST_KEYS} are allowed")),
    }
    let (all, mut had) = (keys.len(), Vec::new());
    let mut stays = false;
    for spec in keys {
        let (text, expires) = one(&key, spec)?;
        stays |= expires.is_none();
        let spot = Spot { kind: Kind::Endpoint, name: bound, field: SECRET };
        let secret = secrets.read(spot, &text).map_err(|problem| ConfigError::new(&*key, problem))?;
        if secret.as_ref().is_some_and(|secret| secret.expose().is_empty()) {
            return refused("is empty");
        }
        had.extend(secret.map(|secret| (secret, expires)));
    }
    if !stays {
        return refused("has only keys that expire; leave out expires where one is to stay");
    }
    let complete = had.len() == all;
    let signer = if had.is_empty() { None } else { Some(signing(&key, had)?) };
    Ok(signer.filter(|_| complete))
}

/// A key as it is written, and when it expires.
fn one(key: &str, spec: KeySpec) -> Result<(String, Option<Timestamp>), ConfigError> {
    let spec = match spec {
        KeySpec::Plain(text) => return Ok((text.0, None)),
        KeySpec::Expiring(spec) => spec,
    };
    known(key, &spec.unknown, KEY)?;
    let value = spec.value.ok_or_else(|| ConfigError::new(format!("{key}.value"), "is missing; write the key"))?;
    let at = format!("{key}.expires");
    let expires =
        spec.expires.map(|text| Timestamp::read(&text).ok_or_else(|| wrong(&at, &text, NOT_A_TIME))).transpose()?;
    Ok((value.0, expires))
}

const NOT_A_TIME: &str = "is not a time; write it like 2026-12-24T00:00:00Z";

fn signing(key: &str, keys: Vec<(Secret, Option<Timestamp>)>) -> Result<Signer, ConfigError> {
    Signer::new(keys).map_err(|problem| ConfigError::new(key, problem.to_string()))
}
