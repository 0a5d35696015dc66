//! Everything that an event can set off, once, and all that its owner may ask.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Bend, Call, Receiver, Reply, Stack, eventually};

/// Too large for a row.
fn large(id: &str) -> Value {
    json!({ "id": id, "type": "large", "data": "x".repeat(20_000) })
}

pub fn everything(stack: &Stack) {
    let (good, bad, gone) = (Receiver::start(), Receiver::start(), Receiver::start());
    bad.set(Reply::status(500));
    gone.set(Reply::status(410));
    stack.apply(&format!(
        "limits: {{ rate: 1000/s }}
sources:
  told: {{ verify: {{ scheme: password, secret: hush-hush }}, publish: large }}
endpoints:
  good:
    url: {}
    headers: {{ X-A: 'secretsmanager:hookpost/a', X-B: 'ssm:/hookpost/a' }}
    rate: 100/s
    max_concurrent: 5
  bad: {{ url: {}, events: small, schedule: [0, 1, 1h] }}
  gone: {{ url: {}, events: small }}
  told: {{ url: {}, events: nothing, operational: 'endpoint.*' }}
",
        good.url("/"),
        bad.url("/"),
        gone.url("/"),
        good.url("/"),
    ));
    answers_get_lost(stack);
    sent(stack);
    changed(stack);
    handed_out_twice(stack, &good);
    let webhook = stack.send("POST", "/in/told", &[("authorization", "Bearer hush-hush")], &[b'x'; 20_000]).accepted();
    stack.delivered(&webhook, "good", "delivered", 1);
    stack.wire().straighten(&stack.account);
    asked(stack);
}

/// While the first is under way the second is put off for longer than we wait here.
fn handed_out_twice(stack: &Stack, good: &Receiver) {
    good.set(Reply::status(204).after(Duration::from_secs(3)));
    stack.emit(&json!({ "id": "twice", "type": "twice", "data": 1 }));
    let turn =
        json!({ "tenant": "default", "event": "twice", "endpoint": "good", "number": 1, "due": 1, "paced": true });
    let queue = &stack.resources["OutboundQueue"];
    let send = json!({ "QueueUrl": queue, "MessageBody": turn.to_string() });
    eventually("an attempt", || stack.delivery("twice", "good").filter(|it| it["next"].is_object()));
    stack.aws("sqs", "AmazonSQS.SendMessage", &send);
    let hides = |call: &Call| call.function == "deliverer" && call.action == "sqs:ChangeMessageVisibility";
    eventually("a message hidden", || stack.calls().iter().any(hides).then_some(()));
    stack.delivered("twice", "good", "delivered", 1);
    stack.aws("sqs", "AmazonSQS.PurgeQueue", &json!({ "QueueUrl": queue }));
    good.set(Reply::status(204));
}

/// What an event's first answer is lost of, it is found to be kept already.
fn answers_get_lost(stack: &Stack) {
    let mut once = HashSet::new();
    stack.wire().bend(&stack.account, move |call| {
        let keeps = call.action == "dynamodb:PutItem" && call.about.starts_with("event/");
        (keeps && once.insert(call.function.clone())).then_some(Bend::AnswerLost)
    });
}

/// By an application, over a bus, and by hand.
fn sent(stack: &Stack) {
    let waited = stack.emit_to("/?wait=1", &json!({ "id": "small", "type": "small", "data": 1 }));
    assert_eq!(waited.status, 200, "{}\n{}", waited.text(), stack.log());
    assert_eq!(stack.emit(&large("large")).status, 202);
    stack.delivered("large", "good", "delivered", 1);
    // The third attempt, an hour later, is a schedule.
    stack.delivered("small", "bad", "pending", 2);
    stack.delivered("small", "gone", "held", 1);
    let entry = json!({ "Source": "shop", "DetailType": "told", "Detail": "{}" });
    let put = stack.aws("events", "AWSEvents.PutEvents", &json!({ "Entries": [entry] }));
    let id = put["Entries"][0]["EventId"].as_str().expect("an id");
    eventually("the event of the bus", || (!stack.rows(&format!("event/default/{id}")).is_empty()).then_some(()));
    stack.delivered(id, "good", "delivered", 1);
}

/// In the watched table.
fn changed(stack: &Stack) {
    let item = json!({ "id": { "S": "o-1" }, "text": { "S": "x".repeat(20_000) } });
    stack.aws("dynamodb", "DynamoDB_20120810.PutItem", &json!({ "TableName": "orders", "Item": item }));
    eventually("a change", || {
        let watcher = stack.calls().into_iter().filter(|call| call.function == "watcher");
        watcher.into_iter().any(|call| call.action == "sqs:SendMessageBatch").then_some(())
    });
}

/// What was held, and what an endpoint has missed, though it has missed nothing.
fn sent_again(stack: &Stack) {
    for verb in [
        &["retry", "--endpoint", "gone", "--held"][..],
        &["retry", "--endpoint", "good", "--missing", "--since", "2026-01-01T00:00:00Z"],
        &["replays", "--endpoint", "gone"],
    ] {
        let output = eventually("a replay", || Some(stack.verb(verb, &[])).filter(|output| output.status.success()));
        assert!(!output.stdout.is_empty(), "{verb:?}");
    }
    stack.delivered("small", "gone", "held", 2);
    let asks = |index: &str| {
        let calls = stack.calls().into_iter().filter(|call| call.function == "deliverer");
        calls.into_iter().any(|call| call.action == "dynamodb:Query" && call.about == index)
    };
    eventually("what is missing", || (asks("history") && asks("undelivered")).then_some(()));
}

/// By the owner.
fn asked(stack: &Stack) {
    for verb in [
        &["events", "list"][..],
        &["events", "show", "large"],
        &["deliveries", "--endpoint", "good"],
        &["endpoints", "list"],
        &["endpoints", "secret", "good"],
        &["endpoints", "disable", "good"],
        &["endpoints", "enable", "good"],
        &["endpoints", "enable", "gone"],
        &["token", "list"],
    ] {
        let output = stack.verb(verb, &[]);
        assert!(output.status.success(), "{verb:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    sent_again(stack);
    let tokens = stack.admin("GET", "/api/v1/tokens", &[], b"").json();
    let id = tokens["data"][0]["id"].as_str().expect("a token");
    assert!(stack.verb(&["token", "remove", id], &[]).status.success());
    let refused = || (stack.emit(&large("again")).status == 401).then_some(());
    eventually("the token to be taken back", refused);
}
