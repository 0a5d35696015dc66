//! The sender's door: what is an event, who may emit one, and what the others are told.

use std::time::Duration;

use serde_json::json;

use super::endpoints;
use crate::harness::{ADMIN, EVENTS, PASSWORD, Receiver, Setup, World, event, stories, within};

stories![
    the_same_event_again_is_accepted_and_delivered_once,
    only_a_token_for_events_opens_the_door,
    what_is_no_event_is_refused_and_its_field_named,
];

fn the_same_event_again_is_accepted_and_delivered_once(world: World) {
    let receiver = Receiver::start();
    let office = world.open(&endpoints(&receiver, &[("a", ""), ("b", "")]));
    let bearer = format!("Bearer {}", office.events_token());
    let emit = |json: &str| office.ask_sender("POST", "", &[("authorization", &bearer)], json.as_bytes());
    let first = emit(r#"{"id": "order-7", "type": "order.created", "data": {"n": 1}}"#);
    assert_eq!((first.status, first.json()), (202, json!({ "id": "order-7", "endpoints": 2 })));
    assert_eq!(first.header("content-type"), Some("application/json"));
    let again = emit(r#"{"data": {"n": 1}, "channels": [], "type": "order.created", "id": "order-7"}"#);
    assert_eq!((again.status, again.json()), (202, json!({ "id": "order-7", "endpoints": 2 })));
    receiver.wait_for(2);
    emit(r#"{"id": "order-7", "type": "order.created", "data": {"n": 1}}"#).accepted();
    for other in [
        r#"{"id": "order-7", "type": "order.created", "data": {"n": 2}}"#,
        r#"{"id": "order-7", "type": "order.changed", "data": {"n": 1}}"#,
        r#"{"id": "order-7", "type": "order.created", "data": {"n": 1}, "channels": ["eu"]}"#,
        r#"{"id": "order-7", "type": "order.created", "data": {"n": 1}, "timestamp": "2026-11-22T10:00:00Z"}"#,
    ] {
        let taken = emit(other);
        assert_eq!((taken.status, &*taken.code()), (409, "conflict"), "{other}: {}", taken.text());
    }
    // An id is a tenant's own.
    let theirs = emit(r#"{"id": "order-7", "type": "order.created", "data": {"n": 2}, "tenant": "acme"}"#);
    assert_eq!((theirs.status, theirs.json()["endpoints"].as_u64()), (202, Some(0)));
    let made: Vec<String> = (0..3).map(|_| office.emit(&event("x.y", json!({}))).accepted()).collect();
    assert!(made.iter().all(|id| id.starts_with("msg_")) && made.windows(2).all(|two| two[0] < two[1]), "{made:?}");
    receiver.wait_for(2 + 6);
    super::settle(&*office);
    let times = receiver.received_ids();
    assert!(times.len() == 4 && times.values().all(|times| *times == 2), "{times:?}");
}

fn only_a_token_for_events_opens_the_door(world: World) {
    let office = world.open("endpoints: {}\n");
    let body = br#"{"type": "order.created", "data": {}}"#;
    let made = office.manage("POST", "/api/v1/tokens", br#"{"scope": "events"}"#);
    assert_eq!(made.status, 201, "{}", made.text());
    let made = made.json();
    let (token, name) = (made["token"].as_str().expect("a token"), made["id"].as_str().expect("an id"));
    let basic = format!("Basic {}", base64_of(&format!("anyone:{token}")));
    let try_with =
        |authorization: &str| office.ask_sender("POST", "", &[("authorization", authorization)], body).status;
    assert_eq!((try_with(&format!("Bearer {token}")), try_with(&basic)), (202, 202));
    let nobody = office.ask_sender("POST", "", &[], body);
    assert_eq!((nobody.status, &*nobody.code()), (401, "unauthorized"));
    assert_eq!(nobody.json()["error"]["message"], "not authenticated");
    assert_eq!(office.ask_sender("POST", &format!("?token={token}"), &[], body).status, 401, "not in a query");
    for wrong in [format!("Bearer {token}x"), format!("Bearer {ADMIN}"), format!("Bearer {PASSWORD}"), "Bearer ".into()]
    {
        assert_eq!(try_with(&wrong), 401, "{wrong}");
    }
    let listed = office.show("/api/v1/tokens");
    assert!(listed["data"].as_array().expect("a list").iter().any(|one| one["id"] == name), "{listed}");
    assert!(!listed.to_string().contains(token), "a token is shown once");
    assert_eq!(office.manage("POST", "/api/v1/tokens", br#"{"scope": "admin"}"#).status, 400);
    assert_eq!(office.manage("DELETE", &format!("/api/v1/tokens/{name}"), b"").status, 200);
    // A stack's sender remembers a token for half a minute.
    within(Duration::from_secs(60), "a token that was taken back is refused", || {
        (try_with(&format!("Bearer {token}")) == 401).then_some(())
    });
    assert_eq!(office.manage("DELETE", &format!("/api/v1/tokens/{name}"), b"").status, 404);
}

#[test]
fn a_token_for_events_is_good_for_events_only() {
    let hookpost = Setup::default().sending().start();
    let bearer = format!("Bearer {EVENTS}");
    let events = [("authorization", &*bearer)];
    for path in ["/api/v1/tokens", "/api/v1/events", "/api/v1/endpoints", "/api/v1/config", "/api/v1/dead"] {
        assert_eq!(hookpost.send("GET", path, &events, b"").status, 401, "{path}");
    }
    assert_eq!(hookpost.post("/in", &events, b"{}").status, 401);
    assert_eq!(hookpost.post("/events", &events, br#"{"type": "a", "data": 1}"#).status, 202);
}

#[test]
fn who_is_refused_early_reads_the_answer_all_the_same() {
    let hookpost = Setup::default().sending().start();
    let body = vec![b'x'; 5 << 20];
    let bearer = format!("Bearer {EVENTS}");
    for _ in 0..5 {
        assert_eq!(hookpost.post("/events", &[], &body).status, 401);
        assert_eq!(hookpost.send("PUT", "/events", &[], &body).status, 405);
        assert_eq!(hookpost.post("/events", &[("authorization", &bearer)], &body).status, 413);
    }
}

#[test]
fn bytes_that_are_no_text_are_no_event() {
    let hookpost = Setup::default().sending().start();
    let bearer = format!("Bearer {EVENTS}");
    for content_type in ["application/json", "application/cloudevents+json"] {
        let headers = [("authorization", &*bearer), ("content-type", content_type)];
        let answer = hookpost.post("/events", &headers, b"{\"type\": \"a\", \"data\": \"\xff\"}");
        assert_eq!((answer.status, &*answer.code()), (422, "invalid_event"), "{}", answer.text());
        assert!(answer.text().contains("body: is not"), "{}", answer.text());
    }
}

#[test]
fn what_is_no_cloud_event_is_refused_and_its_attribute_named() {
    let hookpost = Setup::default().sending().start();
    let bearer = format!("Bearer {EVENTS}");
    let structured = [("authorization", &*bearer), ("content-type", "application/cloudevents+json; charset=utf-8")];
    let wrong = [
        ("{", "body: is not a JSON object"),
        (r#"{"id": "1", "source": "/", "type": "a"}"#, "specversion: is missing"),
        (r#"{"specversion": "0.3", "id": "1", "source": "/", "type": "a"}"#, "specversion: is not 1.0"),
        (r#"{"specversion": "1.0", "source": "/", "type": "a"}"#, "id: is missing"),
        (r#"{"specversion": "1.0", "id": "1", "source": "/"}"#, "type: is missing"),
        (r#"{"specversion": "1.0", "id": "1", "source": "/", "type": "a", "time": "now"}"#, "time: is not a time"),
        (
            r#"{"specversion": "1.0", "id": "1", "source": "/", "type": "a", "data_base64": "%"}"#,
            "data_base64: is not base64",
        ),
    ];
    for (body, expected) in wrong {
        let answer = hookpost.post("/events", &structured, body.as_bytes());
        let message = answer.json()["error"]["message"].as_str().unwrap_or_default().to_owned();
        assert!(answer.status == 422 && message.starts_with(expected), "{body}: {}", answer.text());
    }
    let binary = [("authorization", &*bearer), ("content-type", "application/json"), ("ce-specversion", "1.0")];
    let all = [&binary[..], &[("ce-id", "1"), ("ce-source", "/"), ("ce-type", "a")]].concat();
    let answer = hookpost.post("/events", &all, b"{broken");
    assert!(answer.status == 422 && answer.text().contains("data: is not JSON, which its content type says it is"));
    let answer = hookpost.post("/events", &all[..4], b"{}");
    assert!(answer.status == 422 && answer.text().contains("source: is missing"), "{}", answer.text());
    assert_eq!(hookpost.post("/events", &all, b"{}").status, 202);
}

fn base64_of(text: &str) -> String {
    base64::Engine::encode(&base64::engine::general_purpose::STANDARD, text)
}

fn what_is_no_event_is_refused_and_its_field_named(world: World) {
    let office = world.open("endpoints: {}\n");
    let bearer = format!("Bearer {}", office.events_token());
    let emit = |headers: &[(&str, &str)], body: &[u8]| {
        office.ask_sender("POST", "", &[&[("authorization", &*bearer)], headers].concat(), body)
    };
    let deep = format!(r#"{{"type": "a", "data": {}1{}}}"#, "[".repeat(500_000), "]".repeat(500_000));
    let channels =
        format!(r#"{{"type": "a", "data": 1, "channels": {:?}}}"#, (0..11).map(|n| n.to_string()).collect::<Vec<_>>());
    let wrong: [(&[u8], &str); 18] = [
        (b"", "body: is not a JSON object"),
        (b"{", "body: is not a JSON object"),
        (b"[]", "body: is not a JSON object"),
        (br#"{"type": "a", "data": 1} x"#, "body: is not a JSON object"),
        (br#"{"type": "a", "data": 01}"#, "body: is not a JSON object"),
        (deep.as_bytes(), "body: is nested deeper than 128"),
        (br#"{"data": 1}"#, "type: is missing"),
        (br#"{"type": 1, "data": 1}"#, "type: is not a text"),
        (br#"{"type": "order created", "data": 1}"#, "type: is not an event type"),
        (br#"{"type": "order..created", "data": 1}"#, "type: is not an event type"),
        (br#"{"type": "a"}"#, "data: is missing"),
        (br#"{"type": "a", "data": 1, "id": "a.b"}"#, "id: is not an id"),
        (br#"{"type": "a", "data": 1, "id": ""}"#, "id: is not an id"),
        (br#"{"type": "a", "data": 1, "timestamp": "yesterday"}"#, "timestamp: is not a time"),
        (br#"{"type": "a", "data": 1, "channels": ["a b"]}"#, "channels: is not a list of names"),
        (channels.as_bytes(), "channels: is not a list of names"),
        (br#"{"type": "a", "data": 1, "tenant": "A!"}"#, "tenant: is not a name"),
        (br#"{"type": "a", "payload": 1}"#, "payload: is not a known field. Allowed: type, data"),
    ];
    for (body, expected) in wrong {
        let answer = emit(&[("content-type", "application/json")], body);
        let shown = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
        assert_eq!((answer.status, &*answer.code()), (422, "invalid_event"), "{shown}: {}", answer.text());
        let message = answer.json()["error"]["message"].as_str().unwrap_or_default().to_owned();
        assert!(message.starts_with(expected), "{shown}: {message}");
    }
    let large = [br#"{"type": "a", "data": ""#.as_slice(), &vec![b'x'; 4 << 20], b"\"}"].concat();
    let answer = emit(&[], &large);
    assert_eq!((answer.status, &*answer.code()), (413, "too_large"));
    let answer = emit(&[("content-type", "application/cloudevents-batch+json")], b"[]");
    assert_eq!((answer.status, &*answer.code()), (415, "unsupported_media_type"));
    for method in ["GET", "PUT", "DELETE"] {
        let answer = office.ask_sender(method, "", &[("authorization", &bearer)], b"");
        assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")), "{method}");
    }
    let page = office.show("/api/v1/events");
    assert_eq!(page["data"], json!([]), "nothing of it was kept");
}
