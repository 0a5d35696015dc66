//! GitHub's own vector, and everything that is not it.

use http::HeaderMap;
use proptest::prelude::*;

use crate::schemes::{Check, Fetched, Presented, Proof, Settings, Verifier, named};
use crate::secret::Secret;
use crate::signature::{Fault, Key};
use crate::timestamp::Timestamp;

/// The vector on GitHub's page.
const SECRET: &str = "It's a Secret to Everybody";
const SIGNATURE: &str = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

fn verdict(secrets: &[&str], headers: &[(&'static str, &str)], body: &[u8]) -> Result<Proof, Fault> {
    let secrets = secrets.iter().map(|secret| Secret::new(*secret)).collect();
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, value.parse().unwrap());
    }
    let verifier = Verifier::new(named("github").unwrap(), Settings::with_secrets(secrets)).unwrap();
    verifier.verify(&Presented::of(&map, body), &Fetched::default(), Timestamp(0))
}

#[test]
fn githubs_own_vector_is_signed() {
    let headers = [("x-hub-signature-256", SIGNATURE)];
    assert_eq!(verdict(&[SECRET], &headers, b"Hello, World!"), Ok(Proof::Signed));
    assert_eq!(verdict(&["new", SECRET], &headers, b"Hello, World!"), Ok(Proof::Signed));
    assert_eq!(verdict(&[SECRET], &headers, b"Hello, World?"), Err(Fault::Mismatch));
    assert_eq!(verdict(&["other"], &headers, b"Hello, World!"), Err(Fault::Mismatch));
}

#[test]
fn the_header_must_be_there_once_with_its_own_prefix() {
    let name = "x-hub-signature-256";
    assert_eq!(verdict(&[SECRET], &[], b""), Err(Fault::Missing("header x-hub-signature-256".into())));
    assert_eq!(
        verdict(&[SECRET], &[("x-hub-signature", "sha1=00")], b""),
        Err(Fault::Missing("header x-hub-signature-256".into()))
    );
    assert_eq!(
        verdict(&[SECRET], &[(name, SIGNATURE), (name, SIGNATURE)], b"Hello, World!"),
        Err(Fault::Malformed("header x-hub-signature-256".into()))
    );
    for wrong in ["", "sha256=", &SIGNATURE.replace("sha256", "sha1"), &SIGNATURE[7..], "sha256=zz"] {
        let fault = verdict(&[SECRET], &[(name, wrong)], b"Hello, World!").unwrap_err();
        assert!(matches!(fault, Fault::Malformed(_) | Fault::Mismatch), "{wrong}: {fault}");
    }
}

proptest! {
    #[test]
    fn what_is_signed_verifies_and_nothing_else_does(secret in ".{1,80}", body: Vec<u8>, flip: prop::sample::Index) {
        let Check::Recipe(recipe) = &named("github").unwrap().check else { unreachable!() };
        let key = Key::new(recipe.algorithm, &Secret::new(secret.as_str())).unwrap();
        let signature = recipe.sign(&key, &Presented::of(&HeaderMap::new(), &body)).unwrap();
        let headers = [("x-hub-signature-256", signature.as_str())];
        prop_assert_eq!(verdict(&[&secret], &headers, &body), Ok(Proof::Signed));
        let mut altered = body.clone();
        if altered.is_empty() { altered.push(0) } else { let at = flip.index(altered.len()); altered[at] ^= 1 }
        prop_assert_eq!(verdict(&[&secret], &headers, &altered), Err(Fault::Mismatch));
    }

    #[test]
    fn no_header_makes_the_verifier_panic(value: Vec<u8>, body: Vec<u8>) {
        let mut headers = HeaderMap::new();
        if let Ok(value) = http::HeaderValue::from_bytes(&value) {
            headers.insert("x-hub-signature-256", value);
        }
        let settings = Settings::with_secrets(vec![Secret::new("s")]);
        let verifier = Verifier::new(named("github").unwrap(), settings).unwrap();
        prop_assert!(verifier.verify(&Presented::of(&headers, &body), &Fetched::default(), Timestamp(0)).is_err());
    }
}
