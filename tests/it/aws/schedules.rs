//! Waits longer than SQS delays a message: schedules, made, made twice, and seen to fire.

use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use shared::timestamp::Timestamp;

use crate::harness::{Bend, Call, Emulator, Receiver, Reply, Stack, eventually};

/// A stack with an endpoint that waits for an hour after its first attempt, which fails.
fn failing() -> (Stack, Receiver) {
    let (stack, receiver) = (Stack::deploy(), Receiver::start());
    receiver.script(vec![Reply::status(500)], Reply::status(204));
    stack.apply(&format!("endpoints:\n  a: {{ url: {}, schedule: [0, 1h] }}\n", receiver.url("/")));
    (stack, receiver)
}

fn made(stack: &Stack) -> Call {
    eventually("a schedule", || stack.calls().into_iter().find(|call| call.action == "scheduler:CreateSchedule"))
}

fn order(id: &str) -> Value {
    json!({ "id": id, "type": "order.created", "data": {} })
}

#[test]
fn a_wait_of_an_hour_is_a_schedule_that_fires_and_deletes_itself() {
    let (stack, receiver) = failing();
    stack.emit(&order("o-1"));
    let due = stack.delivered("o-1", "a", "pending", 1)["next"]["due"].as_str().and_then(Timestamp::read).expect("due");
    let (call, mut schedule) = (made(&stack), made(&stack).json());
    let digest = hex::encode(Sha256::digest("default/o-1/a"));
    assert_eq!(call.about, format!("/schedules/{}-2-{}", &digest[..40], due.seconds()));
    let group = &stack.resources["ScheduleGroup"];
    assert_eq!((&schedule["GroupName"], &schedule["ActionAfterCompletion"]), (&json!(group), &json!("DELETE")));
    assert_eq!(schedule["FlexibleTimeWindow"], json!({ "Mode": "OFF" }));
    let target = &schedule["Target"];
    assert_eq!(target["Arn"], stack.queue_arn("OutboundQueue"));
    let role = target["RoleArn"].as_str().expect("a role");
    assert!(role.ends_with(&format!(":role/{}", stack.resources["ScheduleRole"])), "{role}");
    let mut turn: Value = serde_json::from_str(target["Input"].as_str().expect("an input")).expect("JSON");
    assert_eq!(turn, json!({ "tenant": "default", "event": "o-1", "endpoint": "a", "number": 2, "due": due.0 }));
    stack.settle();
    assert_eq!(receiver.count(), 1);

    // The same schedule, an hour earlier.
    let soon = Timestamp::now().after(Duration::from_secs(3));
    turn["due"] = json!(soon.0);
    schedule["Target"]["Input"] = json!(turn.to_string());
    schedule["ScheduleExpression"] = json!(format!("at({})", soon.to_string().trim_end_matches('Z')));
    let emulator = Emulator::running();
    let named = format!("{}?groupName={group}", call.about);
    let ask = |method: &str, path: &str, body: &[u8]| emulator.rest(&stack.account, "scheduler", method, path, body);
    assert_eq!(ask("GET", &named, b"").status, 200);
    assert_eq!(ask("DELETE", &named, b"").status, 200);
    assert_eq!(ask("POST", &call.about, schedule.to_string().as_bytes()).status, 200);
    receiver.wait_for(2);
    stack.delivered("o-1", "a", "delivered", 2);
    eventually("no schedule", || (ask("GET", &named, b"").status == 404).then_some(()));
    stack.settle();
    assert_eq!(receiver.count(), 2);
}

#[test]
fn a_schedule_that_is_there_already_counts_as_made() {
    let (stack, receiver) = failing();
    stack.wire().bend(&stack.account, |call| {
        let code = "ConflictException";
        let taken = Bend::Refused { status: 409, code, message: "Schedule already exists" };
        (call.action == "scheduler:CreateSchedule").then_some(taken)
    });
    stack.emit(&order("o-1"));
    made(&stack);
    stack.settle();
    assert_eq!((receiver.count(), stack.delivered("o-1", "a", "pending", 1)["next"]["attempt"].as_u64()), (1, Some(2)));
    assert!(!stack.log().contains("ConflictException"), "{}", stack.log());
}

/// SQS delays the first turn by 15 minutes at most, and hands it out then.
#[test]
fn a_turn_that_comes_before_its_time_waits_for_the_rest_of_it() {
    let (stack, receiver) = (Stack::deploy(), Receiver::start());
    stack.apply(&format!("endpoints:\n  a: {{ url: {}, schedule: [1h] }}\n", receiver.url("/")));
    stack.emit(&order("o-1"));
    let sent = stack.calls().into_iter().find(|call| call.action == "sqs:SendMessageBatch").expect("a message").json();
    let entry = &sent["Entries"][0];
    assert_eq!(entry["DelaySeconds"], 900);
    let mut deliverer = stack.function("Deliverer");
    let record = json!({
        "messageId": "m-1", "receiptHandle": "r", "body": entry["MessageBody"], "eventSource": "aws:sqs",
        "eventSourceARN": stack.queue_arn("OutboundQueue"), "awsRegion": "us-east-1",
    });
    assert_eq!(deliverer.invoke(&json!({ "Records": [record] })), Ok(json!({ "batchItemFailures": [] })));
    let schedule = made(&stack).json();
    assert_eq!(schedule["Target"]["Input"], entry["MessageBody"], "the same turn");
    assert_eq!(receiver.count(), 0);
}
