//! Keys made for tests: what providers sign with, and how they publish it.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaPair, PublicKeyComponents};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rcgen::{CertificateParams, PKCS_RSA_SHA256, RsaKeySize, date_time_ymd};
use serde_json::{Value, json};

use crate::schemes::{Fetched, Settings, Verifier, Wanted, Wrong, named};
use crate::secret::Secret;

pub(crate) struct Rsa {
    pair: RsaKeyPair,
    /// From 2020 on.
    pub(crate) certificate: String,
    /// Until 2020.
    pub(crate) expired: String,
}

pub(crate) static RSA: LazyLock<Rsa> = LazyLock::new(Rsa::new);
pub(crate) static OTHER: LazyLock<Rsa> = LazyLock::new(Rsa::new);
pub(crate) static EC: LazyLock<EcdsaKeyPair> =
    LazyLock::new(|| EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("made for this test"));

impl Rsa {
    fn new() -> Self {
        let key = rcgen::KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).expect("made for this test");
        let until = |year| {
            let mut params = CertificateParams::new(vec!["keys.example".to_owned()]).expect("made for this test");
            (params.not_before, params.not_after) = (date_time_ymd(2000, 1, 1), date_time_ymd(year, 1, 1));
            params.self_signed(&key).expect("made for this test").pem()
        };
        let pair = RsaPair::from_pkcs8(&key.serialize_der()).expect("made for this test");
        Self { certificate: until(2090), expired: until(2020), pair }
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).expect("made for this test");
        signature
    }

    pub(crate) fn jwk(&self, kid: &str) -> Value {
        let PublicKeyComponents { n, e } = PublicKeyComponents::<Vec<u8>>::from(self.pair.public_key());
        let text = |bytes: Vec<u8>| URL_SAFE_NO_PAD.encode(bytes);
        json!({ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": text(n), "e": text(e) })
    }

    pub(crate) fn pem(&self) -> String {
        use aws_lc_rs::encoding::AsDer;
        pem(self.pair.public_key().as_der().expect("made for this test").as_ref())
    }
}

pub(crate) fn pem(der: &[u8]) -> String {
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(der))
}

pub(crate) fn sign_ec(message: &[u8]) -> Vec<u8> {
    EC.sign(&SystemRandom::new(), message).expect("made for this test").as_ref().to_vec()
}

pub(crate) fn jwk_ec(kid: &str) -> Value {
    let point = EC.public_key().as_ref();
    let (x, y) = point[1..].split_at(32);
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    json!({ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": kid, "x": text(x), "y": text(y) })
}

/// A token with that header and those claims.
pub(crate) fn token(header: &Value, claims: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(sign(message.as_bytes()));
    format!("{message}.{signature}")
}

/// Settings as an owner writes them.
pub(crate) fn settings(values: Value) -> Settings {
    let Value::Object(values) = values else { panic!("no settings: {values}") };
    let is_secret = |key: &String| crate::schemes::SECRET_KEYS.contains(&key.as_str());
    let (secrets, values): (Vec<_>, Vec<_>) = values.into_iter().partition(|(key, _)| is_secret(key));
    let read = |value: Value| match value {
        Value::Array(list) => list.iter().filter_map(Value::as_str).map(Secret::new).collect(),
        one => vec![Secret::new(one.as_str().expect("made for this test"))],
    };
    let secrets: BTreeMap<_, _> = secrets.into_iter().map(|(key, value)| (key, read(value))).collect();
    Settings::new(secrets, values.into_iter().collect())
}

pub(crate) fn verifier(scheme: &str, values: Value) -> Result<Verifier, Wrong> {
    Verifier::new(named(scheme).expect("made for this test"), settings(values))
}

/// What is fetched where that body is served everywhere.
pub(crate) fn served(wanted: Vec<Wanted>, body: &str) -> Fetched {
    wanted.into_iter().map(|one| (one.clone(), one.read(body.as_bytes()).map(Arc::new))).collect()
}
