//! Messages of SNS, good and bad.

mod addresses;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Confirmation, confirmation};
use crate::schemes::tests::keys::{OTHER, RSA, served, verifier};
use crate::schemes::{Presented, Proof, Verifier};
use crate::signature::Fault;
use crate::timestamp::Timestamp;

pub(crate) const TOPIC: &str = "arn:aws:sns:us-west-2:123456789012:MyTopic";
const URL: &str = "https://sns.us-west-2.amazonaws.com/SimpleNotificationService-f3ecfb7224c7233fe7bb5f59f96de52f.pem";

/// Made with OpenSSL: a message of version 1 and the certificate that goes with it.
const VERSION_1: &[u8] = include_bytes!("tests/version-1.json");
const CERTIFICATE: &str = include_str!("tests/certificate.pem");

pub(crate) fn now() -> Timestamp {
    Timestamp::read("2026-12-20T21:50:00Z").unwrap()
}

pub(crate) fn topic() -> Verifier {
    verifier("aws-sns", json!({ "topics": [TOPIC] })).unwrap()
}

fn judged(verifier: &Verifier, body: &[u8], certificate: &str, now: Timestamp) -> Result<Proof, Fault> {
    let headers = HeaderMap::new();
    let request = Presented::of(&headers, body);
    verifier.verify(&request, &served(verifier.wants(&request), certificate), now)
}

pub(crate) fn message(kind: &str) -> Value {
    let mut message = json!({
        "Type": kind, "MessageId": "22b80b92", "TopicArn": TOPIC, "Message": "{\"a\": \"é\n\"}",
        "Timestamp": "2026-12-20T21:49:59.123Z", "SignatureVersion": "2", "SigningCertURL": URL,
    });
    if kind != "Notification" {
        message["Token"] = json!("2336412f37");
        message["SubscribeURL"] = json!("https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription");
    }
    message
}

/// As AWS documents it, written apart from what is tested.
pub(crate) fn sign(mut message: Value) -> Vec<u8> {
    let names = match message["Type"].as_str() {
        Some("Notification") => vec!["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
        _ => vec!["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"],
    };
    let field = |name| message[name].as_str().map(|value| format!("{name}\n{value}\n"));
    let text: String = names.into_iter().filter_map(field).collect();
    message["Signature"] = json!(STANDARD.encode(RSA.sign(text.as_bytes())));
    message.to_string().into_bytes()
}

#[test]
fn both_versions_and_every_type_are_taken() {
    assert_eq!(judged(&topic(), VERSION_1, CERTIFICATE, now()), Ok(Proof::Signed));
    for kind in ["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"] {
        assert_eq!(judged(&topic(), &sign(message(kind)), &RSA.certificate, now()), Ok(Proof::Signed), "{kind}");
    }
    let mut with_subject = message("Notification");
    with_subject["Subject"] = json!("a \"subject\"");
    assert_eq!(judged(&topic(), &sign(with_subject), &RSA.certificate, now()), Ok(Proof::Signed));
    assert!(judged(&topic(), &sign(message("Something")), &RSA.certificate, now()).is_err());
}

#[test]
fn a_pinned_version_takes_no_other() {
    for (version, takes) in [(json!(1), [true, false]), (json!("2"), [false, true])] {
        let pinned = verifier("aws-sns", json!({ "topics": TOPIC, "signature_version": version })).unwrap();
        let second = sign(message("Notification"));
        let verdicts =
            [judged(&pinned, VERSION_1, CERTIFICATE, now()), judged(&pinned, &second, &RSA.certificate, now())];
        assert_eq!(verdicts.map(|verdict| verdict.is_ok()), takes, "{version}");
    }
    let claimed = String::from_utf8(VERSION_1.to_vec()).unwrap().replace(r#"Version": "1""#, r#"Version": "2""#);
    assert_eq!(judged(&topic(), claimed.as_bytes(), CERTIFICATE, now()), Err(Fault::Mismatch));
}

#[test]
fn only_topics_of_the_owner_and_only_now() {
    let good = sign(message("Notification"));
    let other = verifier("aws-sns", json!({ "topics": ["arn:aws:sns:us-west-2:123456789012:Other"] })).unwrap();
    assert_eq!(judged(&other, &good, &RSA.certificate, now()), Err(Fault::NotAllowed("TopicArn".into())));
    let later = |seconds: u64| Timestamp(now().0 + seconds * 1_000);
    assert!(judged(&topic(), &good, &RSA.certificate, later(3_800)).is_ok());
    assert_eq!(judged(&topic(), &good, &RSA.certificate, later(3_900)), Err(Fault::TooOld(3_901)));
    for (settings, key) in [
        (json!({}), "topics"),
        (json!({ "topics": [] }), "topics"),
        (json!({ "topics": "MyTopic" }), "topics"),
        (json!({ "topics": TOPIC, "signature_version": 3 }), "signature_version"),
    ] {
        assert_eq!(verifier("aws-sns", settings.clone()).err().unwrap().key, key, "{settings}");
    }
}

#[test]
fn no_field_can_be_changed() {
    let good = message("SubscriptionConfirmation");
    let signed: Value = serde_json::from_slice(&sign(good.clone())).unwrap();
    for name in ["Message", "MessageId", "SubscribeURL", "Token"] {
        let mut changed = signed.clone();
        changed[name] = json!(changed[name].as_str().unwrap().replacen('2', "3", 1).replacen('a', "b", 1));
        assert_eq!(
            judged(&topic(), changed.to_string().as_bytes(), &RSA.certificate, now()),
            Err(Fault::Mismatch),
            "{name}"
        );
        changed.as_object_mut().unwrap().remove(name);
        assert!(judged(&topic(), changed.to_string().as_bytes(), &RSA.certificate, now()).is_err(), "no {name}");
    }
    let mut later = signed.clone();
    later["Timestamp"] = json!("2026-12-20T21:49:59.124Z");
    assert_eq!(judged(&topic(), later.to_string().as_bytes(), &RSA.certificate, now()), Err(Fault::Mismatch));
    let mut other = signed.clone();
    other["Type"] = json!("UnsubscribeConfirmation");
    assert_eq!(judged(&topic(), other.to_string().as_bytes(), &RSA.certificate, now()), Err(Fault::Mismatch));
    let mut subject: Value = serde_json::from_slice(&sign(message("Notification"))).unwrap();
    subject["Subject"] = json!("added");
    assert_eq!(judged(&topic(), subject.to_string().as_bytes(), &RSA.certificate, now()), Err(Fault::Mismatch));
    let text = signed.to_string();
    for twice in [r#""Message":"x","#, r#""TopicArn":"x","#, r#""SigningCertURL":"x","#] {
        let last = format!("{},{}}}", &text[..text.len() - 1], twice.trim_end_matches(','));
        for doubled in [text.replacen('{', &format!("{{{twice}"), 1), last] {
            assert_eq!(
                judged(&topic(), doubled.as_bytes(), &RSA.certificate, now()),
                Err(Fault::Malformed("the body".into()))
            );
        }
    }
}

#[test]
fn a_certificate_must_be_the_right_one_and_in_date() {
    let good = sign(message("Notification"));
    assert_eq!(judged(&topic(), &good, &OTHER.certificate, now()), Err(Fault::Mismatch));
    assert!(matches!(judged(&topic(), &good, &RSA.expired, now()), Err(Fault::NotAllowed(_))));
    for wrong in ["", "<html>", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        assert!(matches!(judged(&topic(), &good, wrong, now()), Err(Fault::NotFetched(_))), "{wrong}");
    }
}

#[test]
fn a_confirmation_can_be_read() {
    let body = sign(message("SubscriptionConfirmation"));
    let subscribe_url = "https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription".to_owned();
    let expected = Confirmation { topic: TOPIC.into(), token: "2336412f37".into(), subscribe_url };
    assert_eq!(confirmation(&body), Some(expected));
    for kind in ["Notification", "UnsubscribeConfirmation"] {
        assert_eq!(confirmation(&sign(message(kind))), None, "{kind}");
    }
    assert_eq!(confirmation(b"{}"), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_make_it_panic_or_pass(body: Vec<u8>, at: prop::sample::Index, byte: u8) {
        prop_assert!(judged(&topic(), &body, CERTIFICATE, now()).is_err());
        let mut altered = VERSION_1.to_vec();
        altered[at.index(VERSION_1.len())] = byte;
        let _ = judged(&topic(), &altered, CERTIFICATE, now());
    }

    #[test]
    fn every_message_is_signed_as_it_reads(text in "\\PC{0,60}", subject in proptest::option::of("\\PC{0,20}")) {
        let mut written = message("Notification");
        written["Message"] = json!(text);
        if let Some(subject) = subject {
            written["Subject"] = json!(subject);
        }
        prop_assert_eq!(judged(&topic(), &sign(written), &RSA.certificate, now()), Ok(Proof::Signed));
    }
}
