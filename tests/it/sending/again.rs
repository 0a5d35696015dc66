//! Sent again: what was held, given up or missed, and one event at will.

use serde_json::{Value, json};

use super::{deliveries, delivery, endpoints, received};
use crate::harness::{PostOffice, Receiver, Reply, World, event, eventually, stories};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

stories![
    events_for_a_disabled_endpoint_are_held_and_sent_again_once_it_is_back,
    a_delivery_that_was_given_up_goes_on_after_its_last_attempt_with_its_schedule_begun_anew,
    an_event_that_arrived_is_sent_again_to_one_endpoint_alone_under_its_own_id,
    an_event_that_was_never_for_an_endpoint_reaches_it_when_asked,
    what_was_given_up_since_a_time_is_sent_again_and_nothing_older,
    an_endpoint_that_subscribed_late_gets_what_it_has_missed,
    a_delivery_that_waits_for_its_next_attempt_is_tried_at_once_when_asked,
];

pub(super) fn said(output: &std::process::Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub(super) fn path(endpoint: &str) -> String {
    format!("/api/v1/endpoints/{endpoint}/replays")
}

/// Begins a replay. A stack's functions remember for some seconds that an endpoint was disabled, or not there.
pub(super) fn begin(office: &dyn PostOffice, endpoint: &str, order: &Value) -> Value {
    eventually("a replay that begins", || {
        let answer = office.manage("POST", &path(endpoint), order.to_string().as_bytes());
        assert!([200, 202, 404, 409].contains(&answer.status), "{} {}", answer.status, answer.text());
        (answer.status < 300).then(|| answer.json())
    })
}

pub(super) fn replay(office: &dyn PostOffice, endpoint: &str, begun: &Value) -> Value {
    office.show(&format!("{}/{}", path(endpoint), begun["id"].as_str().expect("an id")))
}

/// That replay, once it has ended.
pub(super) fn ended(office: &dyn PostOffice, endpoint: &str, begun: &Value) -> Value {
    eventually("an end of the replay", || {
        Some(replay(office, endpoint, begun)).filter(|found| found["state"] != "running")
    })
}

/// Begins one, and waits until it is done; how many it put back on their way.
fn again(office: &dyn PostOffice, endpoint: &str, order: &Value) -> u64 {
    let done = ended(office, endpoint, &begin(office, endpoint, order));
    assert_eq!((&done["state"], &done["why"], &done["next"]), (&json!("done"), &Value::Null, &Value::Null), "{done}");
    assert!(done["ended"].is_string(), "{done}");
    done["queued"].as_u64().expect("a number")
}

/// A delivery of so many attempts, in that state.
#[track_caller]
fn after(office: &dyn PostOffice, event: &str, endpoint: &str, state: &str, attempts: &[u64]) {
    let numbers = |one: &Value| -> Vec<u64> {
        one["attempts"].as_array().into_iter().flatten().filter_map(|one| one["number"].as_u64()).collect()
    };
    eventually(&format!("{event} to {endpoint} {state} after {attempts:?}"), || {
        let shown = office.show(&format!("/api/v1/deliveries/{event}/{endpoint}"));
        (shown["state"] == state && numbers(&shown) == attempts).then_some(())
    });
}

pub(super) fn emit(office: &dyn PostOffice, kind: &str) -> String {
    office.emit(&event(kind, json!({ "n": 1 }))).accepted()
}

fn health(office: &dyn PostOffice, endpoint: &str) -> Value {
    office.show(&format!("/api/v1/endpoints/{endpoint}"))["health"].clone()
}

fn events_for_a_disabled_endpoint_are_held_and_sent_again_once_it_is_back(world: World) {
    let receiver = Receiver::start();
    let office = world.open(&endpoints(&receiver, &[("a", &format!("secret: {SECRET}"))]));
    said(&office.verb_in(&["endpoints", "disable", "a"], &[]));
    let mut ids = [0; 3].map(|_| emit(&*office, "order.created"));
    // Those of one millisecond have no other order.
    ids.sort();
    for id in &ids {
        after(&*office, id, "a", "held", &[]);
    }
    eventually("three held", || (health(&*office, "a")["held"] == 3).then_some(()));
    let listed = office.show("/api/v1/deliveries?endpoint=a&state=held");
    assert_eq!(listed["data"].as_array().map(Vec::len), Some(3), "{listed}");
    let early = office.manage("POST", &path("a"), br#"{"of": "held"}"#);
    assert_eq!((early.status, &*early.code()), (409, "conflict"), "{}", early.text());
    assert!(early.text().contains("endpoint a is disabled; enable it first"), "{}", early.text());

    let enabled = said(&office.verb_in(&["endpoints", "enable", "a"], &[]));
    let command = "3 deliveries are held for it; this sends them: hookpost retry --endpoint a --held\n";
    assert!(enabled.contains("  enabled\n") && enabled.ends_with(command), "{enabled}");
    let begun = begin(&*office, "a", &json!({ "of": "held" }));
    assert_eq!((&begun["of"], &begun["endpoint"], &begun["tenant"]), (&json!("held"), &json!("a"), &json!("default")));
    assert!(begun["id"].as_str().is_some_and(|id| id.starts_with("rp_")), "{begun}");
    let done = ended(&*office, "a", &begun);
    assert_eq!((&done["state"], &done["queued"]), (&json!("done"), &json!(3)), "{done}");
    for id in &ids {
        after(&*office, id, "a", "delivered", &[1]);
    }
    receiver.requests().iter().for_each(|request| request.verify(SECRET));
    eventually("none held", || (health(&*office, "a")["held"] == 0).then_some(()));

    let second = ended(&*office, "a", &begin(&*office, "a", &json!({ "of": "held" })));
    assert_eq!((&second["state"], &second["queued"]), (&json!("done"), &json!(0)), "a second click repeats nothing");
    office.settle();
    assert_eq!(received(&receiver)["a"], ids);
    let all = office.show(&path("a"));
    assert_eq!((&all["done"], &all["data"]), (&json!(true), &json!([second])));
}

fn a_delivery_that_was_given_up_goes_on_after_its_last_attempt_with_its_schedule_begun_anew(world: World) {
    let receiver =
        Receiver::answering(vec![Reply::status(500), Reply::status(400), Reply::status(404)], Reply::status(200));
    let office = world.open(&endpoints(&receiver, &[("a", "schedule: [0, 1]")]));
    let id = emit(&*office, "order.created");
    after(&*office, &id, "a", "given_up", &[1, 2]);
    eventually("one given up", || (health(&*office, "a")["given_up"] == 1).then_some(()));
    assert_eq!(again(&*office, "a", &json!({ "of": "one", "event": id })), 1);
    after(&*office, &id, "a", "delivered", &[1, 2, 3, 4]);
    assert_eq!(receiver.received_ids()[&id], 4);
    eventually("none given up", || (health(&*office, "a")["given_up"] == 0).then_some(()));
}

fn an_event_that_arrived_is_sent_again_to_one_endpoint_alone_under_its_own_id(world: World) {
    let receiver = Receiver::start();
    let office = world.open(&endpoints(&receiver, &[("a", ""), ("b", "")]));
    let id = emit(&*office, "order.created");
    for name in ["a", "b"] {
        after(&*office, &id, name, "delivered", &[1]);
    }
    assert_eq!(again(&*office, "a", &json!({ "of": "one", "event": id })), 1);
    after(&*office, &id, "a", "delivered", &[1, 2]);
    office.settle();
    after(&*office, &id, "b", "delivered", &[1]);
    assert_eq!(office.show(&path("b"))["data"], json!([]));
    assert_eq!(again(&*office, "b", &json!({ "of": "one", "event": id })), 1, "another endpoint, another replay");
    after(&*office, &id, "b", "delivered", &[1, 2]);
    let got = received(&receiver);
    assert_eq!((&got["a"], &got["b"]), (&vec![id.clone(); 2], &vec![id.clone(); 2]));
    assert_eq!(office.emit(&json!({ "id": id, "type": "order.created", "data": { "n": 1 } })).status, 202);
}

fn an_event_that_was_never_for_an_endpoint_reaches_it_when_asked(world: World) {
    let receiver = Receiver::start();
    let office = world.open(&endpoints(&receiver, &[("a", ""), ("other", "events: invoice.paid")]));
    let id = emit(&*office, "order.created");
    after(&*office, &id, "a", "delivered", &[1]);
    assert_eq!(again(&*office, "other", &json!({ "of": "one", "event": id })), 1);
    delivery(&*office, &id, "other", "delivered");
    assert_eq!(deliveries(&*office, &id).into_keys().collect::<Vec<_>>(), ["a", "other"]);
    assert_eq!(received(&receiver)["other"], [id]);
}

fn received_at(office: &dyn PostOffice, id: &str) -> String {
    office.show(&format!("/api/v1/events/{id}"))["received"].as_str().expect("a time").to_owned()
}

fn what_was_given_up_since_a_time_is_sent_again_and_nothing_older(world: World) {
    let receiver = Receiver::answering(vec![], Reply::status(500));
    let office = world.open(&endpoints(&receiver, &[("a", "schedule: [0]")]));
    let ids = [0; 3].map(|_| {
        let id = emit(&*office, "order.created");
        after(&*office, &id, "a", "given_up", &[1]);
        id
    });
    assert_eq!(office.show("/api/v1/dead")["data"], json!([]), "an endpoint that fails makes no dead letter");
    receiver.set(Reply::status(200));
    let since = received_at(&*office, &ids[1]);
    assert_eq!(again(&*office, "a", &json!({ "of": "failed", "since": since })), 2);
    for id in &ids[1..] {
        after(&*office, id, "a", "delivered", &[1, 2]);
    }
    after(&*office, &ids[0], "a", "given_up", &[1]);
    assert_eq!(receiver.count(), 5);
}

fn an_endpoint_that_subscribed_late_gets_what_it_has_missed(world: World) {
    let receiver = Receiver::start();
    let office = world.open("endpoints: {}\n");
    let older = emit(&*office, "order.created");
    // Times are told in milliseconds.
    std::thread::sleep(std::time::Duration::from_millis(5));
    let mut ids = [0; 3].map(|_| emit(&*office, "order.created"));
    let unwanted = emit(&*office, "invoice.paid");
    office.emit(&json!({ "type": "order.created", "data": 1, "tenant": "acme" })).accepted();
    let late = json!({ "url": receiver.url("/late"), "events": ["order.*"] });
    super::stopping::replace(&*office, &json!({ "endpoints": { "late": late } }));
    let since = received_at(&*office, &ids[0]);
    assert_eq!(again(&*office, "late", &json!({ "of": "missing", "since": since })), 3);
    for id in &ids {
        after(&*office, id, "late", "delivered", &[1]);
    }
    ids.sort();
    assert_eq!(received(&receiver)["late"], ids);
    let rest = again(&*office, "late", &json!({ "of": "missing", "since": received_at(&*office, &older) }));
    assert_eq!(rest, 1, "what it has already is not missing");
    after(&*office, &older, "late", "delivered", &[1]);
    office.settle();
    assert_eq!((receiver.count(), deliveries(&*office, &unwanted).len()), (4, 0));
}

fn a_delivery_that_waits_for_its_next_attempt_is_tried_at_once_when_asked(world: World) {
    let receiver = Receiver::answering(vec![Reply::status(500)], Reply::status(200));
    let office = world.open(&endpoints(&receiver, &[("a", "schedule: [0, 1m]")]));
    let id = emit(&*office, "order.created");
    after(&*office, &id, "a", "pending", &[1]);
    let shown =
        eventually("how it stands", || Some(health(&*office, "a")).filter(|health| health["next_attempt"].is_string()));
    assert_eq!(shown["oldest_undelivered"], received_at(&*office, &id), "{shown}");
    ended(&*office, "a", &begin(&*office, "a", &json!({ "of": "one", "event": id })));
    after(&*office, &id, "a", "delivered", &[1, 2]);
    office.settle();
    let requests = receiver.requests();
    assert_eq!(requests.len(), 2);
    assert!(requests[1].at_ms - requests[0].at_ms < 55_000, "before its time");
    eventually("nothing undelivered", || health(&*office, "a")["oldest_undelivered"].is_null().then_some(()));
}
