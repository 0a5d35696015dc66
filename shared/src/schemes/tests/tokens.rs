//! The rows whose provider shows a secret.

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::json;

use super::made::NOW;
use crate::schemes::{Check, Fetched, Presented, Proof, Scheme, Settings, Verifier, all, named};
use crate::secret::Secret;
use crate::signature::{Fault, Place};

const SECRET: &str = "Open-sesame_17";

fn rows() -> impl Iterator<Item = (&'static Scheme, &'static Place, &'static str)> {
    all().iter().filter_map(|scheme| match &scheme.check {
        Check::Token { place, prefix } => Some((scheme, place, *prefix)),
        _ => None,
    })
}

fn verdict(scheme: &'static Scheme, place: &Place, values: &[&str]) -> Result<Proof, Fault> {
    let (mut headers, mut body, mut query) = (HeaderMap::new(), json!({"a": 1}), Vec::new());
    for value in values {
        match place {
            Place::Header(name) => {
                headers
                    .append(HeaderName::try_from(&**name).unwrap(), HeaderValue::from_bytes(value.as_bytes()).unwrap());
            }
            Place::Pointer(pointer) => body[&pointer[1..]] = (*value).into(),
            Place::Query(name) => query.push((name.clone().into_owned(), (*value).to_owned())),
            place => panic!("{}: {}", scheme.name, place.name()),
        }
    }
    let (body, query) =
        (body.to_string(), form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish());
    let settings = Settings::with_secrets(vec![Secret::new("another"), Secret::new(SECRET)]);
    let shown = Presented { query: Some(&query), ..Presented::of(&headers, body.as_bytes()) };
    Verifier::new(scheme, settings).unwrap().verify(&shown, &Fetched::default(), NOW)
}

#[test]
fn a_shown_secret_tells_who_calls_and_no_more() {
    assert!(rows().count() >= 6);
    for (scheme, place, prefix) in rows() {
        assert_eq!(
            verdict(scheme, place, &[&format!("{prefix}{SECRET}")]),
            Ok(Proof::Authenticated),
            "{}",
            scheme.name
        );
        assert_eq!(scheme.proof(), Proof::Authenticated, "{}", scheme.name);
        let names = scheme.delivery.is_some() || scheme.event.is_some();
        assert_eq!(
            scheme.delivery.iter().chain(&scheme.event).all(|place| scheme.covers(place)),
            !names,
            "{}",
            scheme.name
        );
    }
}

#[test]
fn anything_but_the_secret_is_refused() {
    for (scheme, place, prefix) in rows() {
        let row = scheme.name;
        assert!(matches!(verdict(scheme, place, &[]), Err(Fault::Missing(_))), "{row}: nothing");
        let right = format!("{prefix}{SECRET}");
        let wrong = [
            "",
            " ",
            "another one",
            &right[..right.len() - 1],
            &format!("{right}7"),
            &format!(" {right}"),
            &format!("{right} "),
            &right.to_lowercase(),
            &right.to_uppercase(),
            &format!("{right}, {right}"),
            &"x".repeat(10_000),
        ];
        for wrong in wrong {
            assert!(verdict(scheme, place, &[wrong]).is_err(), "{row}: {wrong:.40}");
        }
        if !place.is_in_body() {
            let twice = verdict(scheme, place, &[&right, &right]);
            assert!(matches!(twice, Err(Fault::Malformed(_))), "{row}: twice");
        }
    }
}

#[test]
fn a_scheme_that_signs_takes_no_bare_secret() {
    let settings = Settings::with_secrets(vec![Secret::new(SECRET)]);
    let verifier = Verifier::new(named("github").unwrap(), settings).unwrap();
    let mut headers = HeaderMap::new();
    for name in ["x-hub-signature-256", "authorization", "x-gitlab-token"] {
        headers.insert(name, HeaderValue::from_static(SECRET));
    }
    assert!(verifier.verify(&Presented::of(&headers, b""), &Fetched::default(), NOW).is_err());
}
