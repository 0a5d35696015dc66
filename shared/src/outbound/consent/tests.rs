//! What counts as consent, and what does not.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::config::{Config, Secrets, Spec};
use crate::guard::Guard;
use crate::outbound::pace;
use crate::quantity;

const US: &str = "events.example.com";

fn said(status: u16, headers: &[(&'static str, &str)]) -> Result<Option<u32>, String> {
    let pairs =
        headers.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().expect("as it was made")));
    read(US, &Received { status, headers: pairs.collect(), body: Bytes::new() })
}

fn endpoint(more: serde_json::Value) -> Endpoint {
    let mut endpoint = json!({ "url": "https://a.example/hook?own=1", "consent": US });
    endpoint.as_object_mut().expect("as it was made").extend(more.as_object().expect("as it was made").clone());
    let spec = Spec::read(&json!({ "endpoints": { "a": endpoint } }).to_string()).expect("as it was made");
    let config = Config::check(spec, Secrets::Withheld, Guard::default());
    config.map(|config| Endpoint::clone(&config.endpoints[0])).unwrap_or_else(|problem| panic!("{problem}"))
}

fn state(rate: Option<u32>, refused: Option<&str>) -> EndpointState {
    let (url, origin) = ("https://a.example/hook?own=1".to_owned(), US.to_owned());
    let refused = refused.map(str::to_owned);
    EndpointState {
        consent: Some(Consent { url, origin, at: Timestamp(1), refused, rate }),
        ..EndpointState::default()
    }
}

#[test]
fn consent_is_the_origin_or_everybody_whatever_the_status() {
    for origin in [US, "*", " EVENTS.example.COM "] {
        assert_eq!(said(200, &[(ALLOWED_ORIGIN, origin)]), Ok(None));
        assert_eq!(said(405, &[(ALLOWED_ORIGIN, origin)]), Ok(None));
    }
    let two = [(ALLOWED_ORIGIN, "other.example.com"), (ALLOWED_ORIGIN, US)];
    assert_eq!(
        read(US, &{
            let mut headers = HeaderMap::new();
            for (name, value) in two {
                headers.append(name, value.parse().expect("as it was made"));
            }
            Received { status: 200, headers, body: Bytes::new() }
        }),
        Ok(None)
    );
    for origin in ["example.com", "events.example.com.evil.example", "", "null", "*.example.com"] {
        assert!(said(200, &[(ALLOWED_ORIGIN, origin)]).unwrap_err().contains("is not events.example.com"), "{origin}");
    }
    for status in [200, 204, 405] {
        let words = format!("the endpoint answered {status} without WebHook-Allowed-Origin");
        assert_eq!(said(status, &[(ALLOWED_RATE, "100")]), Err(words));
    }
}

#[test]
fn an_allowed_rate_is_a_number_from_one_or_no_limit() {
    let rate = |rate: &str| said(200, &[(ALLOWED_ORIGIN, "*"), (ALLOWED_RATE, rate)]);
    assert_eq!((rate("120"), rate(" 1 "), rate("*")), (Ok(Some(120)), Ok(Some(1)), Ok(None)));
    assert_eq!(rate("99999999999"), Ok(Some(u32::MAX)));
    for wrong in ["0", "-1", "1.5", "", "many", "1, 2"] {
        assert!(rate(wrong).unwrap_err().ends_with("is no number from 1"), "{wrong}");
    }
}

#[test]
fn the_lesser_rate_counts_and_only_of_who_was_asked() {
    let endpoint = endpoint(json!({ "rate": "10/s" }));
    let (own, allowed) = (quantity::rate("10/s"), quantity::rate("60/m"));
    assert_eq!(pace::rate(&endpoint, &EndpointState::default()), own);
    assert_eq!(pace::rate(&endpoint, &state(Some(60), None)), allowed);
    assert_eq!(pace::rate(&endpoint, &state(Some(100_000), None)), own);
    let mut elsewhere = state(Some(60), None);
    elsewhere.consent.as_mut().expect("as it was made").url = "https://b.example/".into();
    assert_eq!(pace::rate(&endpoint, &elsewhere), own);
    let unlimited = Endpoint { rate: None, ..endpoint };
    assert_eq!(pace::rate(&unlimited, &state(Some(60), None)), allowed);
    assert_eq!(pace::rate(&Endpoint { consent: None, ..unlimited }, &state(Some(60), None)), None);
}

#[test]
fn an_answer_is_good_for_a_day_and_a_refusal_for_five_minutes() {
    let endpoint = endpoint(json!({}));
    let known = |state: &EndpointState, after: Duration| match known(&endpoint, state, Timestamp(1).after(after)) {
        Some(Agreement::None(problem)) => Some(problem.to_string()),
        found => found.map(|_| "given".to_owned()),
    };
    let (given, refused) = (state(None, None), state(None, Some("no")));
    let millisecond = Duration::from_millis(1);
    assert_eq!(known(&given, GOOD - millisecond).as_deref(), Some("given"));
    assert_eq!((known(&given, GOOD), known(&EndpointState::default(), millisecond)), (None, None));
    assert_eq!(known(&refused, REFUSED - millisecond).as_deref(), Some("consent: no"));
    assert_eq!(known(&refused, REFUSED), None);
    for (url, origin) in [("https://a.example/hook", US), ("https://a.example/hook?own=1", "other.example.com")] {
        let (url, origin) = (url.to_owned(), origin.to_owned());
        let other = Consent { url, origin, ..given.consent.clone().expect("as it was made") };
        assert_eq!(known(&EndpointState { consent: Some(other), ..given.clone() }, millisecond), None);
    }
}

proptest! {
    #[test]
    fn no_answer_makes_the_reading_panic(status in 100_u16..600, origin in "[ -~]{0,20}", rate in "[ -~]{0,20}") {
        let consented = said(status, &[(ALLOWED_ORIGIN, &origin), (ALLOWED_RATE, &rate)]).is_ok();
        prop_assert!(!consented || origin.trim() == "*" || origin.trim().eq_ignore_ascii_case(US));
    }
}
