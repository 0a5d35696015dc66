//! `?wait=1`: an answer that says what came of the event at each endpoint.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{endpoint, endpoints};
use crate::harness::{Behaviour, PostOffice, Receiver, Reply, Setup, World, event, stories};

stories![
    who_waits_is_told_what_each_endpoint_said,
    who_waits_for_a_slow_endpoint_is_told_after_ten_seconds_that_it_is_pending,
];

fn outcome<'a>(answer: &'a Value, endpoint: &str) -> &'a Value {
    let all = answer["deliveries"].as_array().expect("a list");
    all.iter().find(|one| one["endpoint"] == endpoint).unwrap_or_else(|| panic!("no {endpoint} in {answer}"))
}

fn who_waits_is_told_what_each_endpoint_said(world: World) {
    let receiver = Receiver::deciding(|request| Reply::status(if request.path() == "/well" { 201 } else { 500 }));
    let gone = Receiver::hostile(Behaviour::ResetsAtOnce);
    let all = [("well", ""), ("failing", "schedule: [0, 1h]"), ("last", "schedule: [0]"), ("off", "enabled: false")];
    let config = endpoints(&receiver, &all) + &endpoint("resets", &gone.url("/"), "schedule: [0, 1h]");
    let mut office = world.open(&config);
    let answer = office.emit_asking("?wait=1", &event("order.created", json!({})));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json();
    assert_eq!((answer["endpoints"].as_u64(), answer["deliveries"].as_array().map(Vec::len)), (Some(5), Some(5)));
    let well = outcome(&answer, "well");
    assert_eq!((&well["outcome"], &well["status"], &well["next"]), (&json!("fulfilled"), &json!(201), &Value::Null));
    assert!(well["took"].is_u64(), "{well}");
    let failing = outcome(&answer, "failing");
    assert_eq!((&failing["outcome"], &failing["status"]), (&json!("rejected"), &json!(500)));
    assert!(failing["next"].is_string(), "{failing}");
    let last = outcome(&answer, "last");
    assert_eq!((&last["outcome"], &last["status"], &last["next"]), (&json!("rejected"), &json!(500), &Value::Null));
    assert_eq!(outcome(&answer, "off"), &json!({ "endpoint": "off", "outcome": "held" }));
    let resets = outcome(&answer, "resets");
    assert_eq!((&resets["outcome"], &resets["status"]), (&json!("rejected"), &Value::Null));
    assert!(resets["error"].as_str().is_some_and(|error| !error.is_empty()), "{resets}");
    office.leaves_work();
}

fn who_waits_for_a_slow_endpoint_is_told_after_ten_seconds_that_it_is_pending(world: World) {
    let slow = Reply::status(200).after(Duration::from_secs(13));
    let receiver = Receiver::deciding(move |request| match request.path() {
        "/slow" => slow.clone(),
        _ => Reply::status(200),
    });
    let office = world.open(&endpoints(&receiver, &[("slow", ""), ("quick", "")]));
    let start = Instant::now();
    let answer = office.emit_asking("?wait=1", &event("order.created", json!({})));
    let took = start.elapsed();
    assert_eq!(answer.status, 202, "{}", answer.text());
    assert!((Duration::from_secs(9)..Duration::from_secs(13)).contains(&took), "{took:?}");
    let (answer, id) = (answer.json(), answer.accepted());
    assert_eq!(outcome(&answer, "slow"), &json!({ "endpoint": "slow", "outcome": "pending" }));
    assert_eq!(outcome(&answer, "quick")["outcome"], "fulfilled");
    super::delivery(&*office, &id, "slow", "delivered");
    assert_eq!(receiver.count(), 2, "it was delivered once all the same");
}

#[test]
fn who_waits_for_the_same_event_again_is_told_what_came_of_it() {
    let receiver = Receiver::start();
    let office = Setup::config(&endpoints(&receiver, &[("a", "")])).sending().start();
    let mut event = event("order.created", json!({}));
    event["id"] = json!("order-7");
    for query in ["?wait=1", "?wait=true", "?wait"] {
        let answer = PostOffice::emit_asking(&office, query, &event);
        assert_eq!((answer.status, &outcome(&answer.json(), "a")["outcome"]), (200, &json!("fulfilled")), "{query}");
    }
    for query in ["?wait=0", "?wait=false", "?x=1"] {
        let answer = PostOffice::emit_asking(&office, query, &event);
        assert_eq!((answer.status, answer.json()), (202, json!({ "id": "order-7", "endpoints": 1 })), "{query}");
    }
    assert_eq!(receiver.count(), 1);
}
