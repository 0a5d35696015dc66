//! Endpoints of an applied file, beside its sources.

use serde_json::json;

use super::{Owner, said, source};
use crate::harness::{Setup, World, stories};

stories![endpoints_are_planned_sealed_and_never_shown];

fn endpoint(name: &str, inside: &str) -> String {
    format!("  {name}: {{ url: 'https://builder.example.com/build/', {inside} }}\n")
}

fn endpoints_are_planned_sealed_and_never_shown(world: World) {
    let owner = Owner::of(world);
    let site = |inside: &str| format!("sources:\n{}endpoints:\n{}", source("a", "one"), endpoint("site", inside));
    let first = owner.apply(&site("headers: { X-Key: env:KEY }"), &["--yes"], &[("KEY", "hush-hush")]);
    assert!(said(&first).contains("  + a\n  + endpoint site\nApplied as version 1."), "{}", said(&first));
    let again = owner.apply(&site("headers: { X-Key: env:KEY }"), &["--yes"], &[("KEY", "hush-hush")]);
    assert_eq!(said(&again), "Nothing to change.\n");
    let shown = owner.config("GET", "", &[], b"");
    assert_eq!(shown.json()["endpoints"]["site"]["headers"], json!({ "X-Key": "[sealed]" }));
    let changed = owner.apply(&site("auth: { bearer: hush-hush }"), &["--yes"], &[]);
    assert!(said(&changed).contains("  ~ endpoint site: auth.bearer, headers.X-Key\n"), "{}", said(&changed));
    let wrong = owner.apply(&site("timeout: 1h"), &["--yes"], &[]);
    assert!(said(&wrong).contains("endpoints.site.timeout: \"1h\" is not within 1s to 30s"), "{}", said(&wrong));
    let removed = owner.apply(&format!("sources:\n{}", source("a", "one")), &["--yes"], &[]);
    let expected = "  - endpoint site  (its pending deliveries will be cancelled)\n";
    assert!(said(&removed).contains(expected), "{}", said(&removed));
    assert_eq!(owner.config("GET", "", &[], b"").json()["endpoints"], json!({}));
}

#[test]
fn the_file_of_the_server_owns_the_endpoints_it_names() {
    let owner = Owner::OneMachine(Setup::config(&format!("endpoints:\n{}", endpoint("mine", ""))).start());
    let output = owner.apply(&format!("endpoints:\n{}", endpoint("mine", "enabled: false")), &["--yes"], &[]);
    let expected = "endpoints.mine: the server's own file names this endpoint; change it there";
    assert!(said(&output).contains("409") && said(&output).contains(expected), "{}", said(&output));
    let other = owner.apply(&format!("endpoints:\n{}", endpoint("other", "")), &["--yes"], &[]);
    assert!(other.status.success(), "{}", said(&other));
}

/// A certificate until that year, and its key.
fn certified(until: i32) -> (String, String) {
    let key = rcgen::KeyPair::generate().expect("a key");
    let mut parameters = rcgen::CertificateParams::new(["us.example".to_owned()]).expect("a name");
    (parameters.not_before, parameters.not_after) =
        (rcgen::date_time_ymd(2020, 1, 1), rcgen::date_time_ymd(until, 1, 1));
    (parameters.self_signed(&key).expect("a certificate").pem(), key.serialize_pem())
}

#[test]
fn certificates_are_applied_with_their_keys_sealed_unless_they_have_expired() {
    let owner = Owner::OneMachine(Setup::default().start());
    let described = |certificate: &str, key: &str| {
        let tls = json!({ "ca": certificate, "certificate": certificate, "key": key });
        json!({ "endpoints": { "site": { "url": "https://builder.example.com/", "tls": tls } } }).to_string()
    };
    let (certificate, key) = certified(2120);
    for written in [key.as_str(), "env:KEY"] {
        let output = owner.apply(&described(&certificate, written), &["--yes"], &[("KEY", &*key)]);
        assert!(output.status.success(), "{}", said(&output));
    }
    let shown = owner.config("GET", "", &[], b"");
    let tls = &shown.json()["endpoints"]["site"]["tls"];
    assert_eq!((&tls["key"], &tls["certificate"]), (&json!("[sealed]"), &json!(certificate)));
    let (expired, key) = certified(2021);
    let output = owner.apply(&described(&expired, &key), &["--yes"], &[]);
    let expected = "endpoints.site.tls.certificate: expired on 2021-01-01T00:00:00Z";
    assert!(!output.status.success() && said(&output).contains(expected), "{}", said(&output));
    let server = Setup::config(&described(&expired, &key)).start();
    assert!(server.log().contains(expected) && !server.log().contains("PRIVATE"), "{}", server.log());
}
