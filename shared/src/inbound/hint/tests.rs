//! Hints tell what was wrong, seldom, and never a secret.

use http::HeaderMap;

use super::*;
use crate::schemes::{Check, Settings};
use crate::secret::Secret;
use crate::source::test_source;

const NOW: Timestamp = Timestamp(1_700_000_000_000);

fn source(name: &str, scheme: &str, secret: &str) -> Source {
    let settings = Settings::with_secrets(vec![Secret::new(secret)]);
    let verifier = Verifier::new(schemes::named(scheme).unwrap(), settings).unwrap();
    Source { name: name.into(), verifier, ..test_source("hush") }
}

/// The headers of a webhook that GitHub would have sent with that body.
fn github(secret: &str, body: &[u8]) -> HeaderMap {
    let Check::Recipe(recipe) = &schemes::named("github").unwrap().check else { panic!("no recipe") };
    let key = crate::signature::Key::new(recipe.algorithm, &Secret::new(secret)).unwrap();
    let signature = recipe.sign(&key, &Presented::of(&HeaderMap::new(), body)).unwrap();
    HeaderMap::from_iter([("x-hub-signature-256".parse().unwrap(), signature.parse().unwrap())])
}

fn hint(source: &Source, headers: &HeaderMap, body: &[u8], others: Vec<Source>) -> Option<String> {
    let shown = Presented::of(headers, body);
    let fault = source.verifier.verify(&shown, &Fetched::default(), NOW).expect_err("a forgery");
    Hints::default().hint(source, &shown, &fault, NOW, || others.into_iter().map(Arc::new).collect())
}

#[test]
fn what_would_have_to_be_otherwise_is_said_without_a_secret() {
    let cases: [(&str, &[u8], &[u8], &str); 8] = [
        ("hush", b"hello", b"hello\n", "ends without its line break"),
        ("hush", b"K\xf6ln", "K\u{f6}ln".as_bytes(), "is in Latin-1"),
        ("hush", b"{\"a\": \"\\u00f6\"}", "{\"a\":\"\u{f6}\"}".as_bytes(), "is JSON in ASCII"),
        ("hush", b"hello", b"\xef\xbb\xbfhello", "has no byte order mark"),
        (" hush ", b"{}", b"{}", "the secret has no space"),
        ("'hush'", b"{}", b"{}", "the secret has no quotes"),
        ("\"hush\"", b"{}", b"{}", "the secret has no quotes"),
        ("whsec_hush", b"{}", b"{}", "the secret has no whsec_"),
    ];
    for (configured, signed, arrived, expected) in cases {
        let told = hint(&source("shop", "github", configured), &github("hush", signed), arrived, Vec::new());
        let told = told.unwrap_or_default();
        assert!(told.starts_with("it fits if ") && told.contains(expected), "{told:?} for {expected:?}");
        assert!(!told.contains("hush"), "{told}");
    }
}

#[test]
fn a_webhook_of_another_source_is_recognized() {
    let shop = source("shop", "github", "hush");
    let others = || vec![source("orders", "github", "psst"), source("chat", "password", "psst")];
    let told = hint(&shop, &github("psst", b"{}"), b"{}", others());
    assert_eq!(told.as_deref(), Some("the signature fits the secret of the source orders"));
    let bearer = HeaderMap::from_iter([(http::header::AUTHORIZATION, "Bearer psst".parse().unwrap())]);
    let told = hint(&shop, &bearer, b"{}", others());
    assert_eq!(told.as_deref(), Some("it is genuine for the source chat: is this the wrong address?"));
    let many =
        (0..=MOST_SOURCES).map(|n| source(&format!("s{n}"), "github", if n == MOST_SOURCES { "psst" } else { "x" }));
    assert_eq!(hint(&shop, &github("psst", b"{}"), b"{}", many.collect()), None, "no more than ten are asked");
}

#[test]
fn a_webhook_of_another_provider_is_recognized() {
    let told = hint(
        &source("shop", "standard", "whsec_aGVsbG8gd29ybGQgaGVsbG8gd29ybGQ="),
        &github("x", b"{}"),
        b"{}",
        Vec::new(),
    );
    assert!(told.is_some_and(|told| told.contains("github")));
    assert_eq!(hint(&source("shop", "github", "hush"), &HeaderMap::new(), b"{}", Vec::new()), None);
}

#[test]
fn hints_are_rare_and_small() {
    let (shop, headers) = (source("shop", "github", "hush"), github("hush", b"hello\n"));
    let hints = Hints::default();
    let at = |name: &str, body: &[u8], now: Timestamp| {
        let source = Source { name: name.into(), ..shop.clone() };
        hints.hint(&source, &Presented::of(&headers, body), &Fault::Mismatch, now, Vec::new)
    };
    assert_eq!(at("shop", &vec![b'x'; LARGEST + 1], NOW), None);
    assert!(at("shop", b"hello", NOW).is_some());
    assert_eq!(at("shop", b"hello", NOW.after(Duration::from_secs(59))), None, "once a minute");
    assert!(at("other", b"hello", NOW).is_some(), "for each source");
    let missing = Fault::Missing("header x".into());
    assert!(hints.is_due("shop", missing.code(), NOW) && !hints.is_due("shop", missing.code(), NOW), "and reason");
    assert!(at("shop", b"hello", NOW.after(PAUSE)).is_some());
    assert!(at("shop", b"hello", NOW).is_some(), "a clock that was set back does not silence it");
}
