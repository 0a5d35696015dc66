//! Messages of Amazon SNS: by the validator that AWS publishes, and by us, with a certificate made here.

use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::library::{Libraries, Tongue};
use super::ours;
use super::request::Request;
use crate::harness::now;

const TOPIC: &str = "arn:aws:sns:eu-central-1:123456789012:orders";

/// Private key and certificate, both in PEM.
fn keys() -> (String, String) {
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).expect("a key");
    let params = CertificateParams::new(vec!["sns.amazonaws.com".to_owned()]).expect("a certificate");
    (key.serialize_pem(), params.self_signed(&key).expect("a certificate").pem())
}

fn message(kind: &str, version: &str, certificate: &str, at: u64) -> Request {
    let time = OffsetDateTime::from_unix_timestamp(at as i64).expect("a time").format(&Rfc3339).expect("a time");
    let mut message = json!({
        "Type": kind,
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": TOPIC,
        "Message": "Zoë's order\nis paid \"in full\"",
        "Timestamp": time,
        "SignatureVersion": version,
        // The library keeps what it fetched, by address.
        "SigningCertURL": format!("https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-{certificate}.pem"),
    });
    if kind == "Notification" {
        message["Subject"] = json!("Paid");
    } else {
        message["Token"] = json!("2336412f37fb687f5d51e6e2425c464dec");
        message["SubscribeURL"] = json!("https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription");
    }
    Request::new("/in/aws-sns", "text/plain; charset=UTF-8", message.to_string())
}

/// What they and we make of it.
fn judged(libraries: &mut Libraries, certificate: &str, request: &Request) -> [bool; 2] {
    let settings = json!({ "topics": TOPIC });
    let ours = ours::judge("aws-sns", &settings, request, now(), certificate);
    [libraries.verify("sns", certificate, request).is_ok(), ours.is_ok()]
}

fn changed(request: &Request, field: &str, value: Value) -> Request {
    let mut message: Value = serde_json::from_slice(&request.body).expect("JSON");
    assert_ne!(message[field], value);
    message[field] = value;
    Request { body: message.to_string().into(), ..request.clone() }
}

#[test]
fn messages_of_both_versions_are_genuine_to_the_validator_and_to_us() {
    let mut libraries = Libraries::start(Tongue::Node);
    let ((private, certificate), (_, other)) = (keys(), keys());
    for (kind, version, name) in [
        ("Notification", "1", "00000001"),
        ("Notification", "2", "00000002"),
        ("SubscriptionConfirmation", "1", "00000003"),
        ("SubscriptionConfirmation", "2", "00000004"),
    ] {
        let plain = message(kind, version, name, now());
        let signed = libraries.sign("sns", &private, &plain, 0);
        assert_eq!(judged(&mut libraries, &certificate, &signed), [true; 2], "{kind} {version}");
        let altered = signed.with_body_altered("Zoë");
        assert_eq!(judged(&mut libraries, &certificate, &altered), [false; 2], "{kind} {version}, altered");
        let swapped = changed(&signed, "SignatureVersion", json!(if version == "1" { "2" } else { "1" }));
        assert_eq!(judged(&mut libraries, &certificate, &swapped), [false; 2], "{kind} {version}, the other digest");
        let elsewhere = changed(&signed, "SigningCertURL", json!("https://sns.example.com/a.pem"));
        assert_eq!(judged(&mut libraries, &certificate, &elsewhere), [false; 2], "{kind} {version}, a certificate");
        let fresh = message(kind, version, &format!("{name}ff"), now());
        let signed = libraries.sign("sns", &private, &fresh, 0);
        assert_eq!(judged(&mut libraries, &other, &signed), [false; 2], "{kind} {version}, another certificate");
    }
}

/// Without a subject another list of fields is signed.
#[test]
fn a_notification_without_a_subject_is_genuine_too() {
    let mut libraries = Libraries::start(Tongue::Node);
    let (private, certificate) = keys();
    let mut plain = message("Notification", "2", "00000005", now());
    let mut body: Value = serde_json::from_slice(&plain.body).expect("JSON");
    body.as_object_mut().expect("an object").remove("Subject");
    plain.body = body.to_string().into();
    let signed = libraries.sign("sns", &private, &plain, 0);
    assert_eq!(judged(&mut libraries, &certificate, &signed), [true; 2]);
}

/// AWS signs the token of an end of a subscription; the validator leaves it out, and believes none.
#[test]
fn the_end_of_a_subscription_is_genuine_to_us_alone() {
    let mut libraries = Libraries::start(Tongue::Node);
    let (private, certificate) = keys();
    let plain = message("UnsubscribeConfirmation", "2", "00000006", now());
    let signed = libraries.sign("sns", &private, &plain, 0);
    assert_eq!(judged(&mut libraries, &certificate, &signed), [false, true]);
}

/// The validator judges no time.
#[test]
fn an_old_message_is_refused_by_us_alone() {
    let mut libraries = Libraries::start(Tongue::Node);
    let (private, certificate) = keys();
    let plain = message("Notification", "2", "00000007", now() - 4_000);
    let signed = libraries.sign("sns", &private, &plain, 0);
    assert_eq!(judged(&mut libraries, &certificate, &signed), [true, false]);
}
