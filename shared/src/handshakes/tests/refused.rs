//! What is no handshake, or one that must not be answered.

use proptest::prelude::*;

use super::*;

#[test]
fn what_is_no_handshake_goes_on() {
    let none = [
        ("slack", post(r#"{"type": "event_callback", "challenge": "c"}"#)),
        ("zoom", post(r#"{"event": "meeting.started", "payload": {"plainToken": "c"}}"#)),
        ("x", get("token=c")),
        ("meta", get("hub.mode=subscribe")),
        ("microsoft-graph", Request { query: "validationToken=c", ..post("{}") }),
        ("okta", get("")),
        ("azure-event-grid", post("[]")),
        ("azure-event-grid", Request { headers: &[("aeg-event-type", "Notification")], ..post("[]") }),
        ("monday", post(r#"{"challenge": "c", "event": {}}"#)),
        ("notion", post(r#"{"verification_token": "secret_0123456789abcdef", "type": "page.created"}"#)),
        ("asana", post("{}")),
        ("discord", post(r#"{"type": 1, "event": {"type": "APPLICATION_AUTHORIZED"}}"#)),
        ("discord", post(r#"{"type": 2}"#)),
        (
            "twitch",
            Request { headers: &[("twitch-eventsub-message-type", "notification")], ..post(r#"{"challenge": "c"}"#) },
        ),
        ("ebay", get("")),
        ("adobe-sign", get("")),
        ("braintree", get("")),
        ("github", get("challenge=c&crc_token=c&hub.challenge=c&validationToken=c")),
    ];
    for (scheme, request) in none {
        assert!(ask(scheme, &request).is_none(), "{scheme}");
    }
}

/// Each would have the secret sign something that it signs for an event.
#[test]
fn no_challenge_is_signed_that_could_be_an_event() {
    let forged = [
        (
            "zoom",
            post(
                r#"{"event": "endpoint.url_validation", "payload": {"plainToken": "v0:1700000000:{\"event\":\"a\"}"}}"#,
            ),
        ),
        ("zoom", post(r#"{"event": "endpoint.url_validation", "payload": {"plainToken": "v0:1700000000:1"}}"#)),
        ("zoom", post(r#"{"event": "endpoint.url_validation", "payload": {}}"#)),
        ("x", get("crc_token=%7B%22for_user_id%22%3A1%7D")),
        ("x", get("crc_token=a+b")),
        ("x", get("crc_token=")),
        ("x", get("crc_token=a&crc_token=b")),
        ("braintree", get("bt_challenge=PG5vdGlmaWNhdGlvbj4")),
        ("braintree", get("bt_challenge=")),
    ];
    for (scheme, request) in forged {
        assert!(matches!(fault(scheme, &request), Fault::Malformed(_)), "{scheme} {}", request.query);
    }
    let long = "a".repeat(300);
    assert!(matches!(fault("x", &get(&format!("crc_token={long}"))), Fault::Malformed(_)));
    assert!(matches!(fault("braintree", &get(&format!("bt_challenge={long}"))), Fault::Malformed(_)));
}

/// What a challenge may be, no body of an event is: the answer to one is no signature of another.
#[test]
fn what_a_challenge_could_be_is_no_event() {
    let forges = |scheme: &str, body: &[u8]| {
        let headers = HeaderMap::new();
        of(scheme).iter().any(|one| one.forges.is_some_and(|forges| forges(&Presented::of(&headers, body))))
    };
    for (scheme, body) in [("x", "12345"), ("x", "null"), ("braintree", "bt_signature=x&bt_payload=f15fbb1cffe2")] {
        assert!(forges(scheme, body.as_bytes()), "{scheme} {body}");
    }
    for (scheme, body) in [("x", "{}"), ("x", ""), ("braintree", "bt_payload=PG5vdGlmaWNhdGlvbj4%3D%0A"), ("zoom", "1")]
    {
        assert!(!forges(scheme, body.as_bytes()), "{scheme} {body}");
    }
}

#[test]
fn no_address_says_again_what_a_browser_would_run() {
    let script = "%3Cscript%3Ealert(1)%3C%2Fscript%3E";
    for (scheme, query) in [("dropbox", "challenge="), ("x", "crc_token="), ("ebay", "challenge_code=")] {
        assert!(matches!(fault(scheme, &get(&format!("{query}{script}"))), Fault::Malformed(_)), "{scheme}");
    }
    let graph = format!("validationToken={script}");
    assert!(matches!(fault("microsoft-graph", &Request { query: &graph, ..post("") }), Fault::Malformed(_)));
    let meta = format!("hub.mode=subscribe&hub.verify_token=t&hub.challenge={script}");
    assert!(matches!(fault("meta", &get(&meta)), Fault::Malformed(_)));
    let okta = Request { headers: &[("x-okta-verification-challenge", "<b>")], ..get("") };
    assert!(matches!(fault("okta", &okta), Fault::Malformed(_)));
    for body in [r#"{"challenge": "<b>"}"#, r#"{"challenge": "a\nb"}"#, r#"{"challenge": ""}"#] {
        assert!(matches!(fault("monday", &post(body)), Fault::Malformed(_)), "{body}");
    }
}

#[test]
fn who_does_not_know_the_owners_word_is_refused() {
    for query in [
        "hub.mode=subscribe&hub.challenge=1&hub.verify_token=guess",
        "hub.mode=subscribe&hub.challenge=1&hub.verify_token=hush",
        "hub.mode=subscribe&hub.challenge=1",
        "hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=t",
        "hub.mode=subscribe&hub.challenge=1&hub.verify_token=guess&hub.verify_token=t",
    ] {
        assert!(matches!(ask("meta", &get(query)), Some(Err(_))), "{query}");
        let without = Request { settings: Settings::default(), ..get(query) };
        assert!(matches!(ask("meta", &without), Some(Err(_))), "{query}");
    }
    let sign = |id| Request { headers: id, ..get("") };
    assert_eq!(fault("adobe-sign", &sign(&[("x-adobesign-clientid", "other")])), Fault::Mismatch);
    assert_eq!(answer("adobe-sign", &sign(&[("x-adobesign-clientid", "hush")])).0, 200);
}

#[test]
fn no_secret_is_learned_that_can_be_guessed_or_cannot_be_one() {
    for secret in ["", "short", "with a space in it, and so none", &"x".repeat(300)] {
        let headers = [("x-hook-secret", secret)];
        let body = json!({ "verification_token": secret }).to_string();
        for (scheme, request) in [("asana", Request { headers: &headers, ..post("") }), ("notion", post(&body))] {
            let fresh = Request { settings: Settings::default(), ..request };
            assert!(matches!(fault(scheme, &fresh), Fault::Malformed(_)), "{scheme} {secret}");
        }
    }
    let twice = [("x-hook-secret", "0123456789abcdef"), ("x-hook-secret", "fedcba9876543210")];
    let request = Request { headers: &twice, settings: Settings::default(), ..post("") };
    assert!(matches!(fault("asana", &request), Fault::Malformed(_)));
}

const SCHEMES: [&str; 18] = [
    "adobe-sign",
    "asana",
    "braintree",
    "cloudevents",
    "discord",
    "dropbox",
    "ebay",
    "azure-event-grid",
    "meta",
    "microsoft-graph",
    "monday",
    "notion",
    "okta",
    "slack",
    "trello",
    "twitch",
    "x",
    "zoom",
];

proptest! {
    #[test]
    fn no_request_makes_them_panic_or_say_what_a_browser_would_run(
        body: Vec<u8>, text in "\\PC{0,40}", key in "challenge|crc_token|bt_challenge|challenge_code|hub.challenge|validationToken",
        value: Vec<u8>, which in 0usize..6,
    ) {
        let names = [
            "x-okta-verification-challenge", "x-hook-secret", "webhook-request-origin", "aeg-event-type",
            "x-adobesign-clientid", "twitch-eventsub-message-type",
        ];
        let mut headers = HeaderMap::new();
        if let Ok(value) = HeaderValue::from_bytes(&value) {
            headers.insert(names[which], value);
        }
        let challenge = json!({ "type": "url_verification", "challenge": text, "event": "endpoint.url_validation" });
        let encoded: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
        let query = format!("hub.mode=subscribe&hub.verify_token=t&{key}={encoded}");
        let settings = settings(json!({ "url": "https://example.com", "public_key": "p" }));
        for scheme in SCHEMES {
            prop_assert!(!of(scheme).is_empty(), "{}", scheme);
            for body in [&body[..], challenge.to_string().as_bytes(), b""] {
                let request = Presented { query: Some(&query), ..Presented::of(&headers, body) };
                for handshake in of(scheme) {
                    if let Some(Ok(Outcome::Answer(reply))) = (handshake.answer)(&Asked { request: &request, settings: &settings }) {
                        let (_, _, body) = read(reply);
                        prop_assert!(!body.contains(&b'<') && !body.contains(&b'\r'), "{}", scheme);
                    }
                }
            }
        }
    }
}
