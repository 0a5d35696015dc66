//! Twilio's own vectors, and everything that is not them.

use http::{HeaderMap, Method};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::schemes::{Verifier, named};
use crate::secret::Secret;

/// <https://github.com/twilio/twilio-python/blob/main/tests/unit/test_request_validator.py>
const TOKEN: &str = "12345";
const BASE: &str = "https://mycompany.com/myapp.php";
const QUERY: &str = "foo=1&bar=2";
const FORM: &str = "CallSid=CA1234567890ABCDE&Digits=1234&From=%2B14158675309&To=%2B18005551212&Caller=%2B14158675309";
const SIGNED: &str = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";
const JSON: &str = r#"{"property": "value", "boolean": true}"#;
const JSON_QUERY: &str = "foo=1&bar=2&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
const JSON_SIGNED: &str = "a9nBmqA0ju/hNViExpshrM61xv4=";

fn verifier(secret: &str, values: &[(&str, &str)]) -> Result<Verifier, Wrong> {
    let secrets = [("secret".to_owned(), vec![Secret::new(secret)])].into();
    let values = values.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
    Verifier::new(named("twilio").unwrap(), Settings::new(secrets, values))
}

struct Sent<'a> {
    values: &'a [(&'a str, &'a str)],
    how: Option<&'a str>,
    query: Option<&'a str>,
    body: &'a [u8],
    method: Method,
}

impl Default for Sent<'_> {
    fn default() -> Self {
        Self { values: &[("url", BASE)], how: None, query: Some(QUERY), body: FORM.as_bytes(), method: Method::POST }
    }
}

fn verdict(signature: &str, sent: &Sent<'_>) -> Result<Proof, Fault> {
    let mut headers = HeaderMap::new();
    headers.insert(SIGNATURE, signature.parse().unwrap());
    if let Some(how) = sent.how {
        headers.insert(HOW, how.parse().unwrap());
    }
    let Sent { query, body, method, .. } = sent;
    let request = Presented { query: *query, method, ..Presented::of(&headers, body) };
    verifier(TOKEN, sent.values).unwrap().verify(&request, &Fetched::default(), Timestamp(0))
}

fn signed(digest: Digest, pieces: &[&[u8]]) -> String {
    Encoding::Base64.encode(&Key::hmac(digest, TOKEN.as_bytes()).unwrap().sign(pieces).unwrap())
}

#[test]
fn twilios_own_vectors_are_signed() {
    assert_eq!(verdict(SIGNED, &Sent::default()), Ok(Proof::Signed));
    let json = Sent { query: Some(JSON_QUERY), body: JSON.as_bytes(), ..Sent::default() };
    assert_eq!(verdict(JSON_SIGNED, &json), Ok(Proof::Signed));
    let other = Sent { body: br#"{"property": "value", "boolean": tru}"#, ..json };
    assert_eq!(verdict(JSON_SIGNED, &other), Err(Fault::Mismatch));
    for wrong in [
        Sent { query: Some("foo=1&bar=3"), ..Sent::default() },
        Sent { query: None, ..Sent::default() },
        Sent { body: b"", ..Sent::default() },
        Sent { body: b"CallSid=CA1234567890ABCDE", ..Sent::default() },
        Sent { values: &[("url", "http://mycompany.com/myapp.php")], ..Sent::default() },
        Sent { values: &[("url", "https://mycompany.com:8443/myapp.php")], body: b"x=1", ..Sent::default() },
    ] {
        assert_eq!(verdict(SIGNED, &wrong), Err(Fault::Mismatch));
    }
    assert_eq!(verdict("!", &Sent::default()), Err(Fault::Malformed(format!("header {SIGNATURE}").into())));
}

#[test]
fn an_address_is_signed_with_its_port_or_without() {
    for (configured, bases) in [
        ("https://a.example/in", ["https://a.example/in", "https://a.example:443/in"]),
        ("http://a.example", ["http://a.example", "http://a.example:80"]),
        ("https://a.example:8443/in", ["https://a.example/in", "https://a.example:8443/in"]),
        ("https://[2001:db8::1]/in", ["https://[2001:db8::1]/in", "https://[2001:db8::1]:443/in"]),
    ] {
        for base in bases {
            let signature = signed(Digest::Sha1, &[base.as_bytes(), b"?foo=1&bar=2", b"a1b2"]);
            let sent = Sent { values: &[("url", configured)], body: b"b=2&a=1", ..Sent::default() };
            assert_eq!(verdict(&signature, &sent), Ok(Proof::Signed), "{configured} {base}");
        }
    }
}

#[test]
fn each_value_of_a_field_counts_once_in_order() {
    let signature = signed(Digest::Sha1, &[BASE.as_bytes(), b"a1a2b"]);
    for body in ["a=2&a=1&b=", "b=&a=1&a=2&a=1", "a=1&b&a=2"] {
        let sent = Sent { query: None, body: body.as_bytes(), ..Sent::default() };
        assert_eq!(verdict(&signature, &sent), Ok(Proof::Signed), "{body}");
    }
    let many = "a&".repeat(1_001);
    let sent = Sent { body: many.as_bytes(), ..Sent::default() };
    assert_eq!(verdict(&signature, &sent), Err(Fault::Malformed("the form".into())));
}

#[test]
fn the_owner_says_the_algorithm_and_no_header_does() {
    let pieces: [&[u8]; 3] = [BASE.as_bytes(), b"?foo=1&bar=2", b"a1"];
    let [old, new] = [Digest::Sha1, Digest::Sha256].map(|digest| signed(digest, &pieces));
    let judge = |signature: &str, algorithm, how| {
        let values = [("url", BASE), ("algorithm", algorithm)];
        verdict(signature, &Sent { values: &values, how, body: b"a=1", ..Sent::default() })
    };
    let shared = Some("key=webhooks_sharedkey_1,algorithm=HMAC_SHA256");
    assert_eq!(judge(&new, "sha256", shared), Ok(Proof::Signed));
    assert_eq!(judge(&old, "sha1", None), Ok(Proof::Signed));
    assert_eq!(judge(&old, "sha1", Some("key=1,algorithm=HMAC_SHA1")), Ok(Proof::Signed));
    for (signature, algorithm, how) in [
        (&new, "sha1", shared),
        (&old, "sha256", None),
        (&old, "sha256", Some("key=1,algorithm=HMAC_SHA1")),
        (&new, "sha256", None),
        (&old, "sha1", shared),
    ] {
        assert!(matches!(judge(signature, algorithm, how), Err(Fault::NotAllowed(_))), "{algorithm} {how:?}");
    }
    assert_eq!(judge(&old, "sha256", shared), Err(Fault::Mismatch));
    assert_eq!(verifier(TOKEN, &[("url", BASE), ("algorithm", "md5")]).err().unwrap().key, "algorithm");
}

#[test]
fn a_get_is_signed_with_its_query() {
    let sent = Sent { method: Method::GET, body: b"", ..Sent::default() };
    let signature = signed(Digest::Sha1, &[BASE.as_bytes(), b"?foo=1&bar=2"]);
    assert_eq!(verdict(&signature, &sent), Ok(Proof::Signed));
    assert_eq!(verdict(&signature, &Sent { query: Some("foo=1&bar=3"), ..sent }), Err(Fault::Mismatch));
}

#[test]
fn an_address_must_be_whole() {
    for wrong in [
        "",
        "mycompany.com/app",
        "/in",
        "ftp://a.example",
        "https://u:p@a.example/",
        "https://a.example/#x",
        "https://a .example",
    ] {
        assert_eq!(verifier(TOKEN, &[("url", wrong)]).err().unwrap().key, "url", "{wrong}");
    }
    assert_eq!(verifier(TOKEN, &[]).err().unwrap().key, "url");
}

proptest! {
    #[test]
    fn what_is_signed_verifies_and_no_other_field_does(
        pairs in prop::collection::vec(("[a-z]{1,4}", ".{0,8}"), 1..6), at: prop::sample::Index,
    ) {
        let form = |pairs: &[(String, String)]| {
            form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
        };
        let mut sorted = pairs.clone();
        sorted.sort();
        sorted.dedup();
        let joined: String = sorted.iter().flat_map(|(name, value)| [name.as_str(), value]).collect();
        let signature = signed(Digest::Sha1, &[BASE.as_bytes(), joined.as_bytes()]);
        let sent = |body| Sent { query: None, body, ..Sent::default() };
        let genuine = form(&pairs);
        prop_assert_eq!(verdict(&signature, &sent(genuine.as_bytes())), Ok(Proof::Signed));
        let mut altered = pairs.clone();
        altered[at.index(pairs.len())].1.push('!');
        let altered = form(&altered);
        prop_assert_eq!(verdict(&signature, &sent(altered.as_bytes())), Err(Fault::Mismatch));
    }

    #[test]
    fn nothing_makes_it_panic_or_pass(body: Vec<u8>, query in "[ -~]{0,40}", url in "https?://[!-~]{1,20}") {
        if verifier(TOKEN, &[("url", &url)]).is_ok() {
            let sent = Sent { values: &[("url", &url)], query: Some(&query), body: &body, ..Sent::default() };
            prop_assert!(verdict(SIGNED, &sent).is_err());
        }
    }
}
