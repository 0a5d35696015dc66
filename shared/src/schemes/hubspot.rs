//! HubSpot: method, address, body and time; two older versions for those who must.

use std::sync::Arc;

use http::Method;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

use super::settings::SECRET;
use super::{Fetched, Presented, Proof, Prove, Scheme, Setting, Settings, Wrong};
use crate::secret::Secret;
use crate::signature::{Digest, Encoding, Fault, Freshness, Key, Place, Unit};
use crate::timestamp::Timestamp;

const SIGNATURE: &str = "x-hubspot-signature-v3";
const TIME: &str = "x-hubspot-request-timestamp";
/// Of the older versions.
const OLDER: &str = "x-hubspot-signature";

const URL: Setting = Setting::optional("url", "the address of this source as HubSpot knows it; v1 needs none");
const VERSION: Setting = Setting::optional("version", "v3, as is usual, or v1 or v2, which sign no time");

/// What HubSpot decodes in an address before it signs: this and nothing else.
const DECODED: [(&str, &str); 12] = [
    ("3A", ":"),
    ("2F", "/"),
    ("3F", "?"),
    ("40", "@"),
    ("21", "!"),
    ("24", "$"),
    ("27", "'"),
    ("28", "("),
    ("29", ")"),
    ("2A", "*"),
    ("2C", ","),
    ("3B", ";"),
];

pub(super) fn row() -> Scheme {
    let title = "HubSpot (HMAC-SHA256 over method, address, body and time)";
    let page = "https://developers.hubspot.com/docs/guides/apps/authentication/validating-requests";
    Scheme::own(("hubspot", title, page), &[SECRET, URL, VERSION], Proof::Signed, make)
        .query_too()
        .event(Place::pointer("/0/subscriptionType"))
}

enum HubSpot {
    V3 {
        keys: Vec<Key>,
        freshness: Freshness,
    },
    /// SHA-256 of the secret and the body, and from version 2 on of method and address between.
    Older {
        secrets: Vec<Secret>,
        with_address: bool,
    },
}

fn make(settings: &Settings) -> Result<Arc<dyn Prove>, Wrong> {
    let secrets = settings.secrets(SECRET.key);
    let version = settings.text(VERSION.key)?.unwrap_or("v3");
    if version != "v1" && settings.url()?.is_none() {
        return Err(Wrong::new(URL.key, "is missing; it is the address of this source as HubSpot knows it"));
    }
    Ok(Arc::new(match version {
        "v3" => {
            let keys = settings.keys(|secret| Key::hmac(Digest::Sha256, secret.expose().as_bytes()))?;
            HubSpot::V3 { keys, freshness: Freshness::new(Place::header(TIME)).unit(Unit::Millis) }
        }
        "v1" | "v2" => HubSpot::Older { secrets: secrets.to_vec(), with_address: version == "v2" },
        _ => return Err(Wrong::new(VERSION.key, "is none of v3, v2 and v1")),
    }))
}

impl Prove for HubSpot {
    fn prove(&self, request: &Presented<'_>, _: &Fetched, now: Timestamp) -> Result<Proof, Fault> {
        let fits = match self {
            Self::V3 { keys, freshness } => {
                freshness.check(request, now)?;
                newest(keys, request)?
            }
            Self::Older { secrets, with_address } => older(secrets, *with_address, request)?,
        };
        if fits { Ok(Proof::Signed) } else { Err(Fault::Mismatch) }
    }
}

fn newest(keys: &[Key], request: &Presented<'_>) -> Result<bool, Fault> {
    let place = Place::header(SIGNATURE);
    // On its way a + may have become a space.
    let shown = place.one(request)?.replace(' ', "+");
    let signature = Encoding::Base64.decode(&shown).ok_or_else(|| Fault::Malformed(place.name()))?;
    let time = Place::header(TIME).one(request)?;
    let address = decoded(&address(request)?);
    let message = [request.method.as_str().as_bytes(), address.as_bytes(), request.body, time.as_bytes()];
    Ok(keys.iter().any(|key| key.fits(&message, std::slice::from_ref(&signature))))
}

fn older(secrets: &[Secret], with_address: bool, request: &Presented<'_>) -> Result<bool, Fault> {
    if !with_address && request.method == Method::GET {
        return Err(Fault::NotAllowed("a GET, whose query version 1 does not sign".into()));
    }
    let place = Place::header(OLDER);
    let shown = Encoding::Hex.decode(&place.one(request)?).ok_or_else(|| Fault::Malformed(place.name()))?;
    let called = if with_address { format!("{}{}", request.method, address(request)?) } else { String::new() };
    let digest = |secret: &Secret| {
        Sha256::new().chain_update(secret.expose()).chain_update(&called).chain_update(request.body).finalize()
    };
    Ok(secrets.iter().any(|secret| digest(secret).as_slice().ct_eq(&shown).into()))
}

fn address(request: &Presented<'_>) -> Result<String, Fault> {
    request.address().ok_or(Fault::Missing("url".into()))
}

fn decoded(address: &str) -> String {
    let mut pieces = address.split('%');
    let mut decoded = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let known = piece.get(..2).and_then(|code| DECODED.iter().find(|(known, _)| known.eq_ignore_ascii_case(code)));
        match known {
            Some((code, plain)) => decoded.extend([plain, &piece[code.len()..]]),
            None => decoded.extend(["%", piece]),
        }
    }
    decoded
}

#[cfg(test)]
#[path = "tests/hubspot.rs"]
mod tests;
