//! The vector of Standard Webhooks' libraries, and everything that is not it.

use http::{HeaderMap, HeaderValue};
use proptest::prelude::*;

use std::time::Duration;

use crate::schemes::{Fetched, Presented, Proof, Settings, Verifier, Wrong, named};
use crate::secret::Secret;
use crate::signature::Fault;
use crate::timestamp::Timestamp;

/// The vector that the standard's own libraries test with.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const TIME: &str = "1614265330";
const BODY: &[u8] = br#"{"test": 2432232314}"#;
const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
const THEN: Timestamp = Timestamp(1_614_265_330_000);

fn verifier(secret: &str) -> Result<Verifier, Wrong> {
    Verifier::new(named("standard").unwrap(), Settings::with_secrets(vec![Secret::new(secret)]))
}

fn verdict(id: &str, time: &str, signature: &str, now: Timestamp) -> Result<Proof, Fault> {
    let mut headers = HeaderMap::new();
    headers.insert("webhook-id", id.parse().unwrap());
    headers.insert("webhook-timestamp", time.parse().unwrap());
    headers.insert("webhook-signature", signature.parse().unwrap());
    verifier(SECRET).unwrap().verify(&Presented::of(&headers, BODY), &Fetched::default(), now)
}

#[test]
fn the_libraries_vector_is_signed() {
    assert_eq!(verdict(ID, TIME, SIGNATURE, THEN), Ok(Proof::Signed));
}

#[test]
fn one_valid_signature_among_several_is_enough() {
    for list in
        [format!("v1,AAAA {SIGNATURE}"), format!("{SIGNATURE} v1,AAAA"), format!("v1a,x v2,y nonsense {SIGNATURE}")]
    {
        assert_eq!(verdict(ID, TIME, &list, THEN), Ok(Proof::Signed), "{list}");
    }
}

#[test]
fn five_minutes_either_way_are_fresh_and_a_second_more_is_not() {
    let (five, more) = (Duration::from_secs(300), Duration::from_secs(301));
    assert_eq!(verdict(ID, TIME, SIGNATURE, THEN.after(five)), Ok(Proof::Signed));
    assert_eq!(verdict(ID, TIME, SIGNATURE, THEN.before(five)), Ok(Proof::Signed));
    assert_eq!(verdict(ID, TIME, SIGNATURE, THEN.after(more)), Err(Fault::TooOld(301)));
    assert_eq!(verdict(ID, TIME, SIGNATURE, THEN.before(more)), Err(Fault::InFuture(301)));
}

#[test]
fn a_time_is_plain_digits() {
    let wrong = ["", "+1614265330", "-1", "1614265330.5", " 1614265330", "16142653301614265330", "abc"];
    for time in wrong {
        assert_eq!(
            verdict(ID, time, SIGNATURE, THEN),
            Err(Fault::Malformed("header webhook-timestamp".into())),
            "{time}"
        );
    }
}

#[test]
fn id_time_version_and_signature_are_all_covered() {
    assert_eq!(verdict("msg_x", TIME, SIGNATURE, THEN), Err(Fault::Mismatch));
    assert_eq!(verdict(ID, "1614265331", SIGNATURE, THEN), Err(Fault::Mismatch));
    for wrong in ["v1,", "v1", "v1,g0hM9SsE", &SIGNATURE.replace("v1", "v2"), &SIGNATURE[..SIGNATURE.len() - 2]] {
        assert!(verdict(ID, TIME, wrong, THEN).is_err(), "{wrong}");
    }
}

#[test]
fn secrets_are_read_with_and_without_prefix_and_padding() {
    let bad = ["whsec_%%%", "whsec_", ""];
    assert!(verifier("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").is_ok());
    assert!(verifier("whsec_AAECAwQFBgcICQoLDA0ODw").is_ok());
    assert!(bad.iter().all(|bad| verifier(bad).is_err()));
}

proptest! {
    #[test]
    fn no_header_makes_the_verifier_panic(id: Vec<u8>, time: Vec<u8>, signature: Vec<u8>, now: u64) {
        let mut headers = HeaderMap::new();
        for (name, value) in [("webhook-id", id), ("webhook-timestamp", time), ("webhook-signature", signature)] {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                headers.insert(name, value);
            }
        }
        let verifier = verifier(SECRET).unwrap();
        prop_assert!(verifier.verify(&Presented::of(&headers, BODY), &Fetched::default(), Timestamp(now)).is_err());
    }
}
