//! What goes wrong between providers and receivers, and whether it is found.

use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;

use super::*;
use crate::signature::{Algorithm, Digest, Freshness, Key, KeyForm, Part, Place};

const NOW: Timestamp = Timestamp(1_700_000_000_000);
const SECRET: &str = "c2VjcmV0IHNlY3JldCBzZWNyZXQ=";

/// What is found when a request signed by one recipe is judged by another.
fn between(signed: &Recipe, judged: &Recipe, change: fn(&[u8]) -> Vec<u8>, body: &[u8]) -> String {
    let mut headers = HeaderMap::new();
    headers.insert("x-time", HeaderValue::from_static("1700000000"));
    let url = Some("https://hooks.example.com/in/a");
    let sent = Presented { url, query: Some("a=1"), ..Presented::of(&headers, body) };
    let key = Key::new(signed.algorithm, &Secret::new(SECRET)).unwrap();
    let signature = signed.sign(&key, &sent).unwrap();
    let Place::Header(name) = &signed.place else { panic!("a header") };
    let mut headers = headers.clone();
    headers.insert(HeaderName::try_from(&**name).unwrap(), HeaderValue::try_from(signature).unwrap());
    let body = change(body);
    let received = Presented { headers: &headers, body: &body, ..sent };
    said(&differences(judged, &[Secret::new("another"), Secret::new(SECRET)], &received, NOW, Effort::LITTLE))
}

fn said(found: &[Difference]) -> String {
    let settings: Vec<_> = found.iter().filter_map(|one| one.setting.clone()).collect();
    let words: Vec<_> = found.iter().map(ToString::to_string).collect();
    format!("{} [{}]", words.join(" and "), settings.join(", "))
}

fn plain() -> Recipe {
    Recipe::new("x-signature")
}

fn timed() -> Recipe {
    let time = Place::header("x-time");
    plain().message([Part::Value(time.clone()), Part::literal("."), Part::Body]).fresh(Freshness::new(time))
}

#[test]
fn what_the_settings_say_wrongly_is_found() {
    let by = |digest, key| Algorithm::Hmac { digest, key };
    let cases = [
        (plain().digest(Digest::Sha1), "it is made by HMAC-SHA1 [digest: sha1]"),
        (plain().digest(Digest::Sha512), "it is made by HMAC-SHA512 [digest: sha512]"),
        (plain().key(KeyForm::Base64), "the secret is read as base64 [key: base64]"),
        (plain().base64(), "it is read as base64 [encoding: base64]"),
        (plain().prefix("sha256="), "\"sha256=\" stands before it [prefix: \"sha256=\"]"),
        (plain().at(Place::header("x-other")), "it is taken from header x-other [header: x-other]"),
        (
            plain().prefix("sha1=").by(by(Digest::Sha1, KeyForm::Base64)),
            "\"sha1=\" stands before it and it is made by HMAC-SHA1 and the secret is read as base64 \
             [prefix: \"sha1=\", digest: sha1, key: base64]",
        ),
        (timed(), "header x-time and \".\" are signed before the body [message: \"{header:x-time}.{body}\"]"),
    ];
    for (signed, expected) in cases {
        assert_eq!(between(&signed, &plain(), <[u8]>::to_vec, b"{}"), expected);
    }
    let url = plain().message([Part::Url, Part::Body]);
    for (judged, expected) in [
        (timed(), "the body alone is signed [message: \"{body}\"]"),
        (plain().message([Part::Method, Part::Body]), "the method is not signed []"),
        (plain().prefix("v1="), "nothing stands before it [prefix: \"\"]"),
        (url, "the address is not signed []"),
    ] {
        assert_eq!(between(&plain(), &judged, <[u8]>::to_vec, b"{}"), expected);
    }
}

#[test]
fn a_secret_that_was_pasted_wrongly_is_found() {
    let quoted = format!("'{SECRET}'");
    for (pasted, expected) in [(&*quoted, "the secret has no quotes around it"), ("c2Vj", "")] {
        let signed = Recipe::new("x-signature");
        let bare = HeaderMap::new();
        let key = Key::new(signed.algorithm, &Secret::new(SECRET)).unwrap();
        let signature = signed.sign(&key, &Presented::of(&bare, b"{}")).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("x-signature", HeaderValue::try_from(signature).unwrap());
        let received = Presented::of(&headers, b"{}");
        let found = differences(&signed, &[Secret::new(pasted)], &received, NOW, Effort::LITTLE);
        assert_eq!(said(&found).trim_end_matches(" []"), expected);
    }
}

#[test]
fn what_happened_to_the_body_is_found() {
    type Change = fn(&[u8]) -> Vec<u8>;
    let cases: [(&[u8], Change, &str); 7] = [
        (b"{}", |body| [body, b"\n"].concat(), "the body ends without its line break: something on the way added one"),
        (
            b"{}\n",
            |body| body.trim_ascii().to_vec(),
            "the body ends with a line break: something on the way took it off",
        ),
        (b"a\nb", |_| b"a\r\nb".to_vec(), "the body has line breaks as Unix writes them: something on the way wrote"),
        (b"[1,2]", |_| b"[1, 2]".to_vec(), "the body is JSON without white space: something on the way laid it out"),
        (b"[1, {\"a\": 2}]", |_| b"[1,{\"a\":2}]".to_vec(), "the body is JSON with a space after each comma and colon"),
        (b"\"\\u00e9\"", |_| "\"é\"".into(), "the body has its letters beyond ASCII escaped"),
        (b"hello, world", |_| b"aGVsbG8sIHdvcmxk".to_vec(), "the body is decoded from base64"),
    ];
    for (body, change, expected) in cases {
        let found = between(&timed(), &timed(), change, body);
        assert!(found.starts_with(expected), "{found}\nis not\n{expected}");
    }
}

#[test]
fn an_address_that_is_written_otherwise_is_found() {
    let signed = plain().message([Part::Url, Part::Body]);
    let mut headers = HeaderMap::new();
    let at = |url: &'static str, query: Option<&'static str>| (url, query);
    let cases = [
        (at("https://a.example/in/", None), at("https://a.example/in", None), "written with a slash at its end"),
        (at("https://a.example/in", None), at("https://a.example/in/", None), "written without the slash"),
        (at("https://a.example/in", None), at("https://a.example/in", Some("a=1")), "signed without its query"),
        (at("http://a.example/in", None), at("https://a.example/in", None), "written with http://"),
    ];
    for ((url, query), (configured, came), expected) in cases {
        let bare = HeaderMap::new();
        let key = Key::new(signed.algorithm, &Secret::new(SECRET)).unwrap();
        let signature = signed.sign(&key, &Presented { url: Some(url), query, ..Presented::of(&bare, b"{}") }).unwrap();
        headers.insert("x-signature", HeaderValue::try_from(signature).unwrap());
        let received = Presented { url: Some(configured), query: came, ..Presented::of(&headers, b"{}") };
        let found = said(&differences(&signed, &[Secret::new(SECRET)], &received, NOW, Effort::LITTLE));
        assert!(found.starts_with(&format!("the address is {expected}")), "{found}");
    }
}

#[test]
fn a_time_in_another_unit_is_found() {
    let judged = timed().fresh(Freshness::new(Place::header("x-time")).unit(Unit::Millis));
    let found = between(&timed(), &judged, <[u8]>::to_vec, b"{}");
    assert_eq!(found, "the time is read as Unix seconds [unit: seconds]");
}

#[test]
fn what_fits_and_what_nobody_can_explain_has_no_differences() {
    assert_eq!(between(&timed(), &timed(), <[u8]>::to_vec, b"{}"), " []");
    assert_eq!(between(&timed(), &timed(), |_| b"{ \"a\": 1 }".to_vec(), b"{}"), " []");
}

#[test]
fn a_long_body_is_looked_at_only_where_somebody_waits() {
    let headers = HeaderMap::new();
    let body = vec![b'x'; 65_537];
    let key = Key::new(plain().algorithm, &Secret::new(SECRET)).unwrap();
    let signature = plain().sign(&key, &Presented::of(&headers, &body[1..])).unwrap();
    let headers =
        HeaderMap::from_iter([(HeaderName::from_static("x-signature"), HeaderValue::try_from(signature).unwrap())]);
    let judged = plain().prefix("v0=");
    let found = |body: &[u8], effort| {
        differences(&judged, &[Secret::new(SECRET)], &Presented::of(&headers, body), NOW, effort).len()
    };
    assert_eq!((found(&body[1..], Effort::LITTLE), found(&body[1..], Effort::ALL)), (1, 1));
    assert_eq!(found(&body, Effort::LITTLE), 0);
    let longer = [&body[1..], b"\n"].concat();
    assert_eq!((found(&longer, Effort::LITTLE), found(&longer, Effort::ALL)), (0, 2));
}

proptest! {
    #[test]
    fn nothing_that_comes_makes_it_panic_or_shows_what_would_fit(
        value in "[ -~]{0,200}", time in "[ -~]{0,40}", body: Vec<u8>, query in "[ -~]{0,40}",
    ) {
        let mut headers = HeaderMap::new();
        headers.insert("x-signature", HeaderValue::try_from(&value).unwrap());
        headers.insert("x-time", HeaderValue::try_from(&time).unwrap());
        let request = Presented { query: Some(&query), url: Some("x"), ..Presented::of(&headers, &body) };
        prop_assert!(differences(&timed(), &[Secret::new(SECRET)], &request, NOW, Effort::LITTLE).is_empty());
    }
}
