//! Whatever feeds the outbound path on AWS: requests, invocations, a bus, a table's stream, the queue.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::harness::{Bend, Emulator, PASSWORD, Receiver, Reply, Stack};

fn event(name: &str) -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("events/{name}.json"));
    let text = std::fs::read_to_string(&file).unwrap_or_else(|problem| panic!("{}: {problem}", file.display()));
    serde_json::from_str(&text).expect("JSON")
}

/// A stack with one endpoint, which wants everything.
fn with_endpoint(stack: &Stack) -> Receiver {
    let receiver = Receiver::start();
    stack.apply(&format!("endpoints:\n  a: {{ url: {} }}\n", receiver.url("/")));
    receiver
}

/// Makes a token that is written in a file known to the stack.
fn know(stack: &Stack, token: &str) {
    let digest = hex::encode(Sha256::digest(token));
    let label = json!({ "digest": digest, "scope": "events", "made": 0 }).to_string();
    let item = json!({ "pk": { "S": "token" }, "sk": { "S": digest }, "label": { "S": label } });
    let put = json!({ "TableName": stack.resources["Table"], "Item": item });
    stack.aws("dynamodb", "DynamoDB_20120810.PutItem", &put);
}

#[test]
fn the_sender_takes_requests_invocations_and_events_of_a_bus() {
    let stack = Stack::deploy();
    let (receiver, mut sender) = (with_endpoint(&stack), stack.function("Sender"));
    let mut request = event("sender-url");
    assert_eq!(sender.invoke(&request).expect("an answer")["statusCode"], 401, "a token that nobody made");
    know(&stack, "hookpost_0123456789abcdef0123456789abcdef01234567");
    let answer = sender.invoke(&request).expect("an answer");
    assert_eq!(
        (&answer["statusCode"], &answer["body"]),
        (&json!(202), &json!("{\"id\":\"order-1-created\",\"endpoints\":1}\n"))
    );
    request["body"] = json!(r#"{"type": "order created", "data": 1}"#);
    let refused = sender.invoke(&request).expect("an answer");
    assert!(refused["body"].as_str().expect("a body").contains("type"), "{refused}");
    assert_eq!(refused["statusCode"], 422, "{refused}");

    let told = json!({ "id": "order-2-created", "endpoints": 1 });
    assert_eq!(sender.invoke(&event("sender-direct")), Ok(told.clone()));
    assert_eq!(sender.invoke(&event("sender-direct")), Ok(told), "invoked twice");
    let id = event("sender-bus")["id"].clone();
    assert_eq!(sender.invoke(&event("sender-bus")), Ok(json!({ "id": id, "endpoints": 1 })));
    let requests = receiver.wait_for(3);
    let of_bus = requests.iter().find(|request| request.header("webhook-id") == id.as_str()).expect("the bus's");
    assert_eq!(of_bus.json()["data"], event("sender-bus")["detail"]);
    assert_eq!(of_bus.json()["type"], "order.created");
    stack.settle();
    assert_eq!(receiver.count(), 3);
}

#[test]
fn an_invocation_that_is_no_event_fails_and_names_the_field() {
    let stack = Stack::deploy();
    let (receiver, mut sender) = (with_endpoint(&stack), stack.function("Sender"));
    let mut no_type = event("sender-bus");
    no_type["detail-type"] = json!("");
    let mut no_detail = event("sender-bus");
    no_detail.as_object_mut().expect("an object").remove("detail");
    sender.invoke(&json!({ "id": "e-1", "type": "a", "data": 1 })).expect("an event");
    for (wrong, field) in [
        (json!({ "type": "a b", "data": 1 }), "type: is not an event type"),
        (json!({ "type": "a" }), "data: is missing"),
        (json!({ "type": "a", "data": 1, "when": 1 }), "when: is not a known field"),
        (json!({ "id": "e-1", "type": "a", "data": 2 }), "id: another event was accepted under e-1"),
        (json!([]), "body: is not a JSON object"),
        (no_type, "detail-type: is not an event type"),
        (no_detail, "event: is not one of EventBridge"),
    ] {
        let failed = sender.invoke(&wrong).expect_err("a failure");
        assert!(failed.contains(field), "{wrong}: {failed}");
    }
    receiver.wait_for(1);
    stack.settle();
    assert_eq!(receiver.count(), 1);
}

#[test]
fn events_of_a_bus_go_out_if_their_source_was_chosen() {
    let stack = Stack::deploy_with(&[("EventBusName", "default"), ("EventSource", "shop,store")]);
    let receiver = with_endpoint(&stack);
    let entry =
        |source: &str| json!({ "Source": source, "DetailType": "Order Placed", "Detail": r#"{"total": 19.90}"# });
    let put = json!({ "Entries": [entry("elsewhere"), entry("shop"), entry("store")] });
    let put = stack.aws("events", "AWSEvents.PutEvents", &put);
    let ids =
        receiver.wait_for(2).iter().map(|request| request.header("webhook-id").map(str::to_owned)).collect::<Vec<_>>();
    for at in [1, 2] {
        assert!(ids.contains(&put["Entries"][at]["EventId"].as_str().map(str::to_owned)), "{ids:?} {put}");
    }
    let said = receiver.requests()[0].text();
    assert!(said.contains(r#""type":"Order_Placed""#) && said.contains("19.9"), "{said}");
    stack.settle();
    assert_eq!(receiver.count(), 2);
}

#[test]
fn the_changes_of_a_table_go_out_in_words_of_json() {
    let account = Emulator::running().account();
    let stream = Stack::watched_table(&account, "orders");
    let stack = Stack::deploy_in(account, &[("WebhookPassword", PASSWORD), ("WatchStreamArn", &stream)]);
    let receiver = with_endpoint(&stack);
    let item = |state: &str| json!({ "id": { "S": "o-1" }, "state": { "S": state }, "total": { "N": "19.90" } });
    let mut came = 0;
    for (call, body, kind, data) in [
        ("PutItem", json!({ "Item": item("open") }), "orders.inserted", json!({ "new": "open" })),
        ("PutItem", json!({ "Item": item("paid") }), "orders.modified", json!({ "new": "paid", "old": "open" })),
        ("DeleteItem", json!({ "Key": { "id": { "S": "o-1" } } }), "orders.removed", json!({ "old": "paid" })),
    ] {
        let mut body = body;
        body["TableName"] = json!("orders");
        stack.aws("dynamodb", &format!("DynamoDB_20120810.{call}"), &body);
        came += 1;
        let request = receiver.wait_for(came).remove(came - 1).json();
        assert_eq!((&request["type"], &request["data"]["keys"]), (&json!(kind), &json!({ "id": "o-1" })));
        for image in ["new", "old"] {
            assert_eq!(request["data"][image]["state"], data[image], "{request}");
        }
    }
    stack.settle();
    assert_eq!(receiver.count(), 3);
}

#[test]
fn the_watcher_hands_back_the_first_change_that_it_could_not_take() {
    let stack = Stack::deploy();
    let (receiver, mut watcher) = (with_endpoint(&stack), stack.function("Watcher"));
    let batch = event("watcher-changes");
    let second = batch["Records"][1]["eventID"].as_str().expect("an id").to_owned();
    stack.wire().bend(&stack.account, move |call| {
        let refused = Bend::Refused { status: 400, code: "AccessDeniedException", message: "not now" };
        (call.function == "watcher" && call.about.ends_with(&second)).then_some(refused)
    });
    let failure = json!({ "itemIdentifier": batch["Records"][1]["dynamodb"]["SequenceNumber"] });
    assert_eq!(watcher.invoke(&batch), Ok(json!({ "batchItemFailures": [failure] })));
    stack.wire().straighten(&stack.account);
    assert_eq!(watcher.invoke(&batch), Ok(json!({ "batchItemFailures": [] })));
    let mut requests: Vec<Value> = receiver.wait_for(3).iter().map(crate::harness::Request::json).collect();
    requests.sort_by_key(|request| request["timestamp"].to_string());
    let kinds: Vec<_> = requests.iter().map(|request| request["type"].clone()).collect();
    assert_eq!(kinds, ["orders.inserted", "orders.modified", "orders.removed"]);
    assert_eq!(requests.iter().map(|one| one["data"]["expired"] == true).collect::<Vec<_>>(), [false, false, true]);
    stack.settle();
    assert_eq!(receiver.count(), 3, "what came twice went out once");
}

#[test]
fn one_bad_message_is_handed_back_and_the_other_nine_go_out_side_by_side() {
    let stack = Stack::deploy();
    let receiver = with_endpoint(&stack);
    let think = Duration::from_millis(1_500);
    receiver.set(Reply::status(204).after(think));
    let queue = stack.own_queue();
    let own = [("OUTBOUND_QUEUE_URL", &*queue)];
    let (mut sender, mut deliverer) = (stack.function_with("Sender", &own), stack.function_with("Deliverer", &own));
    for n in (1..=10).filter(|n| *n != 4) {
        sender.invoke(&json!({ "id": format!("batch-{n}"), "type": "a", "data": n })).expect("an event");
    }
    let batch = event("deliverer-batch");
    let bad = batch["Records"][3]["messageId"].clone();
    let handed_back = json!({ "batchItemFailures": [{ "itemIdentifier": bad }] });
    assert_eq!(deliverer.invoke(&batch), Ok(handed_back.clone()));
    let requests = receiver.requests();
    assert_eq!(requests.len(), 9);
    let spread = requests[8].at - requests[0].at;
    assert!(spread < think, "the last came {spread:?} after the first, when that was not yet answered");
    assert_eq!(deliverer.invoke(&batch), Ok(handed_back), "handed out again");
    assert_eq!(receiver.count(), 9);
    let log = std::fs::read_to_string(stack.folder().join("deliverer")).expect("a log");
    assert!(log.contains("a message in the outbound queue that nobody can read"), "{log}");
}

#[test]
fn an_event_of_which_not_every_turn_was_queued_is_refused_for_now_and_completed_by_the_next_try() {
    let (stack, receiver) = (Stack::deploy(), Receiver::start());
    let line = |n: u32| format!("  to-{n}: {{ url: {} }}\n", receiver.url(&format!("/{n}")));
    stack.apply(&format!("endpoints:\n{}", (0..12).map(line).collect::<String>()));
    let mut batches = 0;
    stack.wire().bend(&stack.account, move |call| {
        let failed = r#"{"Successful": [], "Failed": [{"Id": "1", "Code": "InternalError", "SenderFault": false}]}"#;
        let is_batch = call.action == "sqs:SendMessageBatch";
        batches += u32::from(is_batch);
        (is_batch && batches == 2).then_some(Bend::Answered { body: failed })
    });
    let event = json!({ "id": "e-1", "type": "a", "data": 1 });
    let refused = stack.emit(&event);
    assert_eq!((refused.status, refused.code().as_str()), (503, "unavailable"));
    let answer = stack.emit(&event);
    assert_eq!((answer.status, &answer.json()["endpoints"]), (202, &json!(12)));
    let mut paths: Vec<_> = receiver.wait_for(12).iter().map(|request| request.path().to_owned()).collect();
    stack.settle();
    assert_eq!(receiver.count(), 12, "what was queued twice went out once");
    paths.sort();
    paths.dedup();
    assert_eq!(paths.len(), 12);
}
