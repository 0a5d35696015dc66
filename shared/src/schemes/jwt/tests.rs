//! Tokens, good and bad.

mod providers;
mod settings;

use aws_lc_rs::hmac;
use http::HeaderMap;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::schemes::tests::keys::{OTHER, RSA, jwk_ec, served, sign_ec, token, verifier};
use crate::schemes::{Presented, Proof, Verifier};
use crate::signature::Fault;
use crate::timestamp::Timestamp;

const NOW: u64 = 1_700_000_000;

fn hs256(key: &'static [u8]) -> impl Fn(&[u8]) -> Vec<u8> {
    move |message| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message).as_ref().to_vec()
}

fn claims() -> Value {
    json!({ "iss": "https://id.example/", "aud": ["a", "us"], "exp": NOW + 300, "iat": NOW - 5, "nbf": NOW - 5 })
}

/// The usual claims, but for these; `null` takes one away.
fn but(changes: Value) -> Value {
    let mut claims = claims();
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    claims
}

fn judged(verifier: &Verifier, token: &str, set: &str) -> Result<Proof, Fault> {
    let headers = HeaderMap::from_iter([(http::header::AUTHORIZATION, format!("Bearer {token}").parse().unwrap())]);
    let request = Presented::of(&headers, b"the body");
    verifier.verify(&request, &served(verifier.wants(&request), set), Timestamp(NOW * 1_000))
}

fn published() -> Verifier {
    let settings = json!({
        "algorithm": "RS256", "jwks": "https://id.example/keys", "issuer": "https://id.example/", "audience": "us",
    });
    verifier("jwt", settings).unwrap()
}

fn set() -> String {
    json!({ "keys": [OTHER.jwk("old"), RSA.jwk("new"), jwk_ec("curve")] }).to_string()
}

fn header(alg: &str, kid: &str) -> Value {
    json!({ "alg": alg, "typ": "JWT", "kid": kid })
}

fn signed(claims: &Value) -> String {
    token(&header("RS256", "new"), claims, |message| RSA.sign(message))
}

#[test]
fn a_token_is_believed_by_the_key_that_it_names() {
    assert_eq!(judged(&published(), &signed(&claims()), &set()), Ok(Proof::Authenticated));
    let nameless = token(&json!({ "alg": "RS256" }), &claims(), |message| RSA.sign(message));
    assert_eq!(judged(&published(), &nameless, &set()), Ok(Proof::Authenticated));
    for (kid, known) in [("old", false), ("curve", false), ("none", false), ("new", true)] {
        let shown = token(&header("RS256", kid), &claims(), |message| RSA.sign(message));
        assert_eq!(judged(&published(), &shown, &set()).is_ok(), known, "{kid}");
    }
    let forged = token(&header("RS256", "new"), &claims(), |message| OTHER.sign(message));
    assert_eq!(judged(&published(), &forged, &set()), Err(Fault::Mismatch));
}

#[test]
fn the_token_never_chooses_its_algorithm() {
    let none = token(&header("none", "new"), &claims(), |_| Vec::new());
    let none_in_capitals = token(&header("None", "new"), &claims(), |_| Vec::new());
    let curve = token(&header("ES256", "curve"), &claims(), sign_ec);
    let longer = token(&header("RS384", "new"), &claims(), |message| RSA.sign(message));
    for shown in [none, none_in_capitals, curve, longer] {
        assert!(matches!(judged(&published(), &shown, &set()), Err(Fault::Malformed(_) | Fault::NotAllowed(_))));
    }
    // The text of a public key as the secret of an HMAC.
    let text: &'static str = RSA.pem().leak();
    let confused = token(&header("HS256", "new"), &claims(), hs256(text.as_bytes()));
    let pasted = json!({ "algorithm": "RS256", "public_key": text });
    let pasted = verifier("jwt", pasted).unwrap();
    assert_eq!(judged(&pasted, &signed(&claims()), "{}"), Ok(Proof::Authenticated));
    for verifier in [&pasted, &published()] {
        assert!(matches!(judged(verifier, &confused, &set()), Err(Fault::NotAllowed(_))));
    }
    // A set that holds a shared secret.
    let octets = json!({ "keys": [{ "kty": "oct", "kid": "new", "k": "aGVsbG8" }] }).to_string();
    assert!(matches!(judged(&published(), &confused, &octets), Err(Fault::NotAllowed(_))));
    assert!(matches!(judged(&published(), &signed(&claims()), &octets), Err(Fault::NotFetched(_))));
}

#[test]
fn a_key_for_another_use_is_no_key() {
    for (name, value) in
        [("use", json!("enc")), ("alg", json!("RS512")), ("key_ops", json!(["sign"])), ("expired_at", json!(1))]
    {
        let mut key = RSA.jwk("new");
        key[name] = value;
        let set = json!({ "keys": [key, OTHER.jwk("old")] }).to_string();
        assert_eq!(judged(&published(), &signed(&claims()), &set), Err(Fault::Mismatch), "{name}");
    }
}

#[test]
fn every_claim_that_was_asked_for_counts() {
    let far = NOW + 100_000;
    let refused = [
        (json!({ "iss": "https://evil.example/" }), Fault::NotAllowed("iss of the token".into())),
        (json!({ "iss": null }), Fault::NotAllowed("iss of the token".into())),
        (json!({ "aud": "them" }), Fault::NotAllowed("aud of the token".into())),
        (json!({ "aud": null }), Fault::NotAllowed("aud of the token".into())),
        (json!({ "aud": [] }), Fault::NotAllowed("aud of the token".into())),
        (json!({ "exp": NOW - 60 }), Fault::TooOld(60)),
        (json!({ "exp": null }), Fault::Missing("exp of the token".into())),
        (json!({ "exp": "tomorrow" }), Fault::Malformed("exp of the token".into())),
        (json!({ "exp": -1 }), Fault::Malformed("exp of the token".into())),
        (json!({ "exp": 1e300 }), Fault::Malformed("exp of the token".into())),
        (json!({ "nbf": far }), Fault::InFuture(100_000)),
    ];
    for (change, fault) in refused {
        assert_eq!(judged(&published(), &signed(&but(change.clone())), &set()), Err(fault), "{change}");
    }
    for change in [
        json!({ "aud": "us" }),
        json!({ "exp": NOW - 59 }),
        json!({ "exp": far as f64 + 0.5 }),
        json!({ "nbf": NOW + 60 }),
    ] {
        assert!(judged(&published(), &signed(&but(change.clone())), &set()).is_ok(), "{change}");
    }
}

#[test]
fn claims_ages_and_digests_are_held_to_what_the_owner_wrote() {
    let digest = hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, b"the body"));
    let settings = json!({
        "algorithm": ["HS256", "HS384"], "secret": ["old", "hush"], "claims": { "role": ["hooks", 7], "ok": true },
        "body_hash": { "claim": "sum" }, "max_age": "10s", "tolerance": "0",
    });
    let verifier = verifier("jwt", settings).unwrap();
    let good = json!({ "role": 7, "ok": true, "sum": digest, "iat": NOW - 10 });
    let verdict = |changes: Value| {
        let mut all = good.clone();
        all.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        judged(&verifier, &token(&json!({ "alg": "HS256" }), &but(all), hs256(b"hush")), "{}")
    };
    assert_eq!(verdict(json!({})), Ok(Proof::Signed));
    let other = hex::encode([0; 32]);
    for (change, fault) in [
        (json!({ "role": "admin" }), Fault::NotAllowed("role of the token".into())),
        (json!({ "ok": "true" }), Fault::NotAllowed("ok of the token".into())),
        (json!({ "sum": other }), Fault::Mismatch),
        (json!({ "sum": null }), Fault::Missing("sum of the token".into())),
        (json!({ "sum": "?" }), Fault::Malformed("sum of the token".into())),
        (json!({ "iat": NOW - 11 }), Fault::TooOld(11)),
        (json!({ "iat": null }), Fault::Missing("iat of the token".into())),
        (json!({ "iat": NOW + 1 }), Fault::InFuture(1)),
        (json!({ "exp": NOW }), Fault::TooOld(0)),
    ] {
        assert_eq!(verdict(change.clone()), Err(fault), "{change}");
    }
    let forged = token(&json!({ "alg": "HS256" }), &but(good.clone()), hs256(b"guess"));
    assert_eq!(judged(&verifier, &forged, "{}"), Err(Fault::Mismatch));
}

#[test]
fn what_is_no_token_is_fetched_nothing_for() {
    let critical =
        token(&json!({ "alg": "RS256", "kid": "new", "crit": ["b64"], "b64": false }), &claims(), |message| {
            RSA.sign(message)
        });
    assert!(matches!(judged(&published(), &critical, &set()), Err(Fault::Malformed(_))));
    let long = format!("{}{}", signed(&claims()), "x".repeat(17_000));
    let confused = token(&header("HS256", "new"), &claims(), hs256(b"hush"));
    for shown in ["", "a.b", "a.b.c.d", "..", "é.é.é", &critical, &long, &confused] {
        let Ok(value) = format!("Bearer {shown}").parse() else { continue };
        let headers = HeaderMap::from_iter([(http::header::AUTHORIZATION, value)]);
        assert_eq!(published().wants(&Presented::of(&headers, b"")), [], "{}", &shown[..shown.len().min(40)]);
    }
    let mut twice = HeaderMap::new();
    for _ in 0..2 {
        twice.append("authorization", format!("Bearer {}", signed(&claims())).parse().unwrap());
    }
    let request = Presented::of(&twice, b"");
    assert!(published().verify(&request, &served(Vec::new(), ""), Timestamp(NOW * 1_000)).is_err());
    let nothing = judged(&published(), &signed(&claims()), "<html>");
    assert!(matches!(nothing, Err(Fault::NotFetched(_))), "{nothing:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_makes_it_panic_or_pass(shown in "[ -~]{0,120}", parts in proptest::collection::vec("[A-Za-z0-9_-]{0,60}", 3)) {
        for shown in [shown, parts.join(".")] {
            prop_assert!(judged(&published(), &shown, &set()).is_err());
        }
    }

    #[test]
    fn no_altered_letter_passes(at: prop::sample::Index, letter in "[A-Za-z0-9_-]") {
        let good = signed(&claims());
        let at = at.index(good.len());
        let mut altered = good.clone();
        altered.replace_range(at..=at, &letter);
        // The last letter of a part may stand for the same bytes: strict readers refuse it all the same.
        prop_assert!(altered == good || judged(&published(), &altered, &set()).is_err());
    }

    #[test]
    fn no_set_makes_it_panic(set in "\\PC{0,80}", key in "[a-zA-Z0-9=/+]{0,20}") {
        let _ = judged(&published(), &signed(&claims()), &set);
        let odd = json!({ "keys": [{ "kty": "RSA", "n": key, "e": key }, { "kty": "EC", "crv": "P-256", "x": key, "y": key }] });
        prop_assert!(judged(&published(), &signed(&claims()), &odd.to_string()).is_err());
    }
}
