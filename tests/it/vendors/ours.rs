//! Requests signed by our own rows: what we believe of a provider, for its library to judge. And judged by them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use shared::schemes::{Check, Fetched, Proof, SECRET_KEYS, Settings, Verifier, named};
use shared::secret::Secret;
use shared::signature::{Algorithm, Fault, Key, Part, Place, Recipe, Unit};
use shared::timestamp::Timestamp;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::request::Request;

/// The request as our row for that scheme signs it at that time; `None` if only code of its own could.
pub fn sign(scheme: &str, secret: &str, request: &Request, at: u64) -> Option<Request> {
    let Check::Recipe(recipe) = &named(scheme)?.check else { return None };
    if !matches!(recipe.algorithm, Algorithm::Hmac { .. }) {
        return None;
    }
    let mut signed = request.clone();
    tell_time(recipe, &mut signed, at);
    for part in &recipe.message {
        if let Part::Value(Place::Header(name)) = part
            && signed.header(name).is_none()
        {
            signed.set(name, "msg_ours");
        }
    }
    let key = Key::new(recipe.algorithm, &Secret::new(secret)).expect("a key");
    let signature = signed.presented(|request| recipe.sign(&key, request)).expect("a signature");
    let name = match &recipe.place {
        Place::Header(name) => name.to_string(),
        Place::Numbered { stem, .. } => format!("{stem}-2"),
        Place::AnyOf(names) => names.last().expect("a name").to_string(),
        place => panic!("{scheme}: a signature in {}", place.name()),
    };
    // What stands there already is the signed time.
    let before = signed.header(&name).zip(recipe.separator).map(|(said, between)| format!("{said}{between}"));
    signed.set(&name, &format!("{}{signature}", before.unwrap_or_default()));
    Some(signed)
}

/// Writes the signed time where the recipe reads it, unless that is in the body.
fn tell_time(recipe: &Recipe, request: &mut Request, at: u64) {
    let Some(freshness) = &recipe.freshness else { return };
    let text = match freshness.unit {
        Unit::Seconds | Unit::Either => at.to_string(),
        Unit::Millis => format!("{at}000"),
        Unit::Http => panic!("no library signs the date of HTTP"),
        Unit::Iso => OffsetDateTime::from_unix_timestamp(at as i64).expect("a time").format(&Rfc3339).expect("a time"),
    };
    match &freshness.place {
        Place::Header(name) => request.set(name, &text),
        Place::Element { header, prefix, .. } => request.set(header, &format!("{prefix}{text}")),
        place => assert!(place.is_in_body(), "a time in {}", place.name()),
    }
}

/// What our scheme makes of it at that time, where everything that is to be fetched is that text.
pub fn judge(scheme: &str, settings: &Value, request: &Request, at: u64, served: &str) -> Result<Proof, Fault> {
    let (mut secrets, mut values) = (BTreeMap::new(), BTreeMap::new());
    for (key, value) in settings.as_object().expect("settings") {
        if SECRET_KEYS.contains(&&**key) {
            secrets.insert(key.clone(), vec![Secret::new(value.as_str().expect("a text"))]);
        } else {
            values.insert(key.clone(), value.clone());
        }
    }
    let scheme = named(scheme).expect("a scheme");
    let verifier = Verifier::new(scheme, Settings::new(secrets, values)).unwrap_or_else(|wrong| panic!("{wrong:?}"));
    request.presented(|request| {
        let wanted = verifier.wants(request).into_iter();
        let fetched: Fetched = wanted
            .map(|wanted| {
                let material = wanted.read(served.as_bytes()).map(Arc::new);
                (wanted, material)
            })
            .collect();
        verifier.verify(request, &fetched, Timestamp(at * 1_000))
    })
}
