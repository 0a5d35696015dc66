//! HubSpot's own vectors, and everything that is not them.

use http::HeaderMap;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::schemes::{Verifier, named};

/// Of the page of the older versions: <https://legacydocs.hubspot.com/docs/faq/v2-request-validation>
const OLD_SECRET: &str = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy";
const OLD_URL: &str = "https://www.example.com/webhook_uri";
const NOW: Timestamp = Timestamp(1_800_000_000_123);

fn verifier(secret: &str, values: &[(&str, &str)]) -> Result<Verifier, Wrong> {
    let secrets = [("secret".to_owned(), vec![Secret::new(secret)])].into();
    let values = values.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
    Verifier::new(named("hubspot").unwrap(), Settings::new(secrets, values))
}

fn old(values: &[(&str, &str)], method: &Method, signature: &str, body: &[u8]) -> Result<Proof, Fault> {
    let mut headers = HeaderMap::new();
    headers.insert(OLDER, signature.parse().unwrap());
    let request = Presented { method, ..Presented::of(&headers, body) };
    verifier(OLD_SECRET, values).unwrap().verify(&request, &Fetched::default(), NOW)
}

#[test]
fn hubspots_own_vectors_of_version_2_are_signed() {
    const GET: &str = "eee2dddcc73c94d699f5e395f4b9d454a069a6855fbfa152e91e88823087200e";
    const POST: &str = "9569219f8ba981ffa6f6f16aa0f48637d35d728c7e4d93d0d52efaa512af7900";
    const BODY: &[u8] = br#"{"example_field":"example_value"}"#;
    let v2 = [("url", OLD_URL), ("version", "v2")];
    assert_eq!(old(&v2, &Method::GET, GET, b""), Ok(Proof::Signed));
    assert_eq!(old(&v2, &Method::POST, POST, BODY), Ok(Proof::Signed));
    assert_eq!(old(&v2, &Method::POST, GET, b""), Err(Fault::Mismatch));
    assert_eq!(old(&v2, &Method::PUT, POST, BODY), Err(Fault::Mismatch));
    assert_eq!(old(&v2, &Method::POST, POST, b"{}"), Err(Fault::Mismatch));
    assert_eq!(old(&v2, &Method::POST, "zz", BODY), Err(Fault::Malformed("header x-hubspot-signature".into())));
}

#[test]
fn version_1_signs_the_body_and_takes_no_get() {
    let v1 = [("version", "v1")];
    let signature = hex::encode(Sha256::digest(format!("{OLD_SECRET}[]")));
    assert_eq!(old(&v1, &Method::POST, &signature, b"[]"), Ok(Proof::Signed));
    assert_eq!(old(&v1, &Method::POST, &signature, b"[1]"), Err(Fault::Mismatch));
    assert!(matches!(old(&v1, &Method::GET, &signature, b"[]"), Err(Fault::NotAllowed(_))));
}

fn newest(url: &str, query: Option<&str>, time: &str, signature: &str, body: &[u8]) -> Result<Proof, Fault> {
    let mut headers = HeaderMap::new();
    headers.insert(SIGNATURE, signature.parse().unwrap());
    headers.insert(TIME, time.parse().unwrap());
    // What an older version signs does not count.
    headers.insert(OLDER, hex::encode(Sha256::digest([b"hush", body].concat())).parse().unwrap());
    let request = Presented { query, ..Presented::of(&headers, body) };
    verifier("hush", &[("url", url)]).unwrap().verify(&request, &Fetched::default(), NOW)
}

fn sign(message: &str) -> String {
    Encoding::Base64.encode(&Key::hmac(Digest::Sha256, b"hush").unwrap().sign(&[message]).unwrap())
}

#[test]
fn version_3_signs_method_address_body_and_time() {
    let (url, query, time) = ("https://a.example/in", Some("a=%3A%2f%20%41&b=+c"), "1800000000000");
    let signature = sign("POSThttps://a.example/in?a=:/%20%41&b=+c{}1800000000000");
    assert_eq!(newest(url, query, time, &signature, b"{}"), Ok(Proof::Signed));
    assert_eq!(newest(url, query, time, &signature, b"{ }"), Err(Fault::Mismatch));
    assert_eq!(newest(url, None, time, &signature, b"{}"), Err(Fault::Mismatch));
    assert_eq!(newest("https://b.example/in", query, time, &signature, b"{}"), Err(Fault::Mismatch));
    assert_eq!(newest(url, query, "1800000000001", &signature, b"{}"), Err(Fault::Mismatch));
    assert!(matches!(newest(url, query, "1799999000000", &signature, b"{}"), Err(Fault::TooOld(_))));
    assert!(matches!(newest(url, query, "1800001000000", &signature, b"{}"), Err(Fault::InFuture(_))));
}

#[test]
fn a_plus_that_became_a_space_is_a_plus() {
    let body = |number: u32| format!("{{\"a\":{number}}}");
    let signed = |number| sign(&format!("POSThttps://a.example/in{}1800000000000", body(number)));
    let number = (0..100).find(|number| signed(*number).contains('+')).unwrap();
    let spaced = signed(number).replace('+', " ");
    assert_eq!(
        newest("https://a.example/in", None, "1800000000000", &spaced, body(number).as_bytes()),
        Ok(Proof::Signed)
    );
}

#[test]
fn the_characters_of_the_table_are_decoded_and_no_others() {
    assert_eq!(decoded("%3A%2F%3F%40%21%24%27%28%29%2A%2C%3B"), ":/?@!$'()*,;");
    assert_eq!(decoded("%3a%2f%25%3A%20%2B%26%3D%23%C3%A9"), ":/%25:%20%2B%26%3D%23%C3%A9");
    assert_eq!(decoded("%"), "%");
    assert_eq!(decoded("%253A%3"), "%253A%3");
}

#[test]
fn what_is_missing_is_named() {
    assert_eq!(verifier("s", &[]).err().unwrap().key, "url");
    assert_eq!(verifier("s", &[("version", "v2")]).err().unwrap().key, "url");
    assert_eq!(verifier("s", &[("version", "v4"), ("url", OLD_URL)]).err().unwrap().key, "version");
    assert!(verifier("s", &[("version", "v1")]).is_ok());
}

proptest! {
    #[test]
    fn nothing_makes_it_panic_or_pass(query in "[!-~é%]{0,40}", time in "[0-9]{0,16}", body: Vec<u8>) {
        prop_assert!(newest("https://a.example/in", Some(&query), &time, &sign("x"), &body).is_err());
    }
}
