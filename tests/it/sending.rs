//! Events on their way out: who gets them, and that nobody else does.

mod again;
mod door;
mod headers;
mod health;
mod history;
mod limits;
mod manners;
mod publishing;
mod replays;
mod requests;
mod signatures;
mod stopping;
mod verbs;
mod waiting;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::harness::{PostOffice, Receiver, Reply, World, event, eventually, stories};

stories![
    an_event_reaches_every_endpoint_that_subscribed_and_no_other,
    an_event_that_nobody_wants_is_accepted_all_the_same,
    a_failed_delivery_is_tried_again_under_the_same_id,
];

/// One endpoint of a configuration; `rest` are more of its keys.
fn endpoint(name: &str, url: &str, rest: &str) -> String {
    format!("  {name}: {{ url: '{url}', {rest} }}\n")
}

/// A configuration with those endpoints, each at the receiver's `/NAME`.
fn endpoints(receiver: &Receiver, all: &[(&str, &str)]) -> String {
    let each = all.iter().map(|(name, rest)| endpoint(name, &receiver.url(&format!("/{name}")), rest));
    format!("endpoints:\n{}", each.collect::<String>())
}

/// What each endpoint got, by its path: the ids.
fn received(receiver: &Receiver) -> BTreeMap<String, Vec<String>> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for request in receiver.requests() {
        let id = request.header("webhook-id").unwrap_or_default().to_owned();
        all.entry(request.path().trim_start_matches('/').to_owned()).or_default().push(id);
    }
    all.values_mut().for_each(|ids| ids.sort());
    all
}

/// What is kept of that event's deliveries, by endpoint.
fn deliveries(office: &dyn PostOffice, event: &str) -> BTreeMap<String, Value> {
    let shown = office.show(&format!("/api/v1/deliveries?event={event}"));
    let all = shown["data"].as_array().expect("a list").clone();
    all.into_iter().map(|one| (one["endpoint"].as_str().expect("a name").to_owned(), one)).collect()
}

/// Waits until nothing of the default tenant is queued, nor waits for another attempt.
fn settle(office: &dyn PostOffice) {
    office.settle();
    let all = office.show("/api/v1/endpoints");
    for endpoint in all["data"].as_array().expect("a list") {
        let path = format!("/api/v1/deliveries?state=pending&endpoint={}", endpoint["name"].as_str().expect("a name"));
        eventually("nothing pending", || (office.show(&path)["data"] == json!([])).then_some(()));
    }
}

/// That delivery, once it is in that state.
#[track_caller]
fn delivery(office: &dyn PostOffice, event: &str, endpoint: &str, state: &str) -> Value {
    eventually(&format!("{event} to {endpoint} {state}"), || {
        deliveries(office, event).remove(endpoint).filter(|one| one["state"] == state)
    })
}

fn an_event_reaches_every_endpoint_that_subscribed_and_no_other(world: World) {
    let receiver = Receiver::start();
    let office = world.open(&endpoints(
        &receiver,
        &[
            ("all", ""),
            ("exact", "events: order.created"),
            ("several", "events: [invoice.paid, order.created]"),
            ("below", "events: 'order.*'"),
            ("middle", "events: '*.created'"),
            ("other", "events: invoice.paid"),
            ("europe", "channels: [eu, uk]"),
            ("both", "channels: eu, events: 'order.*'"),
            ("elsewhere", "tenant: acme"),
            ("off", "enabled: false"),
        ],
    ));
    let emit = |id: &str, kind: &str, rest: Value| {
        let mut event = event(kind, json!({ "n": 1 }));
        event["id"] = json!(id);
        rest.as_object().expect("fields").iter().for_each(|(name, value)| event[name] = value.clone());
        let answer = office.emit(&event);
        assert_eq!(answer.accepted(), id);
        answer.json()["endpoints"].as_u64().expect("a number")
    };
    assert_eq!(emit("created", "order.created", json!({})), 6);
    assert_eq!(emit("added", "order.item.added", json!({ "channels": ["eu", "us"] })), 5);
    assert_eq!(emit("paid", "invoice.paid", json!({ "channels": ["us"] })), 4);
    assert_eq!(emit("acme", "order.created", json!({ "tenant": "acme" })), 1);
    receiver.wait_for(5 + 4 + 3 + 1);
    settle(&*office);
    let expected = [
        ("all", vec!["added", "created", "paid"]),
        ("exact", vec!["created"]),
        ("several", vec!["created", "paid"]),
        ("below", vec!["added", "created"]),
        ("middle", vec!["created"]),
        ("other", vec!["paid"]),
        ("europe", vec!["added"]),
        ("both", vec!["added"]),
        ("elsewhere", vec!["acme"]),
    ];
    let expected: BTreeMap<String, Vec<String>> =
        expected.map(|(name, ids)| (name.into(), ids.into_iter().map(str::to_owned).collect())).into();
    assert_eq!(received(&receiver), expected);
    delivery(&*office, "created", "off", "held");
    delivery(&*office, "created", "all", "delivered");
}

fn an_event_that_nobody_wants_is_accepted_all_the_same(world: World) {
    let receiver = Receiver::start();
    let office = world.open(&endpoints(&receiver, &[("a", "events: order.created")]));
    let answer = office.emit(&event("invoice.paid", json!({})));
    let id = answer.accepted();
    assert_eq!(answer.json(), json!({ "id": id, "endpoints": 0 }));
    let shown = office.show(&format!("/api/v1/events/{id}"));
    assert_eq!((&shown["type"], &shown["deliveries"]), (&json!("invoice.paid"), &json!([])));
    assert_eq!(receiver.count(), 0);
}

fn a_failed_delivery_is_tried_again_under_the_same_id(world: World) {
    let receiver = Receiver::answering(vec![Reply::status(500), Reply::status(404)], Reply::status(200));
    let office = world.open(&endpoints(&receiver, &[("a", "schedule: [0, 1, 1]")]));
    let id = office.emit(&event("order.created", json!({ "n": 1 }))).accepted();
    let requests = receiver.wait_for(3);
    let delivery = delivery(&*office, &id, "a", "delivered");
    let statuses: Vec<_> = delivery["attempts"].as_array().expect("a list").iter().map(|one| &one["status"]).collect();
    assert_eq!(statuses, [500, 404, 200]);
    let said =
        |name: &str| requests.iter().map(|one| one.header(name).expect("a header").to_owned()).collect::<Vec<_>>();
    assert_eq!(said("webhook-id"), [&*id; 3]);
    let times: Vec<u64> = said("webhook-timestamp").iter().map(|time| time.parse().expect("seconds")).collect();
    assert!(times[0] < times[2], "each attempt says its own time: {times:?}");
    assert!(requests.iter().all(|one| one.body == requests[0].body));
}
