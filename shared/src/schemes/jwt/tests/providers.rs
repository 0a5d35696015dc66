//! Each provider's own tokens.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use serde_json::{Value, json};

use super::*;
use crate::schemes::Form;

/// The proof of a request with that token in that header; the address is `https://us.example/in?a=1`.
fn shown(verifier: &Verifier, name: &'static str, token: &str, body: &[u8], set: &str) -> Result<Proof, Fault> {
    let headers =
        HeaderMap::from_iter([(http::HeaderName::from_static(name), token.parse().expect("made for this test"))]);
    let request = Presented { query: Some("a=1"), ..Presented::of(&headers, body) };
    verifier.verify(&request, &served(verifier.wants(&request), set), Timestamp(NOW * 1_000))
}

fn sha256(bytes: &[u8]) -> Vec<u8> {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref().to_vec()
}

fn by_secret(claims: &Value) -> String {
    token(&json!({ "alg": "HS256" }), claims, hs256(b"hush"))
}

#[test]
fn those_with_a_shared_secret() {
    let (body, url) = (b"{\"a\": 1}", "https://us.example/in");
    let (digest, called) = (hex::encode(sha256(body)), hex::encode(sha256(b"https://us.example/in?a=1")));
    let rows = [
        ("netlify", "x-webhook-signature", json!({ "iss": "netlify", "sha256": digest }), Proof::Signed),
        ("vonage", "authorization", json!({ "iss": "Vonage", "iat": NOW, "payload_hash": digest }), Proof::Signed),
        (
            "messagebird",
            "messagebird-signature-jwt",
            json!({ "iss": "MessageBird", "exp": NOW + 9, "jti": "1", "payload_hash": digest, "url_hash": called }),
            Proof::Signed,
        ),
        (
            "qstash",
            "upstash-signature",
            json!({ "iss": "Upstash", "sub": url, "exp": NOW + 9, "nbf": NOW, "body": URL_SAFE.encode(sha256(body)) }),
            Proof::Signed,
        ),
        ("monday", "authorization", json!({ "aud": url, "exp": NOW + 9 }), Proof::Authenticated),
    ];
    for (scheme, header, claims, proof) in rows {
        let settings = match scheme {
            "messagebird" | "qstash" | "monday" => json!({ "secret": "hush", "url": url }),
            _ => json!({ "secret": "hush" }),
        };
        let verifier = verifier(scheme, settings).expect("made for this test");
        assert_eq!(shown(&verifier, header, &by_secret(&claims), body, ""), Ok(proof), "{scheme}");
        let forged = token(&json!({ "alg": "HS256" }), &claims, hs256(b"guess"));
        assert_eq!(shown(&verifier, header, &forged, body, ""), Err(Fault::Mismatch), "{scheme}");
        if proof == Proof::Signed {
            assert_eq!(
                shown(&verifier, header, &by_secret(&claims), b"{\"a\": 2}", ""),
                Err(Fault::Mismatch),
                "{scheme}"
            );
        }
        for name in claims
            .as_object()
            .expect("made for this test")
            .keys()
            .filter(|name| !["jti", "nbf"].contains(&name.as_str()))
        {
            let mut less = claims.clone();
            less.as_object_mut().expect("made for this test").remove(name);
            assert!(shown(&verifier, header, &by_secret(&less), body, "").is_err(), "{scheme} without {name}");
        }
    }
}

#[test]
fn plaid_is_asked_for_each_key() {
    let settings = json!({ "client_id": "us", "client_secret": "hush", "environment": "sandbox" });
    let verifier = verifier("plaid", settings).expect("made for this test");
    let body = b"{}";
    let claims = json!({ "iat": NOW - 300, "request_body_sha256": hex::encode(sha256(body)) });
    let set = json!({ "key": jwk_ec("bfbd5111-8e33-4643-8ced-b2e642a72f3c"), "request_id": "1" }).to_string();
    let header = header("ES256", "bfbd5111-8e33-4643-8ced-b2e642a72f3c");
    let good = token(&header, &claims, sign_ec);
    assert_eq!(shown(&verifier, "plaid-verification", &good, body, &set), Ok(Proof::Signed));
    assert_eq!(shown(&verifier, "plaid-verification", &good, b"{ }", &set), Err(Fault::Mismatch));
    let old = json!({ "iat": NOW - 301, "request_body_sha256": claims["request_body_sha256"] });
    let old = token(&header, &old, sign_ec);
    assert_eq!(shown(&verifier, "plaid-verification", &old, body, &set), Err(Fault::TooOld(301)));
    let headers = HeaderMap::from_iter([(
        http::HeaderName::from_static("plaid-verification"),
        good.parse().expect("made for this test"),
    )]);
    let wanted = verifier.wants(&Presented::of(&headers, body)).remove(0);
    assert_eq!((&*wanted.url, wanted.form), ("https://sandbox.plaid.com/webhook_verification_key/get", Form::Key));
    assert!(!format!("{wanted:?}").contains("hush"));
    let asked: Value =
        serde_json::from_str(wanted.question.expect("made for this test").expose()).expect("made for this test");
    assert_eq!(asked["client_id"], "us");
    assert_eq!((&asked["secret"], &asked["key_id"]), (&json!("hush"), &json!("bfbd5111-8e33-4643-8ced-b2e642a72f3c")));
    let mut gone = jwk_ec("bfbd5111-8e33-4643-8ced-b2e642a72f3c");
    gone["expired_at"] = json!(NOW - 9);
    let gone = json!({ "key": gone }).to_string();
    assert!(matches!(shown(&verifier, "plaid-verification", &good, body, &gone), Err(Fault::NotFetched(_))));
    for kid in ["", "a b", "../x", "é", &"x".repeat(65)] {
        let odd = token(&super::header("ES256", kid), &claims, sign_ec);
        assert!(matches!(shown(&verifier, "plaid-verification", &odd, body, &set), Err(Fault::Malformed(_))), "{kid}");
    }
}

#[test]
fn those_that_publish_their_keys() {
    let google = json!({ "audience": "https://us.example/in", "email": "push@project.iam.gserviceaccount.com" });
    let google = verifier("google-pubsub", google).expect("made for this test");
    let claims = json!({
        "iss": "https://accounts.google.com", "aud": "https://us.example/in", "exp": NOW + 9, "email_verified": true,
        "email": "push@project.iam.gserviceaccount.com",
    });
    assert_eq!(
        shown(&google, "authorization", &format!("Bearer {}", signed(&claims)), b"", &set()),
        Ok(Proof::Authenticated)
    );
    for (name, value) in
        [("email", json!("other@x.example")), ("email_verified", json!(false)), ("aud", json!("https://them.example/"))]
    {
        let mut wrong = claims.clone();
        wrong[name] = value;
        assert!(shown(&google, "authorization", &format!("Bearer {}", signed(&wrong)), b"", &set()).is_err(), "{name}");
    }
    let tenant = "84bd8158-6d4d-4958-8b9f-9d6445542f95";
    let azure =
        verifier("azure-event-grid", json!({ "audience": "api://us", "tenant": tenant })).expect("made for this test");
    for (issuer, application) in [
        (format!("https://sts.windows.net/{tenant}/"), "appid"),
        (format!("https://login.microsoftonline.com/{tenant}/v2.0"), "azp"),
    ] {
        let claims = |id: &str| json!({ "iss": issuer, "aud": "api://us", "exp": NOW + 9, application: id });
        let good = signed(&claims("4962773b-9cdb-44cf-a8bf-237846a00ab7"));
        assert!(shown(&azure, "authorization", &format!("Bearer {good}"), b"", &set()).is_ok());
        let other = signed(&claims("00000000-0000-0000-0000-000000000000"));
        assert!(shown(&azure, "authorization", &format!("Bearer {other}"), b"", &set()).is_err());
    }
    assert!(verifier("azure-event-grid", json!({ "audience": "a", "tenant": "../common" })).is_err());
}

#[test]
fn the_body_of_kinde_is_the_token() {
    let kinde = verifier("kinde", json!({ "domain": "https://us.kinde.com/" })).expect("made for this test");
    let body = signed(&json!({ "type": "user.created", "data": {} }));
    let headers = HeaderMap::new();
    let verdict = |body: &str| {
        let request = Presented::of(&headers, body.as_bytes());
        let wanted = kinde.wants(&request);
        assert!(wanted.iter().all(|one| one.url == "https://us.kinde.com/.well-known/jwks"), "{wanted:?}");
        kinde.verify(&request, &served(wanted, &set()), Timestamp(NOW * 1_000))
    };
    assert_eq!(verdict(&body), Ok(Proof::Signed));
    assert!(verdict(&body.replacen("eyJ", "eyK", 1)).is_err());
    assert!(verifier("kinde", json!({ "domain": "us.kinde.com" })).is_err());
}
