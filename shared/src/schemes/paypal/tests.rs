//! Transmissions of PayPal, good and bad.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{ADDRESS, ALGORITHM, ID, SIGNATURE, TABLE, TIME, checksum};
use crate::schemes::tests::keys::{OTHER, RSA, served, verifier};
use crate::schemes::{Presented, Proof, Verifier};
use crate::signature::Fault;
use crate::timestamp::Timestamp;

const BODY: &[u8] = br#"{"id":"WH-1","event_type":"PAYMENT.CAPTURE.COMPLETED"}"#;
const URL: &str = "https://api.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594-1d93a270";

fn now() -> Timestamp {
    Timestamp::read("2026-11-20T21:50:00Z").unwrap()
}

fn paypal() -> Verifier {
    verifier("paypal", json!({ "webhook_id": "9JE70245CR5301237" })).unwrap()
}

fn sent(webhook: &str) -> [(&'static str, String); 5] {
    let (id, time) = ("69cd13f0-d67a-11e5-baa3-778b53f4ae55", "2026-11-20T21:49:59Z");
    let message = format!("{id}|{time}|{webhook}|{}", checksum(BODY));
    let signature = STANDARD.encode(RSA.sign(message.as_bytes()));
    [
        (ID, id.into()),
        (TIME, time.into()),
        (SIGNATURE, signature),
        (ADDRESS, URL.into()),
        (ALGORITHM, "SHA256withRSA".into()),
    ]
}

fn judged(
    verifier: &Verifier,
    sent: &[(&'static str, String)],
    body: &[u8],
    certificate: &str,
) -> Result<Proof, Fault> {
    let pair = |(name, value): &(&'static str, String)| (HeaderName::from_static(name), value.parse().unwrap());
    let headers: HeaderMap = sent.iter().map(pair).collect();
    let request = Presented::of(&headers, body);
    verifier.verify(&request, &served(verifier.wants(&request), certificate), now())
}

fn but(name: &str, value: &str) -> Vec<(&'static str, String)> {
    sent("9JE70245CR5301237").map(|(known, old)| (known, if known == name { value.to_owned() } else { old })).to_vec()
}

#[test]
fn the_checksum_is_the_usual_one() {
    for (text, sum) in
        [("", 0), ("123456789", 0xcbf4_3926), ("The quick brown fox jumps over the lazy dog", 0x414f_a339)]
    {
        assert_eq!(checksum(text.as_bytes()), sum, "{text}");
    }
}

#[test]
fn a_transmission_is_proved_and_its_body_is_not() {
    let good = sent("9JE70245CR5301237");
    assert_eq!(judged(&paypal(), &good, BODY, &RSA.certificate), Ok(Proof::Authenticated));
    assert_eq!(paypal().kind(), Proof::Authenticated);
    assert_eq!(judged(&paypal(), &good, b"{}", &RSA.certificate), Err(Fault::Mismatch));
    assert_eq!(judged(&paypal(), &good, BODY, &OTHER.certificate), Err(Fault::Mismatch));
    assert_eq!(judged(&paypal(), &sent("OTHER"), BODY, &RSA.certificate), Err(Fault::Mismatch));
    assert!(matches!(judged(&paypal(), &good, BODY, &RSA.expired), Err(Fault::NotAllowed(_))));
    assert_eq!(
        judged(&paypal(), &good, &same_checksum(b"{\"id\":\"forged\"}"), &RSA.certificate),
        Ok(Proof::Authenticated)
    );
}

/// Four bytes more give any body the checksum of another: why this is no signature of the body.
fn same_checksum(text: &[u8]) -> Vec<u8> {
    let mut state = !checksum(BODY);
    let mut indices = [0_usize; 4];
    for index in indices.iter_mut().rev() {
        *index = TABLE.iter().position(|entry| entry >> 24 == state >> 24).unwrap();
        state = (state ^ TABLE[*index]) << 8;
    }
    let (mut forged, mut state) = (text.to_vec(), !checksum(text));
    for index in indices {
        forged.push((state as u8) ^ index as u8);
        state = (state >> 8) ^ TABLE[index];
    }
    forged
}

#[test]
fn every_header_counts() {
    for (name, value, fault) in [
        (ID, "other", Fault::Mismatch),
        (ID, "a|b", Fault::Malformed("header paypal-transmission-id".into())),
        (TIME, "2026-11-20T21:49:58Z", Fault::Mismatch),
        (TIME, "2026-11-20T20:49:59Z", Fault::TooOld(3_601)),
        (TIME, "2026-11-20T23:50:00Z", Fault::InFuture(7_200)),
        (TIME, "yesterday", Fault::Malformed("header paypal-transmission-time".into())),
        (SIGNATURE, "AAAA", Fault::Mismatch),
        (SIGNATURE, "?", Fault::Malformed("header paypal-transmission-sig".into())),
        (ALGORITHM, "SHA1withRSA", Fault::NotAllowed("header paypal-auth-algo".into())),
        (ALGORITHM, "none", Fault::NotAllowed("header paypal-auth-algo".into())),
    ] {
        assert_eq!(judged(&paypal(), &but(name, value), BODY, &RSA.certificate), Err(fault), "{name}: {value}");
    }
    for at in 0..5 {
        let mut less = sent("9JE70245CR5301237").to_vec();
        let (name, _) = less.remove(at);
        let missing = Fault::Missing(format!("header {name}").into());
        assert_eq!(judged(&paypal(), &less, BODY, &RSA.certificate), Err(missing));
    }
}

#[test]
fn nothing_is_fetched_but_from_where_paypal_keeps_its_certificates() {
    let not_allowed = Err(Fault::NotAllowed("header paypal-cert-url".into()));
    for url in [
        "http://api.paypal.com/v1/notifications/certs/CERT-1",
        "https://api.paypal.com.evil.com/v1/notifications/certs/CERT-1",
        "https://evil.com/https://api.paypal.com/v1/notifications/certs/CERT-1",
        "https://api.paypal.com@evil.com/v1/notifications/certs/CERT-1",
        "https://evil@api.paypal.com/v1/notifications/certs/CERT-1",
        "https://api.paypal.com:8443/v1/notifications/certs/CERT-1",
        "https://API.paypal.com/v1/notifications/certs/CERT-1",
        "https://api.paypal.com./v1/notifications/certs/CERT-1",
        "https://api.paypal.com/v1/notifications/certs/",
        "https://api.paypal.com/v1/notifications/certs/../../x",
        "https://api.paypal.com/v1/notifications/certs/CERT-1?x=1",
        "https://api.paypal.com/v1/notifications/certs/CERT-1#x",
        "https://api.paypal.com/v1/notifications/certs/%2e%2e",
        "https://api.paypal.com/v2/notifications/certs/CERT-1",
        "https://www.paypal.com/v1/notifications/certs/CERT-1",
        "https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1",
        "",
    ] {
        assert_eq!(judged(&paypal(), &but(ADDRESS, url), BODY, &RSA.certificate), not_allowed, "{url}");
    }
    let sandbox = verifier("paypal", json!({ "webhook_id": "9JE70245CR5301237", "environment": "sandbox" })).unwrap();
    let url = "https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1";
    assert!(judged(&sandbox, &but(ADDRESS, url), BODY, &RSA.certificate).is_ok());
    assert_eq!(judged(&sandbox, &but(ADDRESS, URL), BODY, &RSA.certificate), not_allowed);
}

#[test]
fn settings_that_cannot_be_meant_are_refused() {
    let wrong = |settings: Value| verifier("paypal", settings).err().map(|wrong| wrong.key);
    assert_eq!(wrong(json!({})), Some("webhook_id"));
    assert_eq!(wrong(json!({ "webhook_id": "a|b" })), Some("webhook_id"));
    assert_eq!(wrong(json!({ "webhook_id": "a", "environment": "live" })), Some("environment"));
    assert_eq!(wrong(json!({ "webhook_id": "a", "tolerance": "long" })), Some("tolerance"));
}

proptest! {
    #[test]
    fn no_headers_make_it_panic_or_pass(value in "[ -~]{0,60}", at in 0_usize..5, body: Vec<u8>) {
        let name = [ID, TIME, SIGNATURE, ADDRESS, ALGORITHM][at];
        if value.trim() != sent("9JE70245CR5301237")[at].1 {
            prop_assert!(judged(&paypal(), &but(name, &value), &body, &RSA.certificate).is_err());
        }
    }
}
