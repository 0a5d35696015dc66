//! Webhooks that go on as events: in at one door, out to every subscriber.

use serde_json::json;

use super::{delivery, endpoints};
use crate::harness::{Github, Receiver, World, stories};

stories![
    a_genuine_webhook_goes_out_once_as_an_event,
    a_webhook_that_is_no_json_goes_out_all_the_same,
    a_webhook_is_published_and_mailed,
];

const SOURCES: &str = "
sources:
  shop: { verify: { scheme: github, secret: hush }, publish: order.created }
  both: { verify: { scheme: github, secret: hush }, publish: order.created, email: ops@example.com }
";

const SHOP: Github<'_> = Github { path: "/in/shop", secret: "hush" };

fn config(receiver: &Receiver) -> String {
    let all = [("json", "events: 'order.*'"), ("raw", "format: raw"), ("other", "events: invoice.paid")];
    format!("{SOURCES}{}", endpoints(receiver, &all))
}

fn a_genuine_webhook_goes_out_once_as_an_event(world: World) {
    let receiver = Receiver::start();
    let office = world.open(&config(&receiver));
    let body = "{ \"total\": 19.990,\n \"big\": 12345678901234567890123, \"name\": \"Zo\\u00eb ☃\" }";
    let forged = Github { secret: "guess", ..SHOP }.post(&*office, "d-1", body.as_bytes());
    assert_eq!(forged.status, 401);
    let id = SHOP.post(&*office, "d-1", body.as_bytes()).accepted();
    let requests = receiver.wait_for(2);
    for request in &requests {
        assert_eq!(request.header("webhook-id"), Some(&*id), "the webhook's id is the event's");
    }
    let at = |path: &str| requests.iter().find(|request| request.path() == path).expect("a request");
    assert_eq!(at("/raw").text(), body);
    assert_eq!(at("/raw").header("content-type"), Some("application/json"));
    let envelope = at("/json").text();
    assert!(envelope.starts_with(r#"{"type":"order.created","timestamp":""#), "{envelope}");
    assert!(envelope.ends_with(&format!(r#","data":{body}}}"#)), "{envelope}");
    delivery(&*office, &id, "json", "delivered");
    let shown = office.show(&format!("/api/v1/events/{id}"));
    assert_eq!(shown["origin"], json!({ "source": "shop", "proof": "signed" }), "history says what it was made of");

    for _ in 0..3 {
        SHOP.post(&*office, "d-1", body.as_bytes()).accepted();
    }
    let other = SHOP.post(&*office, "d-2", body.as_bytes()).accepted();
    receiver.wait_for(4);
    super::settle(&*office);
    let times = receiver.received_ids();
    assert_eq!(times, [(id, 2), (other, 2)].into(), "what the provider repeats goes out once");
    assert!(office.mails().is_empty(), "nobody asked for mail");
}

fn a_webhook_that_is_no_json_goes_out_all_the_same(world: World) {
    let receiver = Receiver::start();
    let office = world.open(&config(&receiver));
    let cases: [(&str, &[u8], &str, &str, serde_json::Value); 5] = [
        ("text/plain", b"Zo\xc3\xab \"1\"\n", "text/plain", "data", json!("Zoë \"1\"\n")),
        ("text/csv", b"123", "text/csv", "data", json!("123")),
        ("application/json", b"{broken", "text/plain; charset=utf-8", "data", json!("{broken")),
        ("application/octet-stream", b"\x00\xff\xfe", "application/octet-stream", "data_base64", json!("AP/+")),
        (
            "application/x-www-form-urlencoded",
            b"a=1&b=2",
            "application/x-www-form-urlencoded",
            "data",
            json!("a=1&b=2"),
        ),
    ];
    for (at, (content_type, body, sent, key, expected)) in cases.into_iter().enumerate() {
        let signature = SHOP.signature(body);
        let headers = [("content-type", content_type), ("x-hub-signature-256", &*signature)];
        let id = office.post("/in/shop", &headers, body).accepted();
        let requests = receiver.wait_for(2 * at + 2).split_off(2 * at);
        assert!(requests.iter().all(|request| request.header("webhook-id") == Some(&*id)), "{content_type}");
        let raw = requests.iter().find(|request| request.path() == "/raw").expect("raw");
        assert_eq!((&*raw.body, raw.header("content-type")), (body, Some(sent)), "{content_type}");
        let json = requests.iter().find(|request| request.path() == "/json").expect("json").json();
        assert_eq!(json[key], expected, "{content_type}: {json}");
        let shown = office.show(&format!("/api/v1/events/{id}"));
        assert_eq!((&shown[key], &shown["content_type"]), (&expected, &json!(sent)), "{shown}");
    }
}

fn a_webhook_is_published_and_mailed(world: World) {
    let receiver = Receiver::start();
    let office = world.open(&config(&receiver));
    let both = Github { path: "/in/both", ..SHOP };
    let id = both.post(&*office, "d-1", b"{\"n\": 1}").accepted();
    let mail = office.mail(&id);
    assert!(mail.subject().starts_with("both: push ") && mail.to() == "ops@example.com", "{mail:?}");
    both.post(&*office, "d-1", b"{\"n\": 1}").accepted();
    receiver.wait_for(2);
    super::settle(&*office);
    assert_eq!((office.mails().len(), receiver.received_ids()), (1, [(id, 2)].into()));
}
