//! What an owner says of tokens: taken, or refused by the name of its key.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};

use super::*;
use crate::schemes::tests::keys::{EC, pem};

#[test]
fn public_keys_of_every_kind_are_taken_from_pem() {
    let edwards = Ed25519KeyPair::generate().expect("made for this test");
    let shown = token(&json!({ "alg": "EdDSA" }), &claims(), |message| edwards.sign(message).as_ref().to_vec());
    let key = pem(edwards.public_key().as_der().expect("made for this test").as_ref());
    let with = |algorithm: &str, key: &str| verifier("jwt", json!({ "algorithm": algorithm, "public_key": key }));
    assert!(judged(&with("EdDSA", &key).expect("made for this test"), &shown, "{}").is_ok());
    let curve = pem(EC.public_key().as_der().expect("made for this test").as_ref());
    let shown = token(&json!({ "alg": "ES256" }), &claims(), sign_ec);
    assert!(judged(&with("ES256", &curve).expect("made for this test"), &shown, "{}").is_ok());
    assert_eq!(
        judged(&with("ES256", &curve).expect("made for this test"), &signed(&claims()), "{}"),
        Err(Fault::NotAllowed("the algorithm of the token".into()))
    );
    assert_eq!(with("ES256", &RSA.pem()).err().expect("made for this test").key, "public_key");
    assert_eq!(with("RS256", "hush").err().expect("made for this test").key, "public_key");
}

#[test]
fn settings_that_cannot_be_meant_are_refused() {
    let (jwks, pem) = ("https://id.example/keys", RSA.pem());
    for (settings, key) in [
        (json!({ "algorithm": "none", "secret": "s" }), "algorithm"),
        (json!({ "algorithm": "HS256" }), "secret"),
        (json!({ "algorithm": "HS256", "jwks": jwks, "issuer": "i", "audience": "a" }), "algorithm"),
        (json!({ "algorithm": ["RS256", "HS256"], "jwks": jwks, "issuer": "i", "audience": "a" }), "algorithm"),
        (json!({ "algorithm": "HS256", "public_key": pem }), "algorithm"),
        (json!({ "algorithm": "RS256", "secret": "s" }), "algorithm"),
        (json!({ "algorithm": "RS256", "secret": "s", "public_key": pem }), "secret"),
        (json!({ "algorithm": "RS256", "jwks": jwks, "issuer": "i" }), "audience"),
        (json!({ "algorithm": "RS256", "jwks": jwks, "audience": "a" }), "issuer"),
        (json!({ "algorithm": "RS256", "jwks": "http://id.example/keys", "issuer": "i", "audience": "a" }), "jwks"),
        (json!({ "algorithm": "RS256", "jwks": "https://169.254.169.254/", "issuer": "i", "audience": "a" }), "jwks"),
        (json!({ "algorithm": "RS256", "jwks": "https://a:b@id.example/", "issuer": "i", "audience": "a" }), "jwks"),
        (json!({ "algorithm": "RS256", "jwks": jwks, "issuer": ["i", "any"], "audience": "a" }), "issuer"),
        (json!({ "algorithm": "HS256", "secret": "s", "max_age": "soon" }), "max_age"),
        (json!({ "algorithm": "HS256", "secret": "s", "claims": ["role"] }), "claims"),
        (json!({ "algorithm": "HS256", "secret": "s", "header": "a b" }), "header"),
        (json!({ "algorithm": "HS256", "secret": "s", "body_hash": "sum" }), "body_hash"),
        (json!({ "algorithm": "HS256", "secret": "s", "body_hash": { "claim": "sum", "digest": "md5" } }), "body_hash"),
        (json!({ "algorithm": "HS256", "secret": "s", "body_hash": { "claim": "sum", "digset": "md5" } }), "body_hash"),
    ] {
        assert_eq!(verifier("jwt", settings.clone()).err().map(|wrong| wrong.key), Some(key), "{settings}");
    }
    let any = json!({ "algorithm": "RS256", "jwks": jwks, "issuer": "any", "audience": "any" });
    assert!(verifier("jwt", any).is_ok());
    let oauth2 = verifier("oauth2", json!({ "jwks": jwks, "issuer": "https://id.example/", "audience": "us" }))
        .expect("made for this test");
    assert!(judged(&oauth2, &signed(&claims()), &set()).is_ok());
    assert!(judged(&oauth2, &signed(&but(json!({ "aud": "them" }))), &set()).is_err());
    assert_eq!(
        verifier("oauth2", json!({ "jwks": jwks, "issuer": "i" })).err().expect("made for this test").key,
        "audience"
    );
}
