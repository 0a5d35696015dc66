//! Providers that nobody wrote a scheme for: verified by what their owner says.

mod asked;
mod verbs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha512;

use crate::harness::{Answer, PostOffice, World, now, stories};

const SECRET: &str = "c2VjcmV0IHNlY3JldCBzZWNyZXQ=";

const ACME: &str = r#"
sources:
  acme:
    verify:
      scheme: hmac
      secret: [old secret, c2VjcmV0IHNlY3JldCBzZWNyZXQ=]
      header: X-Acme-Signature
      prefix: "v1="
      separator: ","
      encoding: base64
      digest: sha512
      message: "{header:X-Acme-Id}.{timestamp}:{body}{open}{close}"
      timestamp: { header: X-Acme-Time, unit: milliseconds, tolerance: 10m }
    email: ops@example.com
  called:
    verify:
      scheme: hmac
      secret: c2VjcmV0IHNlY3JldCBzZWNyZXQ=
      signature: { query: sig }
      digest: sha512
      message: "{method} {header:X-Acme-Id}"
    email: ops@example.com
"#;

stories![
    a_provider_that_nobody_knows_is_verified_by_its_parts,
    a_caller_is_known_by_a_signature_that_does_not_cover_the_body,
    the_parts_are_applied_and_shown_without_the_secret,
];

fn mac(message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha512>::new_from_slice(SECRET.as_bytes()).expect("a key");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

/// What Acme sends with a body, signed at that time in milliseconds.
fn acme(id: &str, time: u64, body: &str) -> Vec<(&'static str, String)> {
    let signature = STANDARD.encode(mac(format!("{id}.{time}:{body}{{}}").as_bytes()));
    vec![
        ("x-acme-id", id.to_owned()),
        ("x-acme-time", time.to_string()),
        ("x-acme-signature", format!("v0=AAAA, v1={signature}")),
    ]
}

fn post(to: &dyn PostOffice, headers: &[(&str, String)], body: &str) -> Answer {
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    to.post("/in/acme", &headers, body.as_bytes())
}

fn a_provider_that_nobody_knows_is_verified_by_its_parts(world: World) {
    let hookpost = world.open(ACME);
    let millis = now() * 1_000;
    for (id, age) in [("1", 0), ("2", 500_000)] {
        let taken = post(&*hookpost, &acme(id, millis - age, "{\"a\": 1}"), "{\"a\": 1}");
        let mail = hookpost.mail(&taken.accepted());
        assert!(mail.text().contains("Signed: the body is as the sender made it"), "{mail:?}");
    }
    let refused = |headers: &[(&str, String)], body: &str, why: &str| {
        assert_eq!(post(&*hookpost, headers, body).status, 401, "{why}");
    };
    refused(&acme("3", millis - 700_000, "{}"), "{}", "too old");
    refused(&acme("4", millis, "{}"), "{ }", "another body");
    refused(&acme("7", millis, "{}")[..2], "{}", "no signature");
    let mut other = acme("5", millis, "{}");
    other[0].1 = "6".into();
    refused(&other, "{}", "another id");
    hookpost.settle();
    assert_eq!(hookpost.mails().len(), 2);
}

fn a_caller_is_known_by_a_signature_that_does_not_cover_the_body(world: World) {
    let hookpost = world.open(ACME);
    let signature = hex::encode(mac(b"POST 1"));
    let path = format!("/in/called?sig={signature}");
    let answer = hookpost.post(&path, &[("x-acme-id", "1")], b"whatever");
    let mail = hookpost.mail(&answer.accepted());
    assert!(!mail.text().contains("as the sender made it") && !mail.text().contains(&signature), "{}", mail.text());
    assert_eq!(hookpost.send("PUT", &path, &[("x-acme-id", "1")], b"whatever").status, 401);
    assert_eq!(hookpost.post(&path, &[("x-acme-id", "2")], b"whatever").status, 401);
}

fn the_parts_are_applied_and_shown_without_the_secret(world: World) {
    let hookpost = world.open(ACME);
    let wrong = json!({ "sources": { "other": {
        "verify": { "scheme": "hmac", "secret": "hush", "header": "x-a", "message": "{bdoy}" }, "email": "a@b.c",
    } } });
    let refused = hookpost.manage_if("\"1\"", "PUT", "/api/v1/config", wrong.to_string().as_bytes());
    let said = refused.json()["error"]["message"].as_str().unwrap_or_default().to_owned();
    assert_eq!(refused.status, 422);
    assert!(said.contains("sources.other.verify.message: names \"{bdoy}\"") && said.contains("\"body\"?"), "{said}");
    if let World::Aws = world {
        let verify = hookpost.show("/api/v1/config")["sources"]["acme"]["verify"].clone();
        assert_eq!(verify["secret"], json!(["[sealed]", "[sealed]"]));
        assert_eq!(verify["timestamp"], json!({ "header": "X-Acme-Time", "unit": "milliseconds", "tolerance": "10m" }));
        assert_eq!(verify["message"], "{header:X-Acme-Id}.{timestamp}:{body}{open}{close}");
    }
}
