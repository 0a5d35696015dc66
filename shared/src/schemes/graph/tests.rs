//! Change notifications, good and bad.

use http::HeaderMap;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::schemes::tests::keys::{OTHER, RSA, served, token, verifier};
use crate::schemes::{Presented, Proof, Verifier};
use crate::signature::Fault;
use crate::timestamp::Timestamp;

const NOW: u64 = 1_700_000_000;
const TENANT: &str = "84bd8158-6d4d-4958-8b9f-9d6445542f95";

fn judged(verifier: &Verifier, body: &[u8]) -> Result<Proof, Fault> {
    let headers = HeaderMap::new();
    let request = Presented::of(&headers, body);
    let set = json!({ "keys": [RSA.jwk("k")] }).to_string();
    verifier.verify(&request, &served(verifier.wants(&request), &set), Timestamp(NOW * 1_000))
}

fn basic() -> Verifier {
    verifier("microsoft-graph", json!({ "secret": ["old", "hush"] })).unwrap()
}

fn rich() -> Verifier {
    verifier("microsoft-graph-rich", json!({ "secret": "hush", "tenant": TENANT, "audience": "app" })).unwrap()
}

#[test]
fn each_notification_must_show_the_client_state() {
    let states = |states: &[Value]| {
        let value: Vec<_> = states
            .iter()
            .map(|state| json!({ "resource": "x", "clientState": state, "n": { "clientState": 1 } }))
            .collect();
        json!({ "value": value }).to_string()
    };
    for good in [vec![json!("hush")], vec![json!("old"), json!("hush")]] {
        assert_eq!(judged(&basic(), states(&good).as_bytes()), Ok(Proof::Authenticated));
    }
    for wrong in [
        vec![],
        vec![json!("guess")],
        vec![json!("hush"), json!("guess")],
        vec![json!("hush"), json!(null)],
        vec![json!("")],
    ] {
        assert_eq!(judged(&basic(), states(&wrong).as_bytes()), Err(Fault::Mismatch), "{wrong:?}");
    }
    assert_eq!(judged(&basic(), br#"{"value": [{"clientState": "hush"}, {}]}"#), Err(Fault::Mismatch));
    assert_eq!(judged(&basic(), br#"{"clientState": "hush"}"#), Err(Fault::Mismatch));
    for malformed in [
        r#"{"value": [{"clientState": "guess", "clientState": "hush"}]}"#,
        r#"{"value": [{"clientState": "guess"}], "value": [{"clientState": "hush"}]}"#,
        r#"{"value": [{"clientState": ["hush"]}]}"#,
        r#"{"value": {"clientState": "hush"}}"#,
        r#"{"value": [{"clientState": "hush"}]} x"#,
        r#"[{"clientState": "hush"}]"#,
        "",
    ] {
        assert_eq!(judged(&basic(), malformed.as_bytes()), Err(Fault::Malformed("the body".into())), "{malformed}");
    }
}

#[test]
fn those_with_data_must_show_good_tokens_too() {
    let claims = json!({
        "iss": format!("https://sts.windows.net/{TENANT}/"), "aud": "app", "exp": NOW + 9,
        "appid": "0bf30f3b-4a52-48df-9a82-234910c4a086",
    });
    let header = json!({ "alg": "RS256", "kid": "k" });
    let by = |claims: &Value| token(&header, claims, |message| RSA.sign(message));
    let body =
        |tokens: &[String]| json!({ "value": [{ "clientState": "hush" }], "validationTokens": tokens }).to_string();
    let verdict = |tokens: &[String]| judged(&rich(), body(tokens).as_bytes());
    assert_eq!(verdict(&[by(&claims)]), Ok(Proof::Authenticated));
    assert_eq!(verdict(&[by(&claims), by(&claims)]), Ok(Proof::Authenticated));
    assert_eq!(verdict(&[]), Err(Fault::Missing("validationTokens in the body".into())));
    assert_eq!(verdict(&[by(&claims), token(&header, &claims, |message| OTHER.sign(message))]), Err(Fault::Mismatch));
    assert!(matches!(verdict(&vec![by(&claims); 9]), Err(Fault::Malformed(_))));
    for (name, value) in [
        ("aud", json!("other")),
        ("iss", json!("https://sts.windows.net/other/")),
        ("exp", json!(NOW - 100)),
        ("appid", json!("11111111-4a52-48df-9a82-234910c4a086")),
        ("appid", json!(null)),
    ] {
        let mut wrong = claims.clone();
        wrong[name] = value;
        assert!(verdict(&[by(&claims), by(&wrong)]).is_err(), "{name}");
    }
    let unknown = json!({ "value": [{ "clientState": "guess" }], "validationTokens": [by(&claims)] }).to_string();
    let headers = HeaderMap::new();
    assert_eq!(rich().wants(&Presented::of(&headers, unknown.as_bytes())), [], "nothing is fetched for a stranger");
    assert_eq!(judged(&rich(), unknown.as_bytes()), Err(Fault::Mismatch));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic_or_pass(body: Vec<u8>, text in "[\\[\\]{}\",:a-z]{0,60}") {
        for verifier in [basic(), rich()] {
            prop_assert!(judged(&verifier, &body).is_err());
            prop_assert!(judged(&verifier, text.as_bytes()).is_err());
        }
    }
}
