//! Events on a deployed stack: signed, posted, tried again, held, slowed.

use std::time::Duration;

use serde_json::json;

use crate::harness::{Call, Receiver, Reply, Stack, eventually};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

fn order(id: &str) -> serde_json::Value {
    json!({ "id": id, "type": "order.created", "data": { "id": id } })
}

#[test]
fn an_event_goes_out_signed_to_every_endpoint_that_wants_it() {
    let (stack, a, b, c) = (Stack::deploy(), Receiver::start(), Receiver::start(), Receiver::start());
    stack.apply(&format!(
        "endpoints:
  a: {{ url: {}, secret: {SECRET}, headers: {{ Authorization: Bearer dont-tell-anyone }} }}
  b: {{ url: {}, secret: {OTHER}, events: order.* }}
  c: {{ url: {}, events: post.* }}
",
        a.url("/hooks?x=1"),
        b.url("/"),
        c.url("/")
    ));
    let answer = stack.emit(&order("o-1"));
    assert_eq!((answer.status, answer.json()), (202, json!({ "id": "o-1", "endpoints": 2 })));
    let (of_a, of_b) = (a.wait_for(1).remove(0), b.wait_for(1).remove(0));
    of_a.verify(SECRET);
    of_b.verify(OTHER);
    assert_eq!((of_a.path(), of_a.query(), of_a.header("webhook-id")), ("/hooks", "x=1", Some("o-1")));
    assert_eq!(of_a.header("authorization"), Some("Bearer dont-tell-anyone"));
    assert_eq!((&of_a.json()["type"], &of_a.json()["data"]), (&json!("order.created"), &json!({ "id": "o-1" })));
    for endpoint in ["a", "b"] {
        let shown = stack.delivered("o-1", endpoint, "delivered", 1);
        assert_eq!((&shown["attempts"][0]["number"], &shown["attempts"][0]["status"]), (&json!(1), &json!(204)));
    }
    assert_eq!(stack.emit(&order("o-1")).json()["endpoints"], 2, "the same again is the same");
    assert_eq!(stack.emit(&json!({ "id": "o-1", "type": "order.created", "data": 2 })).status, 409);
    stack.settle();
    assert_eq!((a.count(), b.count(), c.count()), (1, 1, 0));
    let stranger = stack.ask("EventsUrl", "POST", "/", &[("authorization", "Bearer wrong")], b"{}");
    assert_eq!(stranger.status, 401);
}

#[test]
fn an_endpoint_that_fails_is_tried_again_until_it_arrives() {
    let (stack, receiver) = (Stack::deploy(), Receiver::start());
    receiver.script(vec![Reply::status(500), Reply::status(400)], Reply::status(204));
    stack.apply(&format!("endpoints:\n  a: {{ url: {}, schedule: [0, 2, 4], secret: {SECRET} }}\n", receiver.url("/")));
    stack.emit(&order("o-1"));
    let shown = stack.delivered("o-1", "a", "delivered", 3);
    let numbers: Vec<_> = (0..3).map(|at| shown["attempts"][at]["number"].as_u64()).collect();
    assert_eq!(numbers, [Some(1), Some(2), Some(3)]);
    let requests = receiver.requests();
    let waits: Vec<_> = requests.windows(2).map(|pair| pair[1].at - pair[0].at).collect();
    assert!(waits[0] >= Duration::from_secs(2) && waits[1] >= Duration::from_secs(4), "{waits:?}");
    assert!(requests.iter().all(|request| request.header("webhook-id") == Some("o-1")));
    requests.iter().for_each(|request| request.verify(SECRET));
    stack.settle();
    assert_eq!(receiver.count(), 3);
}

#[test]
fn a_receiver_that_is_gone_has_its_deliveries_held() {
    let (stack, gone, well) = (Stack::deploy(), Receiver::start(), Receiver::start());
    gone.set(Reply::status(410));
    stack.apply(&format!("endpoints:\n  gone: {{ url: {} }}\n  well: {{ url: {} }}\n", gone.url("/"), well.url("/")));
    stack.emit(&order("o-1"));
    stack.delivered("o-1", "gone", "held", 1);
    let shown = stack.admin("GET", "/api/v1/endpoints", &[], b"").json();
    assert_eq!(shown["data"][0]["disabled"]["reason"], "the endpoint is gone (status 410)");
    // Who read of it before learns of it within seconds.
    let mut n = 1;
    let mut next = || {
        n += 1;
        let id = format!("o-{n}");
        stack.emit(&order(&id));
        stack.delivered(&id, "well", "delivered", 1);
        eventually("a verdict", || stack.delivery(&id, "gone").filter(|it| it["state"] != "pending"))
    };
    eventually("an event held unasked", || Some(next()).filter(|it| it["attempts"] == json!([])));
    let asked = gone.count();
    assert_eq!(next()["state"], "held");
    assert_eq!(gone.count(), asked);
    assert!(stack.verb(&["endpoints", "enable", "gone"], &[]).status.success());
    gone.set(Reply::status(204));
    eventually("an event delivered", || Some(next()).filter(|it| it["state"] == "delivered"));
    stack.settle();
}

#[test]
fn an_endpoint_that_asks_for_rest_is_left_alone_and_no_attempt_is_spent() {
    let (stack, receiver) = (Stack::deploy(), Receiver::start());
    receiver.script(vec![Reply::status(429).header("retry-after", "6")], Reply::status(204));
    stack.apply(&format!("endpoints:\n  a: {{ url: {}, schedule: [0, 1] }}\n", receiver.url("/")));
    stack.emit(&order("o-1"));
    stack.delivered("o-1", "a", "pending", 1);
    stack.emit(&order("o-2"));
    stack.delivered("o-1", "a", "delivered", 2);
    stack.delivered("o-2", "a", "delivered", 1);
    let requests = receiver.requests();
    assert_eq!(requests.len(), 3);
    for later in &requests[1..] {
        let rest = later.at - requests[0].at;
        assert!(rest >= Duration::from_secs(6), "{rest:?}");
    }
}

#[test]
fn what_arrives_at_once_costs_four_writes() {
    let (stack, receiver) = (Stack::deploy(), Receiver::start());
    stack.apply(&format!("endpoints:\n  a: {{ url: {} }}\n", receiver.url("/")));
    stack.emit(&order("o-1"));
    stack.delivered("o-1", "a", "delivered", 1);
    let calls = |id: &str| {
        let id = format!("event/default/{id}");
        let calls = stack.calls().into_iter().filter(|call| call.about == id && call.function != "api");
        let mut all: Vec<_> = calls.map(|call| call.action.replace("dynamodb:", "")).collect();
        all.sort();
        all
    };
    let expected = ["GetItem", "PutItem", "PutItem", "UpdateItem", "UpdateItem"];
    assert_eq!(calls("o-1"), expected);
    let since = stack.calls().len();
    stack.emit(&order("o-2"));
    stack.delivered("o-2", "a", "delivered", 1);
    assert_eq!(calls("o-2"), expected);
    let calls = stack.calls().into_iter().skip(since).filter(|call| call.function != "api");
    let writes =
        calls.filter(|call| ["PutItem", "UpdateItem", "DeleteItem"].iter().any(|it| call.action.ends_with(it)));
    // Beside them only what is counted of an endpoint, which each deliverer writes once a minute at most.
    let is_count = |call: &Call| call.json()["Key"]["sk"]["S"].as_str().is_some_and(|row| row.starts_with("health/"));
    let (counts, others): (Vec<_>, Vec<_>) = writes.partition(is_count);
    assert_eq!(others.len(), 4, "nothing else is written");
    assert!(counts.len() <= 1 && counts.iter().all(|call| call.about == "endpoint/default/a"), "{counts:?}");
    stack.settle();
}

#[test]
fn what_came_of_attempts_is_counted_and_told_to_cloudwatch() {
    let (stack, receiver) = (Stack::deploy(), Receiver::start());
    receiver.script(vec![Reply::status(500)], Reply::status(204));
    stack.apply(&format!("endpoints:\n  a: {{ url: {}, schedule: [0, 1] }}\n", receiver.url("/")));
    stack.emit(&order("o-1"));
    stack.delivered("o-1", "a", "delivered", 2);
    stack.settle();
    let counted = eventually("a count", || stack.rows("endpoint/default/a").into_iter().find(is_of_an_hour));
    assert!(counted["expires"]["N"].is_string(), "{counted}");
    let lines = eventually("two lines of metrics", || Some(stack.metrics()).filter(|lines| lines.len() >= 2));
    let sum = |name: &str| lines.iter().filter_map(|line| line[name].as_u64()).sum::<u64>();
    assert_eq!((sum("Delivered"), sum("Failed"), sum("Held")), (1, 1, 0), "{lines:?}");
    let namespace = &lines[0]["_aws"]["CloudWatchMetrics"][0]["Namespace"];
    assert_eq!(*namespace, format!("Hookpost/hookpost-{}", stack.account));
    assert!(lines.iter().all(|line| !line.to_string().contains("o-1")), "{lines:?}");
}

fn is_of_an_hour(row: &serde_json::Value) -> bool {
    row["sk"]["S"].as_str().is_some_and(|row| row.starts_with("health/"))
}

#[test]
fn no_secret_of_an_endpoint_reaches_a_message_a_schedule_the_table_or_the_log() {
    let (stack, receiver) = (Stack::deploy(), Receiver::start());
    let echo = format!("you sent Bearer dont-tell-anyone and {SECRET}");
    receiver.set(Reply::status(500).body(echo));
    stack.apply(&format!(
        "endpoints:
  a:
    url: {}
    secret: {SECRET}
    headers: {{ Authorization: Bearer dont-tell-anyone, X-Key: other-hush-hush }}
    schedule: [0, 1, 1h]
",
        receiver.url("/")
    ));
    let token = stack.events_token().to_owned();
    stack.emit(&order("o-1"));
    let shown = stack.delivered("o-1", "a", "pending", 2);
    assert_eq!(shown["attempts"][0]["response"], "you sent Bearer [secret] and [secret]", "{shown}");
    eventually("a schedule", || {
        stack.calls().iter().any(|call| call.action == "scheduler:CreateSchedule").then_some(())
    });
    let scan = stack.aws("dynamodb", "DynamoDB_20120810.Scan", &json!({ "TableName": stack.resources["Table"] }));
    let mut seen = vec![("the log".to_owned(), stack.log()), ("the table".to_owned(), scan.to_string())];
    for call in stack.calls() {
        seen.push((call.action.clone(), String::from_utf8_lossy(&call.body).into_owned()));
    }
    for place in ["sqs:SendMessageBatch", "sqs:SendMessage", "scheduler:CreateSchedule", "dynamodb:UpdateItem"] {
        assert!(seen.iter().any(|(seen, text)| seen == place && text.contains("o-1")), "nothing in {place}");
    }
    let key = stack.secret("OutboundKey");
    let key = serde_json::from_str::<serde_json::Value>(&key).expect("JSON")["1"].as_str().expect("a key").to_owned();
    for secret in [SECRET, &SECRET[6..], "dont-tell-anyone", "other-hush-hush", &*token, &*key] {
        for (place, text) in &seen {
            assert!(!text.contains(secret), "{secret} in {place}: {text}");
        }
    }
}
