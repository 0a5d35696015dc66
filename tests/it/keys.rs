//! Keys that are fetched: tokens of an issuer on this machine, as it turns its keys, fails and misbehaves.

use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::harness::{Answer, Behaviour, Hookpost, Receiver, Reply, Setup, now};

/// Whoever signs tokens.
struct Issuer {
    kid: &'static str,
    pair: EcdsaKeyPair,
}

impl Issuer {
    fn new(kid: &'static str) -> Self {
        Self { kid, pair: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap() }
    }

    fn jwk(&self) -> Value {
        let (x, y) = self.pair.public_key().as_ref()[1..].split_at(32);
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({ "kty": "EC", "crv": "P-256", "use": "sig", "kid": self.kid, "x": text(x), "y": text(y) })
    }

    fn token(&self) -> String {
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = part(json!({ "alg": "ES256", "kid": self.kid }));
        let claims = part(json!({ "iss": "https://id.example/", "aud": "us", "exp": now() + 300 }));
        let message = format!("{header}.{claims}");
        let signature = self.pair.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn post(&self, hookpost: &Hookpost) -> Answer {
        let bearer = format!("Bearer {}", self.token());
        hookpost.post("/in/tokens", &[("authorization", &bearer)], b"{}")
    }
}

fn set(issuers: &[&Issuer]) -> Reply {
    let keys: Vec<_> = issuers.iter().map(|issuer| issuer.jwk()).collect();
    Reply::status(200).body(json!({ "keys": keys }).to_string())
}

fn reading_keys_at(url: &str) -> Hookpost {
    let verify = json!({ "scheme": "jwt", "algorithm": "ES256", "jwks": url, "issuer": "https://id.example/", "audience": "us" });
    let sources = json!({ "sources": { "tokens": { "verify": verify, "email": "ops@example.com" } } });
    Setup::config(&sources.to_string()).with("HOOKPOST_ALLOW_LOOPBACK", "true").start()
}

#[test]
fn keys_are_fetched_once_and_kept() {
    let (issuer, stranger) = (Issuer::new("a"), Issuer::new("a"));
    let keys = Receiver::start();
    keys.set(set(&[&issuer]));
    let hookpost = reading_keys_at(&keys.url("/keys"));
    assert_eq!(keys.count(), 0, "nothing is fetched before it is needed");
    for _ in 0..3 {
        let mail = hookpost.mail(&issuer.post(&hookpost).accepted());
        assert!(mail.subject().starts_with("tokens"), "{mail:?}");
    }
    assert_eq!(stranger.post(&hookpost).status, 401);
    assert_eq!(Issuer::new("unknown").post(&hookpost).status, 401);
    assert_eq!(hookpost.post("/in/tokens", &[("authorization", "Bearer a.b.c")], b"{}").status, 401);
    assert_eq!(keys.count(), 1);
    // What is down now was fetched before.
    keys.set(Reply::status(500));
    issuer.post(&hookpost).accepted();
}

#[test]
fn who_comes_while_no_key_is_to_be_had_is_to_come_again() {
    let issuer = Issuer::new("a");
    let keys = Receiver::start();
    keys.set(Reply::status(500));
    let hookpost = reading_keys_at(&keys.url("/keys"));
    let answer = issuer.post(&hookpost);
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("30")));
    assert!(!answer.text().contains("key"), "{}", answer.text());
    assert!(hookpost.log().contains("a provider's key was not fetched"), "{}", hookpost.log());
    assert_eq!(issuer.post(&hookpost).status, 503);
    assert_eq!(keys.count(), 1, "a failure is remembered");
    // Anybody can say that a token is of that issuer; what is no token is nobody's.
    assert_eq!(hookpost.post("/in/tokens", &[], b"{}").status, 401);
}

#[test]
fn a_server_of_keys_that_means_no_good_costs_little_and_proves_nothing() {
    let issuer = Issuer::new("a");
    let elsewhere = Receiver::start();
    elsewhere.set(set(&[&issuer]));
    for behaviour in [
        Behaviour::AcceptsAndSaysNothing,
        Behaviour::DripsBody,
        Behaviour::Gigabyte,
        Behaviour::Garbage,
        Behaviour::Redirects { status: 302, to: elsewhere.url("/keys") },
    ] {
        let keys = Receiver::hostile(behaviour.clone());
        let hookpost = reading_keys_at(&keys.url("/keys"));
        let began = Instant::now();
        assert_eq!(issuer.post(&hookpost).status, 503, "{behaviour:?}");
        assert!(began.elapsed() < Duration::from_secs(8), "{behaviour:?} took {:?}", began.elapsed());
    }
    assert_eq!(elsewhere.count(), 0, "no redirect is followed");
}

#[test]
fn keys_on_this_machine_are_for_those_who_allow_it() {
    let issuer = Issuer::new("a");
    let keys = Receiver::start();
    keys.set(set(&[&issuer]));
    let verify =
        json!({ "scheme": "jwt", "algorithm": "ES256", "jwks": keys.url("/keys"), "issuer": "any", "audience": "any" });
    let sources = json!({ "sources": { "tokens": { "verify": verify, "email": "ops@example.com" } } });
    let hookpost = Setup::config(&sources.to_string()).start();
    assert_eq!(issuer.post(&hookpost).status, 503);
    assert_eq!(keys.connections(), 0);
}
