//! GitLab: what its owner pasted says how it proves itself, and no request does.

use http::{HeaderMap, HeaderValue};

use super::made::NOW;
use crate::schemes::{Fetched, Presented, Proof, STANDARD, Settings, Verifier, Wrong, named};
use crate::secret::Secret;
use crate::signature::{Fault, Key};

const SIGNING: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const TOKEN: &str = "a secret token";
const BODY: &[u8] = br#"{"object_kind":"push"}"#;

fn verifier(secrets: &[&str]) -> Result<Verifier, Wrong> {
    let secrets = secrets.iter().map(|secret| Secret::new(*secret)).collect();
    Verifier::new(named("gitlab").unwrap(), Settings::with_secrets(secrets))
}

fn headers(signed: bool, token: Option<&'static str>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("webhook-id", HeaderValue::from_static("f5e5f430-f57b-4e6e-9fac-d9128cd7232f"));
    headers.insert("webhook-timestamp", NOW.seconds().into());
    if let Some(token) = token {
        headers.insert("x-gitlab-token", HeaderValue::from_static(token));
    }
    if signed {
        let key = Key::new(STANDARD.algorithm, &Secret::new(SIGNING)).unwrap();
        let signature = STANDARD.sign(&key, &Presented::of(&headers, BODY)).unwrap();
        headers.insert("webhook-signature", signature.parse().unwrap());
    }
    headers
}

fn verdict(secrets: &[&str], headers: &HeaderMap, body: &[u8]) -> Result<Proof, Fault> {
    verifier(secrets).unwrap().verify(&Presented::of(headers, body), &Fetched::default(), NOW)
}

#[test]
fn a_signing_token_wants_a_signature_and_never_takes_a_token() {
    assert_eq!(verifier(&[SIGNING]).unwrap().kind(), Proof::Signed);
    assert_eq!(verdict(&[SIGNING], &headers(true, None), BODY), Ok(Proof::Signed));
    assert_eq!(verdict(&[SIGNING], &headers(true, Some(TOKEN)), BODY), Ok(Proof::Signed));
    assert_eq!(verdict(&[SIGNING], &headers(true, Some(SIGNING)), b"{}"), Err(Fault::Mismatch));
    let missing = Err(Fault::Missing("header webhook-signature".into()));
    assert_eq!(verdict(&[SIGNING], &headers(false, Some(SIGNING)), BODY), missing);
}

#[test]
fn a_secret_token_is_compared_and_passes_over_no_signature() {
    assert_eq!(verifier(&[TOKEN]).unwrap().kind(), Proof::Authenticated);
    assert_eq!(verdict(&[TOKEN], &headers(false, Some(TOKEN)), BODY), Ok(Proof::Authenticated));
    assert_eq!(verdict(&["old", TOKEN], &headers(false, Some(TOKEN)), BODY), Ok(Proof::Authenticated));
    assert_eq!(verdict(&[TOKEN], &headers(false, Some("a secret tokem")), BODY), Err(Fault::Mismatch));
    let missing = Err(Fault::Missing("header x-gitlab-token".into()));
    assert_eq!(verdict(&[TOKEN], &headers(false, None), BODY), missing);
    let fault = verdict(&[TOKEN], &headers(true, Some(TOKEN)), BODY).unwrap_err();
    assert!(matches!(fault, Fault::NotAllowed(_)), "{fault}");
}

#[test]
fn the_two_are_not_mixed() {
    assert_eq!(verifier(&[SIGNING, TOKEN]).err().unwrap().key, "secret");
    assert!(verifier(&["whsec_%%%"]).is_err());
    assert!(verifier(&[]).is_err());
}
