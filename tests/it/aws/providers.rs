//! Providers' requests as a front door of AWS hands them over: signatures over bytes, whatever the event made of them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::events::{event, start};
use crate::harness::{Function, Stack, now};

const SOURCES: &str = "\
sources:
  slack: { verify: { scheme: slack, secret: new secret }, email: ops@example.com }
  github: { verify: { scheme: github, secret: new secret }, email: ops@example.com }
  twilio: { verify: { scheme: twilio, secret: new secret, url: https://hooks.example.com/twilio }, email: ops@example.com }
  square: { verify: { scheme: square, secret: new secret, url: https://hooks.example.com/square }, email: ops@example.com }
  docusign: { verify: { scheme: docusign, secret: new secret }, email: ops@example.com }
";

/// The bytes of the body that a provider sent.
fn sent(event: &Value) -> Vec<u8> {
    let text = event["body"].as_str().unwrap_or_default();
    if event["isBase64Encoded"] == true { STANDARD.decode(text).expect("base64") } else { text.into() }
}

/// The same event with one letter of its body made another.
fn altered(event: &Value, at: &str) -> Value {
    let (mut body, mut altered) = (sent(event), event.clone());
    let found = body.windows(at.len()).position(|window| window == at.as_bytes());
    body[found.unwrap_or_else(|| panic!("no {at}"))] ^= 1;
    let is_base64 = event["isBase64Encoded"] == true;
    let text = if is_base64 { STANDARD.encode(&body) } else { String::from_utf8(body).expect("text") };
    altered["body"] = json!(text);
    altered
}

/// What it is answered: the status, and the id of what was taken. Some providers want another answer
/// than 202.
fn answer(listener: &mut Function, event: &Value) -> (u64, String) {
    let answer = listener.invoke(event).expect("an answer");
    match answer["headers"]["x-hookpost-id"].as_str() {
        Some(id) => (202, id.to_owned()),
        None => (answer["statusCode"].as_u64().expect("a status"), String::new()),
    }
}

/// Slack signs the time: what was recorded is signed anew, over the same bytes.
fn signed_now(mut event: Value) -> Value {
    let now = now().to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(b"new secret").expect("a key");
    mac.update(format!("v0:{now}:").as_bytes());
    mac.update(&sent(&event));
    event["headers"]["x-slack-request-timestamp"] = json!(now);
    event["headers"]["x-slack-signature"] = json!(format!("v0={}", hex::encode(mac.finalize().into_bytes())));
    event
}

#[test]
fn what_a_provider_signed_is_proved_however_the_front_door_wrote_it() {
    let stack = Stack::deploy();
    stack.apply(SOURCES);
    let mut listener = start(&stack, "Listener");
    let command = signed_now(event("listener-slack-command"));
    let cases = [
        ("slack-command", command, "weather"),
        ("no-type", event("listener-no-type"), "city"),
        ("cloudevent", event("listener-cloudevent"), "created"),
        ("mixed-case", event("listener-mixed-case"), "opened"),
        ("twilio", event("listener-twilio"), "Tag=b"),
        ("square", event("listener-square"), "created"),
        ("docusign", event("listener-docusign"), "completed"),
    ];
    for (name, event, at) in cases {
        let (status, id) = answer(&mut listener, &event);
        assert_eq!(status, 202, "{name}");
        let mail = stack.mail(&id);
        assert!(mail.text().contains("Signed: the body is as the sender made it"), "{name}: {}", mail.text());
        assert_eq!(answer(&mut listener, &altered(&event, at)).0, 401, "{name}, altered");
    }
    stack.settle();
}

#[test]
fn an_event_without_a_body_has_an_empty_one_and_joined_headers_are_no_signature() {
    let stack = Stack::deploy();
    stack.apply(SOURCES);
    let mut listener = start(&stack, "Listener");
    let empty = event("listener-no-body");
    assert!(empty.get("body").is_none());
    assert_eq!(answer(&mut listener, &empty).0, 202);
    let mut filled = empty;
    filled["body"] = json!("{}");
    assert_eq!(answer(&mut listener, &filled).0, 401);
    assert_eq!(answer(&mut listener, &event("listener-joined-signatures")).0, 401);
    assert_eq!(answer(&mut listener, &event("listener-slack-command")).0, 401, "recorded long ago");
    stack.settle();
}

#[test]
fn the_front_door_alone_says_which_certificate_was_shown() {
    const PARTNER: &str = "\
sources:
  partner:
    verify:
      scheme: certificate
      subject: CN=shop.example.com,O=Shop,C=DE
      fingerprint: 'BC:1C:11:46:12:5C:36:EF:D4:9A:F4:8F:62:4E:CA:F3:8D:11:26:3E:B6:26:2B:DD:40:44:27:B2:46:53:F3:78'
    email: ops@example.com
";
    let stack = Stack::deploy();
    stack.apply(PARTNER);
    let mut listener = start(&stack, "Listener");
    let shown = event("listener-client-certificate");
    let (status, id) = answer(&mut listener, &shown);
    assert_eq!(status, 202);
    let mail = stack.mail(&id);
    assert!(!mail.text().contains("Signed: the body"), "{}", mail.text());
    let certificate = &shown["requestContext"]["authentication"]["clientCert"];
    let mut other = shown.clone();
    other["requestContext"]["authentication"]["clientCert"]["subjectDN"] = json!("CN=elsewhere.example.com");
    assert_eq!(answer(&mut listener, &other).0, 401);
    let mut none = shown.clone();
    none["requestContext"]["authentication"] = json!(null);
    assert_eq!(answer(&mut listener, &none).0, 401);
    for (header, field) in
        [("x-amzn-mtls-clientcert", "clientCertPem"), ("x-amzn-mtls-clientcert-subject", "subjectDN")]
    {
        none["headers"][header] = json!(certificate[field].as_str().expect("a text").replace('\n', "%0A"));
    }
    assert_eq!(answer(&mut listener, &none).0, 401, "a caller's word for it");
    stack.settle();
}

#[test]
fn an_address_is_signed_as_it_was_called_and_not_as_it_was_read() {
    let stack = Stack::deploy();
    stack.apply(SOURCES);
    let mut listener = start(&stack, "Listener");
    for (name, from, to) in [("listener-twilio", "K%c3%b6ln", "K%C3%B6ln"), ("listener-square", "S%2BB", "S%2bB")] {
        let mut event = event(name);
        let query = event["rawQueryString"].as_str().expect("a query").to_owned();
        assert!(query.contains(from), "{query}");
        event["rawQueryString"] = json!(query.replace(from, to));
        assert_eq!(answer(&mut listener, &event).0, 401, "{name}: the same to a reader, other bytes");
        event["rawQueryString"] = json!(query);
        event["headers"]["host"] = json!("elsewhere.example.com");
        event["queryStringParameters"] = json!({ "any": "thing" });
        assert_eq!(answer(&mut listener, &event).0, 202, "{name}: neither counts");
    }
    stack.settle();
}
