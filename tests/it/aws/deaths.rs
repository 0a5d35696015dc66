//! The sender and the deliverer die at every call that they make, before it or after: what was accepted
//! arrives, no attempt is skipped, and nothing is posted more often than a death explains.

mod replays;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::harness::{Bend, Call, Function, Receiver, Reply, Stack, within};

/// Which call of whom is the last.
#[derive(Default)]
struct Plan {
    whose: Mutex<&'static str>,
    at: AtomicUsize,
    calls: AtomicUsize,
    after: AtomicBool,
    /// 0 until it is known.
    victim: AtomicU32,
    came: Mutex<Option<String>>,
}

impl Plan {
    fn bend(&self, call: &Call) -> Option<Bend> {
        let at = self.at.load(Ordering::SeqCst);
        if call.function != *self.whose.lock().unwrap() || self.calls.fetch_add(1, Ordering::SeqCst) + 1 != at {
            return None;
        }
        *self.came.lock().unwrap() = Some(call.action.clone());
        let victim =
            within(Duration::from_secs(10), "a victim", || Pid::from_raw(self.victim.load(Ordering::SeqCst) as i32));
        kill_process(victim, Signal::KILL).unwrap();
        Some(if self.after.load(Ordering::SeqCst) { Bend::AnswerLost } else { Bend::Lost })
    }

    fn arm(&self, whose: &'static str, after: bool, at: usize) {
        *self.whose.lock().unwrap() = whose;
        *self.came.lock().unwrap() = None;
        self.after.store(after, Ordering::SeqCst);
        self.victim.store(0, Ordering::SeqCst);
        self.calls.store(0, Ordering::SeqCst);
        self.at.store(at, Ordering::SeqCst);
    }

    fn came(&self) -> Option<String> {
        self.came.lock().unwrap().clone()
    }
}

/// A stack whose functions are in our hands, and a queue that nobody polls but we.
struct World {
    stack: Stack,
    sender: Function,
    deliverer: Function,
    plan: Arc<Plan>,
    queue: String,
    receiver: Receiver,
}

/// What Lambda calls what SQS handed out.
fn record(message: &Value) -> Value {
    json!({
        "messageId": message["MessageId"], "receiptHandle": message["ReceiptHandle"], "body": message["Body"],
        "attributes": { "ApproximateReceiveCount": "1" }, "messageAttributes": {}, "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:1:q", "awsRegion": "us-east-1",
    })
}

impl World {
    /// Its endpoint fails at the first attempt of each event, and waits not at all for the next.
    fn new() -> Self {
        Self::with_endpoints(|url| format!("  a: {{ url: {url}, schedule: [0, 0, 0] }}\n"))
    }

    /// With those, at the address of a receiver.
    fn with_endpoints(endpoints: impl Fn(&str) -> String) -> Self {
        let (stack, receiver) = (Stack::deploy(), Receiver::start());
        let mut known = HashMap::<String, usize>::new();
        receiver.decide(move |request| {
            let times = known.entry(request.header("webhook-id").unwrap_or_default().to_owned()).or_default();
            *times += 1;
            Reply::status(if *times == 1 { 500 } else { 204 })
        });
        stack.apply(&format!("endpoints:\n{}", endpoints(&receiver.url("/"))));
        let queue = stack.own_queue();
        let plan = Arc::new(Plan::default());
        let rule = Arc::clone(&plan);
        stack.wire().bend(&stack.account, move |call| rule.bend(call));
        let start = |name: &str| stack.function_with(name, &[("OUTBOUND_QUEUE_URL", &queue)]);
        let (sender, deliverer) = (start("Sender"), start("Deliverer"));
        Self { sender, deliverer, stack, plan, queue, receiver }
    }

    /// Emits an event and delivers it, while somebody dies at that call; which one it was, if there was one.
    fn play(&mut self, whose: &'static str, after: bool, at: usize) -> Option<String> {
        let id = format!("e-{after}-{at}");
        self.plan.arm(whose, after, at);
        let function = if whose == "sender" { &mut self.sender } else { &mut self.deliverer };
        function.restart();
        self.plan.victim.store(function.pid(), Ordering::SeqCst);
        // Its data is too large for a row.
        let event = json!({ "id": id, "type": "order.created", "data": "x".repeat(20_000) });
        let told = self.sender.invoke(&event).or_else(|_| {
            self.sender.restart();
            self.sender.invoke(&event)
        });
        assert_eq!(told, Ok(json!({ "id": id, "endpoints": 1 })), "{:?}", self.plan.came());
        within(Duration::from_secs(60), &format!("the end of {id}"), || self.turn(&id).then_some(()));
        let died = self.plan.came();
        self.plan.arm("", false, 0);
        self.judge(&id, died.as_deref());
        died
    }

    /// Hands out what waits; whether all is done.
    fn turn(&mut self, id: &str) -> bool {
        let receive = json!({ "QueueUrl": self.queue, "MaxNumberOfMessages": 10, "VisibilityTimeout": 1 });
        let got = self.stack.aws("sqs", "AmazonSQS.ReceiveMessage", &receive);
        let messages = got["Messages"].as_array().cloned().unwrap_or_default();
        for message in &messages {
            match self.deliverer.invoke(&json!({ "Records": [record(message)] })) {
                Ok(done) if done["batchItemFailures"] == json!([]) => {
                    let delete = json!({ "QueueUrl": self.queue, "ReceiptHandle": message["ReceiptHandle"] });
                    self.stack.aws("sqs", "AmazonSQS.DeleteMessage", &delete);
                }
                Ok(_) => {}
                Err(_) => {
                    self.end_leases(id);
                    self.deliverer.restart();
                }
            }
        }
        let ask = json!({ "QueueUrl": self.queue, "AttributeNames": ["All"] });
        let left = self.stack.aws("sqs", "AmazonSQS.GetQueueAttributes", &ask);
        let is_empty = ["", "NotVisible", "Delayed"]
            .iter()
            .all(|kind| left["Attributes"][format!("ApproximateNumberOfMessages{kind}")] == "0");
        messages.is_empty() && is_empty
    }

    fn row(&self, id: &str) -> Option<Value> {
        self.row_to(id, "a")
    }

    fn row_to(&self, id: &str, endpoint: &str) -> Option<Value> {
        let place = format!("to/{endpoint}");
        self.stack.rows(&format!("event/default/{id}")).into_iter().find(|row| row["sk"]["S"] == *place)
    }

    /// What time would do.
    fn end_leases(&self, id: &str) {
        let rows = self.stack.rows(&format!("event/default/{id}"));
        for row in rows.iter().filter(|row| row.get("lease_until").is_some()) {
            let ask = json!({
                "TableName": self.stack.resources["Table"], "Key": { "pk": row["pk"], "sk": row["sk"] },
                "UpdateExpression": "SET lease_until = :past", "ExpressionAttributeValues": { ":past": { "N": "1" } },
            });
            self.stack.aws("dynamodb", "DynamoDB_20120810.UpdateItem", &ask);
        }
    }

    fn judge(&self, id: &str, died: Option<&str>) {
        let row = self.row(id).unwrap_or_else(|| panic!("{id} was lost at {died:?}"));
        let delivery: Value = serde_json::from_str(row["delivery"]["S"].as_str().unwrap_or("{}")).unwrap();
        assert_eq!(delivery["state"], "delivered", "{id}, {died:?}: {row}");
        let attempts = delivery["attempts"].as_array().unwrap();
        let numbers: Vec<_> = attempts.iter().map(|attempt| attempt["number"].as_u64().unwrap()).collect();
        assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>(), "{id}, {died:?}");
        let posted = self.receiver.received_ids()[id];
        // Only what was posted and not yet written down is posted again.
        let more = usize::from(died == Some("dynamodb:UpdateItem"));
        assert!((2..=2 + more).contains(&posted) && posted <= attempts.len() + more, "{id}, {died:?}: {posted} posts");
    }
}

fn at_every_call(whose: &'static str, least: usize) {
    let mut world = World::new();
    for after in [false, true] {
        let mut came = Vec::new();
        while let Some(died) = world.play(whose, after, came.len() + 1) {
            came.push(died);
        }
        assert!(came.len() >= least, "the story is shorter than it should be: {came:?}");
    }
}

#[test]
fn a_sender_killed_at_any_call_completes_the_event_when_it_comes_again() {
    at_every_call("sender", 5);
}

#[test]
fn a_deliverer_killed_at_any_call_loses_nothing() {
    at_every_call("deliverer", 10);
}

#[test]
fn a_judged_attempt_is_followed_by_the_next_even_if_its_endpoint_was_disabled_meanwhile() {
    let mut world = World::new();
    world.stack.wire().bend(&world.stack.account, |call| {
        let refused = Bend::Refused { status: 400, code: "AccessDenied", message: "not now" };
        (call.function == "deliverer" && call.action == "sqs:SendMessage").then_some(refused)
    });
    world.sender.invoke(&json!({ "id": "e-1", "type": "order.created", "data": 1 })).expect("an event");
    let number = |row: Value| row["number"]["N"].as_str().map(str::to_owned);
    within(Duration::from_secs(30), "a verdict", || {
        world.turn("e-1");
        world.row("e-1").and_then(number).filter(|number| number == "2")
    });
    assert!(world.stack.verb(&["endpoints", "disable", "a"], &[]).status.success());
    world.stack.wire().straighten(&world.stack.account);
    world.deliverer.restart();
    within(Duration::from_secs(30), "the end", || world.turn("e-1").then_some(()));
    assert_eq!(world.row("e-1").expect("a row")["state"]["S"], "held");
    assert_eq!(world.receiver.count(), 1);
}
