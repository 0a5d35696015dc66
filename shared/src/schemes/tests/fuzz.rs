//! Every scheme against what strangers may send: nothing panics, nothing is proved, nothing takes long.

mod pace;
mod sent;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::schemes::fetched::NotFetched;
use crate::schemes::{Check, Fetched, Presented, SECRET_KEYS, Scheme, Settings, Verifier, Wanted, all};
use crate::secret::Secret;
use crate::signature::{Part, Place};
use crate::timestamp::Timestamp;

use sent::{body, form, header, json_text};

const NOW: Timestamp = Timestamp(1_700_000_000_000);

/// Hexadecimal, base64 and text: a key for any of them.
const SECRET: &str = "6b6579206f662074686520667a7a207465737420746861742066697473206e6f";

/// What stands in a setting, in the order in which it is tried.
fn values(key: &str) -> Vec<Value> {
    let one = |value: &str| vec![json!(value)];
    match key {
        "url" => one("https://hooks.example.com/in/fuzz?configured=1"),
        "public_key" => PUBLIC.map(Value::from).to_vec(),
        "allow" => one("192.0.2.0/24"),
        "topics" => one("arn:aws:sns:us-east-1:123456789012:orders"),
        "jwks" => one("https://keys.example.com/jwks.json"),
        "domain" => one("https://example.kinde.com"),
        "email" => one("push@example.iam.gserviceaccount.com"),
        "algorithm" => vec![json!("HS256"), json!("RS256"), json!("sha256")],
        "tenant" | "audience" => one("0f8fad5b-d9cb-469f-a165-70867728950e"),
        "header" => one("x-signature"),
        _ => one("WH-1"),
    }
}

/// Keys that are no one's: ed25519, P-256 and RSA.
const PUBLIC: [&str; 3] = [
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEVs/o5+uQbTjL3chynL4wXgUg2R9q9UU8I5mEovUf86QZ7kOBIjJwqnzD1omageEHWwHdBO6B+dFabmdT9POxg==",
    "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAu1SU1LfVLPHCozMxH2Mo\n4lgOEePzNm0tRgeLezV6ffAt0gunVTLw7onLRnrq0/IzW7yWR7QkrmBL7jTKEn5u\n+qKhbwKfBstIs+bMY2Zkp18gnTxKLxoS2tFczGkPLPgizskuemMghRniWaoLcyeh\nkd3qqGElvW/VDL5AaWTg0nLVkjRo9z+40RQzuVaE8AkAFmxZzow3x+VJYKdjykkJ\n0iT9wCS0DRTXu269V264Vf/3jvredZiKRkgwlL9xNAwxXFg0x/XFw005UWVRIKdg\ncKWTjpBP2dPwVZ4WWC+9aGVd+Gyn1o0CLelf4rEjGoXbAAEgAqeGUxrcIlbjXfbc\nmwIDAQAB\n-----END PUBLIC KEY-----",
];

/// Settings of which a scheme wants one or the other.
const CHOSEN: [(&str, &str); 6] = [
    ("hmac", "header"),
    ("api-key", "header"),
    ("certificate", "subject"),
    ("jwt", "secret"),
    ("hubspot", "url"),
    ("twilio", "url"),
];

fn made(scheme: &'static Scheme, attempt: usize) -> Result<Verifier, String> {
    let (mut secrets, mut settings) = (BTreeMap::new(), BTreeMap::new());
    let chosen = |key: &str| CHOSEN.contains(&(scheme.name, key));
    for setting in scheme.settings.iter().filter(|setting| setting.is_needed || chosen(setting.key)) {
        if SECRET_KEYS.contains(&setting.key) {
            secrets.insert(setting.key.to_owned(), vec![Secret::new(SECRET)]);
        } else {
            let values = values(setting.key);
            settings.insert(setting.key.to_owned(), values[attempt.min(values.len() - 1)].clone());
        }
    }
    Verifier::new(scheme, Settings::new(secrets, settings)).map_err(|wrong| format!("{} {}", wrong.key, wrong.problem))
}

/// All schemes, each with settings that it takes.
static VERIFIERS: LazyLock<Vec<(&Scheme, Verifier)>> = LazyLock::new(|| {
    let make = |scheme: &'static Scheme| {
        let tries: Vec<_> = (0..PUBLIC.len()).map(|attempt| made(scheme, attempt)).collect();
        let found = tries.iter().find_map(|verifier| verifier.as_ref().ok().cloned());
        let wrong = || tries.iter().filter_map(|verifier| verifier.as_ref().err().cloned()).collect::<Vec<_>>();
        (scheme, found.unwrap_or_else(|| panic!("{} wants other settings: {:?}", scheme.name, wrong())))
    };
    all().iter().map(make).collect()
});

/// Headers that code of its own reads.
const OWN: [&str; 25] = [
    "authorization",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
    "x-gitlab-token",
    "x-twilio-signature",
    "x-twilio-webhooks-signature-settings",
    "x-hubspot-signature",
    "x-hubspot-signature-version",
    "x-hubspot-signature-v3",
    "x-hubspot-request-timestamp",
    "hmacsignature",
    "plaid-verification",
    "paypal-transmission-id",
    "paypal-transmission-time",
    "paypal-transmission-sig",
    "paypal-cert-url",
    "paypal-auth-algo",
    "x-amz-sns-message-type",
    "x-plivo-signature-v3",
    "x-plivo-signature-v3-nonce",
    "x-signature",
    "upstash-signature",
    "messagebird-signature-jwt",
    "x-webhook-password",
];

fn names(scheme: &Scheme) -> Vec<String> {
    let recipe = match &scheme.check {
        Check::Recipe(recipe) => recipe,
        Check::Token { place, .. } => return headers(place),
        Check::Own { .. } => return OWN.map(str::to_owned).to_vec(),
    };
    let message =
        recipe.message.iter().filter_map(|part| if let Part::Value(place) = part { Some(place) } else { None });
    let places = message.chain([&recipe.place]).chain(recipe.freshness.as_ref().map(|freshness| &freshness.place));
    places.flat_map(headers).collect()
}

fn headers(place: &Place) -> Vec<String> {
    match place {
        Place::Header(name) => vec![name.to_string()],
        Place::Element { header, .. } => vec![header.to_string()],
        Place::Numbered { stem, .. } => vec![format!("{stem}-1"), format!("{stem}-2")],
        Place::AnyOf(names) => names.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    }
}

/// Whether it is refused, with whatever it wants fetched given as those bytes.
fn refused(verifier: &Verifier, presented: &Presented<'_>, bytes: Option<&[u8]>, now: Timestamp) -> bool {
    let wanted = verifier.wants(presented);
    assert!(wanted.len() < 100 && wanted.iter().all(|wanted| wanted.url.starts_with("https://")), "{wanted:?}");
    let read = |wanted: Wanted| {
        let nobody = || NotFetched("nobody answered".into());
        let found = bytes.ok_or_else(nobody).and_then(|bytes| wanted.read(bytes)).map(Arc::new);
        (wanted, found)
    };
    let fetched: Fetched = wanted.into_iter().map(read).collect();
    verifier.verify(presented, &fetched, now).is_err()
}

proptest! {
    /// One case is a request for every scheme.
    #[test]
    fn no_request_of_a_stranger_makes_a_scheme_panic_or_prove(
        values in prop::collection::vec(header(), 1..8), times in 1..3_usize, query in form(), body in body(),
        fetched in prop_oneof![any::<Vec<u8>>(), json_text().prop_map(String::into_bytes)], answered: bool,
        now in prop_oneof![Just(NOW), any::<u64>().prop_map(Timestamp)],
    ) {
        let fetched = answered.then_some(&*fetched);
        for (scheme, verifier) in VERIFIERS.iter() {
            let mut headers = HeaderMap::new();
            for (at, name) in names(scheme).iter().enumerate() {
                let name: HeaderName = name.parse().unwrap();
                for value in values.iter().cycle().skip(at).take(times) {
                    if let Ok(value) = HeaderValue::from_bytes(value) {
                        headers.append(&name, value);
                    }
                }
            }
            let method = if times == 1 { Method::POST } else { Method::GET };
            let presented = Presented { method: &method, query: Some(&query), ..Presented::of(&headers, &body) };
            prop_assert!(refused(verifier, &presented, fetched, now), "{}", scheme.name);
        }
    }
}
