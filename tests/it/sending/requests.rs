//! What an endpoint is sent: method, address, headers and body, as its owner chose them.

use serde_json::json;

use super::{delivery, endpoint, endpoints};
use crate::harness::{PostOffice, Receiver, Reply, Request, Setup, World, event, stories};

stories![
    a_webhook_is_exactly_this,
    an_endpoint_is_called_in_the_way_its_owner_chose,
    what_means_success_is_its_owners_to_say,
];

/// An event written by hand, so that nothing of its data is changed on the way in.
const WRITTEN: &str = concat!(
    r#"{"id": "order-7", "type": "order.created", "timestamp": "2026-11-22T10:00:00+01:00", "data": "#,
    r#"{ "total": 19.990, "big": 12345678901234567890123, "e": 1E2, "name": "Zo\u00eb ☃", "z": 1, "a": [true, null] }}"#
);
const DATA: &str =
    r#"{ "total": 19.990, "big": 12345678901234567890123, "e": 1E2, "name": "Zo\u00eb ☃", "z": 1, "a": [true, null] }"#;

#[track_caller]
fn emit_written(office: &dyn PostOffice, json: &str) -> String {
    let bearer = format!("Bearer {}", office.events_token());
    office.ask_sender("POST", "", &[("authorization", &bearer)], json.as_bytes()).accepted()
}

/// The one request to that endpoint.
#[track_caller]
fn at(receiver: &Receiver, name: &str) -> Request {
    let all = receiver.requests().into_iter();
    let mut all: Vec<_> = all.filter(|request| request.path() == format!("/{name}")).collect();
    assert_eq!(all.len(), 1, "{name}");
    all.remove(0)
}

fn a_webhook_is_exactly_this(world: World) {
    let receiver = Receiver::start();
    let office = world.open(&endpoints(&receiver, &[("a", "")]));
    emit_written(&*office, WRITTEN);
    let request = receiver.wait_for(1).remove(0);
    assert_eq!((request.method(), request.path(), request.query()), ("POST", "/a", ""));
    let body = format!(r#"{{"type":"order.created","timestamp":"2026-11-22T09:00:00.000Z","data":{DATA}}}"#);
    assert_eq!(request.text(), body);
    let mut headers = request.headers();
    headers.sort_unstable();
    let (time, signature) =
        (request.header("webhook-timestamp").unwrap(), request.header("webhook-signature").unwrap());
    let (length, version) = (body.len().to_string(), format!("hookpost/{}", env!("CARGO_PKG_VERSION")));
    let address = receiver.address.to_string();
    let expected = [
        ("content-length", &*length),
        ("content-type", "application/json"),
        ("host", &*address),
        ("user-agent", &*version),
        ("webhook-id", "order-7"),
        ("webhook-signature", signature),
        ("webhook-timestamp", time),
    ];
    assert_eq!(headers, expected);
}

fn an_endpoint_is_called_in_the_way_its_owner_chose(world: World) {
    let receiver = Receiver::start();
    let mut config = endpoints(
        &receiver,
        &[
            ("put", "method: PUT, headers: { X-Key: 'k-1234567', x-empty-ish: ' ' , User-Agent: shop/1 }"),
            ("form", "format: form, auth: { bearer: the-token }"),
            ("raw", "format: raw, auth: { basic: { user: us, password: 'p:ss' } }"),
            ("get", "method: GET, auth: { header: { name: X-Api-Key, value: 'env-free' } }"),
        ],
    );
    config = config.replace("x-empty-ish: ' ' , ", "");
    config += &endpoint("query", &receiver.url("/query?key=a%2Fb&x="), "");
    config += &endpoint("get-query", &receiver.url("/get-query?key=a%2Fb"), "method: GET");
    let office = world.open(&config);
    emit_written(&*office, WRITTEN);
    receiver.wait_for(6);

    let put = at(&receiver, "put");
    assert_eq!(
        (put.method(), put.header("x-key"), put.header("user-agent")),
        ("PUT", Some("k-1234567"), Some("shop/1"))
    );
    let fields = "total=19.990&big=12345678901234567890123&e=1E2&name=Zo%C3%AB+%E2%98%83&z=1&a%5B0%5D=true&a%5B1%5D=";
    let form = at(&receiver, "form");
    assert_eq!((form.text().as_str(), form.header("authorization")), (fields, Some("Bearer the-token")));
    assert_eq!(form.header("content-type"), Some("application/x-www-form-urlencoded"));
    let raw = at(&receiver, "raw");
    assert_eq!((raw.text().as_str(), raw.header("authorization")), (DATA, Some("Basic dXM6cDpzcw==")));
    assert_eq!(raw.header("content-type"), Some("application/json"));
    let get = at(&receiver, "get");
    assert_eq!((get.method(), get.query(), get.header("x-api-key")), ("GET", fields, Some("env-free")));
    assert_eq!((&*get.body, get.header("content-type"), get.header("content-length")), (&b""[..], None, None));
    assert_eq!(at(&receiver, "query").query(), "key=a%2Fb&x=");
    assert_eq!(at(&receiver, "get-query").query(), format!("key=a%2Fb&{fields}"));
}

#[test]
fn everything_can_be_a_form() {
    let receiver = Receiver::start();
    let office = Setup::config(&endpoints(&receiver, &[("form", "format: form")])).sending().start();
    let nested = r#"{"n": 19.90, "a": {"b": [1, {"c": "x y"}], "e": []}, "z": null, "t": true}"#;
    let cases: [(&str, &[u8], &str); 7] = [
        ("application/json", nested.as_bytes(), "n=19.90&a%5Bb%5D%5B0%5D=1&a%5Bb%5D%5B1%5D%5Bc%5D=x+y&z=&t=true"),
        ("application/vnd.shop+json", b"[true, \"&=\"]", "0=true&1=%26%3D"),
        ("application/json", b"\"one\"", "data=one"),
        ("application/json", b"{}", ""),
        ("text/plain", b"a b", "data=a+b"),
        ("image/png", b"\xff\x00", "data_base64=%2FwA%3D"),
        ("application/x-www-form-urlencoded", b"b=2&a=1", "b=2&a=1"),
    ];
    let bearer = format!("Bearer {}", office.events_token());
    for (at, (content_type, data, expected)) in cases.into_iter().enumerate() {
        let id = at.to_string();
        let attributes = [("ce-specversion", "1.0"), ("ce-source", "/"), ("ce-type", "a"), ("ce-id", &*id)];
        let headers = [&[("authorization", &*bearer), ("content-type", content_type)], &attributes[..]].concat();
        office.post("/events", &headers, data).accepted();
        let request = receiver.wait_for(at + 1).remove(at);
        assert_eq!(request.text(), expected, "{content_type}");
        assert_eq!(request.header("content-type"), Some("application/x-www-form-urlencoded"));
    }
}

#[test]
fn data_without_fields_adds_nothing_to_a_query() {
    let receiver = Receiver::start();
    let mut config = endpoints(&receiver, &[("bare", "method: GET")]);
    config += &endpoint("own", &receiver.url("/own?key=1"), "method: GET");
    let office = Setup::config(&config).sending().start();
    emit_written(&office, r#"{"type": "a", "data": {}}"#);
    receiver.wait_for(2);
    assert_eq!((at(&receiver, "bare").query(), at(&receiver, "own").query()), ("", "key=1"));
}

#[test]
fn data_that_does_not_fit_a_format_is_given_up_and_said_so() {
    let receiver = Receiver::start();
    let config = endpoints(&receiver, &[("get", "method: GET"), ("form", "format: form"), ("json", "")]);
    let office = Setup::config(&config).sending().start();
    let long = emit_written(&office, &format!(r#"{{"type": "a", "data": "{}"}}"#, "x".repeat(17_000)));
    let given_up = delivery(&office, &long, "get", "given_up");
    assert_eq!(given_up["attempts"][0]["error"], "the data is too large for a query");
    delivery(&office, &long, "form", "delivered");
    let lone = emit_written(&office, r#"{"type": "a", "data": {"half": "\ud83d"}}"#);
    delivery(&office, &lone, "json", "delivered");
    let error = delivery(&office, &lone, "form", "given_up")["attempts"][0]["error"].clone();
    assert_eq!(error, "the data holds text that a form cannot carry");
}

fn what_means_success_is_its_owners_to_say(world: World) {
    let status = |request: &Request| request.path().trim_start_matches('/')[1..].parse().expect("a status");
    let receiver = Receiver::deciding(move |request| Reply::status(status(request)));
    let office = world.open(&endpoints(
        &receiver,
        &[
            ("s202", "schedule: [0]"),
            ("s204", "schedule: [0], success: [202, 409-419]"),
            ("s409", "schedule: [0], success: [202, 409-419]"),
            ("s410", "schedule: [0], success: [202, 409-419]"),
            ("s301", "schedule: [0]"),
            ("s400", "schedule: [0]"),
        ],
    ));
    let id = office.emit(&event("order.created", json!({}))).accepted();
    for name in ["s202", "s409", "s410"] {
        delivery(&*office, &id, name, "delivered");
    }
    for name in ["s204", "s301", "s400"] {
        let given_up = delivery(&*office, &id, name, "given_up");
        assert_eq!(given_up["attempts"].as_array().map(Vec::len), Some(1), "{given_up}");
    }
    assert_eq!(receiver.count(), 6);
}

#[test]
fn no_endpoint_holds_an_attempt_longer_than_its_timeout() {
    let receiver =
        Receiver::answering(vec![Reply::status(200).after(std::time::Duration::from_secs(20))], Reply::status(204));
    let office = Setup::config(&endpoints(&receiver, &[("a", "timeout: 1s, schedule: [0, 0]")])).sending().start();
    let id = emit_written(&office, r#"{"type": "a", "data": {}}"#);
    let delivered = delivery(&office, &id, "a", "delivered");
    let first = &delivered["attempts"][0];
    assert!(
        first["error"].as_str().is_some_and(|error| error.contains("time")) && first["status"].is_null(),
        "{first}"
    );
    let took = first["took"].as_u64().expect("a number");
    assert!((1_000..3_000).contains(&took), "{first}");
    assert_eq!(delivered["attempts"][1]["status"], 204);
}
