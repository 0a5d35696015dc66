//! The mailer dies at every call that it makes, before it or after: nothing is lost, and no more is
//! repeated than must be.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::harness::{Bend, Call, Emulator, Function, PASSWORD, Stack};

/// A stack whose queue is in our hands: what the listener sends is caught, and handed to the mailer by us.
struct World {
    stack: Stack,
    listener: Function,
    mailer: Function,
    plan: Arc<Plan>,
    /// Whose webhooks they are.
    source: &'static str,
}

/// Which call of the mailer it dies at.
#[derive(Default)]
struct Plan {
    at: AtomicUsize,
    calls: AtomicUsize,
    after: std::sync::atomic::AtomicBool,
    victim: AtomicU32,
    came: Mutex<Option<String>>,
}

impl Plan {
    fn bend(&self, call: &Call) -> Option<Bend> {
        if call.function == "listener" {
            return (call.action == "sqs:SendMessage").then_some(Bend::Answered { body: "{\"MessageId\": \"m\"}" });
        }
        let calls = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        if calls != self.at.load(Ordering::SeqCst) {
            return None;
        }
        *self.came.lock().unwrap() = Some(call.action.clone());
        let victim = Pid::from_raw(self.victim.load(Ordering::SeqCst) as i32).unwrap();
        kill_process(victim, Signal::KILL).unwrap();
        Some(if self.after.load(Ordering::SeqCst) { Bend::AnswerLost } else { Bend::Lost })
    }
}

impl World {
    fn new(ses_refuses: bool) -> Self {
        Self::with("default", "", ses_refuses)
    }

    fn with(source: &'static str, configuration: &str, ses_refuses: bool) -> Self {
        let stack = Stack::deploy();
        if !configuration.is_empty() {
            stack.apply(configuration);
        }
        let plan = Arc::new(Plan::default());
        let rule = Arc::clone(&plan);
        let refusal = Bend::Refused { status: 400, code: "BadRequestException", message: "never" };
        stack.wire().bend(&stack.account, move |call| {
            let bend = rule.bend(call);
            if bend.is_none() && ses_refuses && call.action == "ses:SendEmail" {
                return Some(refusal.clone());
            }
            bend
        });
        let queue = stack.own_queue();
        let mailer = stack.function_with("Mailer", &[("OUTBOUND_QUEUE_URL", &queue)]);
        Self { listener: stack.function("Listener"), mailer, stack, plan, source }
    }

    /// A webhook through the real listener: its id, and the event by which Lambda would hand it to the mailer.
    fn webhook(&mut self, size: usize) -> (String, Value) {
        let event = json!({
            "version": "2.0", "rawPath": format!("/{}", self.source), "rawQueryString": "", "isBase64Encoded": false,
            "body": "x".repeat(size),
            "headers": { "authorization": format!("Bearer {PASSWORD}") },
            "requestContext": { "http": { "method": "POST", "path": "/", "sourceIp": "192.0.2.1" } },
        });
        let answer = self.listener.invoke(&event).expect("an answer");
        assert_eq!(answer["statusCode"], 202, "{answer}");
        let sent = self.stack.calls().into_iter().rev().find(|call| call.action == "sqs:SendMessage").unwrap().json();
        let id = sent["MessageAttributes"]["id"]["StringValue"].as_str().unwrap().to_owned();
        let record = json!({
            "messageId": "2f2e3d4c-0000-4000-8000-000000000001", "receiptHandle": "r", "body": sent["MessageBody"],
            "attributes": { "SentTimestamp": "1790000000000", "ApproximateReceiveCount": "1" },
            "messageAttributes": { "id": { "dataType": "String", "stringValue": id } },
            "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:us-east-1:1:q", "awsRegion": "us-east-1",
        });
        (id, json!({ "Records": [record] }))
    }

    /// Dies at that call; then its lease ends, and the message is handed out again. `None` if there is no
    /// such call.
    fn play(&mut self, after: bool, at: usize, size: usize) -> Option<(String, String)> {
        let (id, event) = self.webhook(size);
        self.mailer.restart();
        *self.plan.came.lock().unwrap() = None;
        self.plan.victim.store(self.mailer.pid(), Ordering::SeqCst);
        self.plan.after.store(after, Ordering::SeqCst);
        self.plan.calls.store(0, Ordering::SeqCst);
        self.plan.at.store(at, Ordering::SeqCst);
        let first = self.mailer.invoke(&event);
        self.plan.at.store(0, Ordering::SeqCst);
        let came = self.plan.came.lock().unwrap().clone();
        let Some(came) = came else {
            assert_eq!(first, Ok(json!({ "batchItemFailures": [] })));
            return None;
        };
        assert!(first.is_err(), "it should have died at {came}");
        self.end_leases(&id);
        self.mailer.restart();
        assert_eq!(self.mailer.invoke(&event), Ok(json!({ "batchItemFailures": [] })), "{came}");
        Some((id, came))
    }

    /// What time would do.
    fn end_leases(&self, id: &str) {
        let claim = format!("claim/{}/webhook/{id}", self.source);
        if !self.stack.rows(&claim).iter().any(|row| row.get("lease_until").is_some()) {
            return;
        }
        let ask = json!({
            "TableName": self.stack.resources["Table"], "Key": { "pk": { "S": claim }, "sk": { "S": "-" } },
            "UpdateExpression": "SET lease_until = :past", "ExpressionAttributeValues": { ":past": { "N": "1" } },
        });
        Emulator::running().call(&self.stack.account, "dynamodb", "DynamoDB_20120810.UpdateItem", &ask);
    }

    /// How often SES got that mail, whether or not we heard of it.
    fn mailed(&self, id: &str) -> usize {
        let calls = self.stack.calls().into_iter().filter(|call| call.action == "ses:SendEmail");
        calls.filter(|call| String::from_utf8_lossy(&call.body).contains(id) && call.status != 400).count()
    }
}

fn at_every_call(after: bool, size: usize) {
    let mut world = World::new(false);
    for at in 1.. {
        let Some((id, came)) = world.play(after, at, size) else {
            assert!(at > 4, "the story is shorter than it should be: {at}");
            return;
        };
        // A call that never arrived at SES is recorded too, but nobody got it.
        let unsent = usize::from(!after && came == "ses:SendEmail");
        let mailed = world.mailed(&id) - unsent;
        let at_the_record = came == "dynamodb:UpdateItem" && at > 2;
        let most = if (after && came == "ses:SendEmail") || (at_the_record && !after) { 2 } else { 1 };
        assert!((1..=most).contains(&mailed), "{came}, call {at}: mailed {mailed} times");
        assert!(world.stack.rows("dead").is_empty());
    }
}

#[test]
fn a_mailer_killed_before_any_call_loses_nothing() {
    at_every_call(false, 10);
    at_every_call(false, 300_000);
}

#[test]
fn a_mailer_killed_after_any_call_loses_nothing() {
    at_every_call(true, 10);
    at_every_call(true, 300_000);
}

#[test]
fn a_mailer_killed_while_it_lays_a_dead_letter_lays_it_all_the_same() {
    for after in [false, true] {
        let mut world = World::new(true);
        for at in 1.. {
            let before = world.stack.rows("dead").len();
            let played = world.play(after, at, 10);
            assert_eq!(world.stack.rows("dead").len(), before + 1, "call {at}: {played:?}");
            if played.is_none() {
                assert!(at > 5, "the story is shorter than it should be: {at}");
                break;
            }
        }
    }
}

#[test]
fn a_mailer_killed_while_it_publishes_publishes_all_the_same() {
    let configuration = format!(
        "sources:
  told: {{ verify: {{ scheme: password, secret: {PASSWORD} }}, publish: order.told }}
endpoints:
  a: {{ url: 'https://example.com/' }}
"
    );
    for after in [false, true] {
        let mut world = World::with("told", &configuration, false);
        for at in 1.. {
            // Its data is too large for a row.
            let Some((id, came)) = world.play(after, at, 20_000) else {
                assert!(at > 6, "the story is shorter than it should be: {at}");
                break;
            };
            let rows = world.stack.rows(&format!("event/default/{id}"));
            assert_eq!(rows.len(), 2, "{came}: the event, and the mark that its turns are queued");
            let is_turn = |call: &Call| call.action == "sqs:SendMessageBatch" && call.status != 400;
            let turns = world.stack.calls().into_iter().filter(is_turn);
            let turns = turns.filter(|call| String::from_utf8_lossy(&call.body).contains(&id)).count();
            assert!((1..=2).contains(&turns), "{came}: queued {turns} times");
            assert!(world.stack.rows("dead").is_empty());
        }
    }
}
