//! Tokens that say of themselves how they are to be judged: neither the libraries nor we listen.

use serde_json::json;

use super::library::{Libraries, Tongue};
use super::ours;
use super::request::Request;
use super::sent::event;
use crate::harness::now;

fn refused(libraries: &mut Libraries, public: &str, request: &Request, what: &str) {
    let settings = json!({ "algorithm": "RS256", "public_key": public, "audience": "hookpost" });
    let proof = ours::judge("jwt", &settings, request, now(), "");
    assert!(proof.is_err(), "{what}");
    assert!(libraries.verify("jwt-rs256", public, request).is_err(), "{what}");
}

fn check(tongue: Tongue) {
    let (mut libraries, now) = (Libraries::start(tongue), now());
    let (private, public) = libraries.keys("jwt-rs256");
    let genuine = libraries.sign("jwt-rs256", &private, &event("jwt", now), now);
    let settings = json!({ "algorithm": "RS256", "public_key": public, "audience": "hookpost" });
    ours::judge("jwt", &settings, &genuine, now, "").expect("a genuine one");
    let unsigned = libraries.sign("jwt-none", "", &event("jwt", now), now);
    refused(&mut libraries, &public, &unsigned, "no signature");
    // With a digest keyed by what everybody knows.
    let mut jose = Libraries::start(Tongue::Node);
    let confused = jose.sign("jwt-confused", &public, &event("jwt", now), now);
    jose.verify("jwt-confused", &public, &confused).expect("made as meant");
    refused(&mut libraries, &public, &confused, "the public key as a secret");
    let secret = json!({ "algorithm": "HS256", "secret": "hush", "audience": "hookpost" });
    for request in [&genuine, &unsigned, &confused] {
        assert!(ours::judge("jwt", &secret, request, now, "").is_err());
    }
}

#[test]
fn a_token_of_pyjwt_does_not_choose_its_algorithm() {
    check(Tongue::Python);
}

#[test]
fn a_token_of_jose_does_not_choose_its_algorithm() {
    check(Tongue::Node);
}
