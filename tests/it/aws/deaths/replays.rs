//! The deliverer dies at every call of a replay's step: what was to be sent again is, and once.

use std::time::Duration;

use serde_json::{Value, json};

use super::World;
use crate::harness::{Function, within};

/// A world whose owner is in our hands, too.
struct Replayed {
    world: World,
    api: Function,
    /// To whom events are sent again.
    to: &'static str,
}

impl Replayed {
    fn new(to: &'static str) -> Self {
        let world = World::with_endpoints(|url| {
            format!("  a: {{ url: {url}, schedule: [0, 0, 0] }}\n  b: {{ url: {url}, events: invoice.paid }}\n")
        });
        let api = world.stack.function_with("Api", &[("OUTBOUND_QUEUE_URL", &world.queue)]);
        Self { world, api, to }
    }

    /// An event that has arrived at `a`, after two attempts.
    fn arrived(&mut self, id: &str) {
        let event = json!({ "id": id, "type": "order.created", "data": "x".repeat(20_000) });
        self.world.sender.invoke(&event).expect("an event");
        self.settle(id);
        assert_eq!(self.world.receiver.received_ids()[id], 2);
    }

    fn settle(&mut self, id: &str) {
        within(Duration::from_secs(60), &format!("the end of {id}"), || self.world.turn(id).then_some(()));
    }

    fn begin(&mut self, id: &str) -> Value {
        let answer = self.ask("POST", &json!({ "of": "one", "event": id }).to_string());
        assert_eq!(answer["statusCode"], 202, "{answer}");
        serde_json::from_str(answer["body"].as_str().expect("a body")).expect("JSON")
    }

    fn ask(&mut self, method: &str, body: &str) -> Value {
        let path = format!("/api/v1/endpoints/{}/replays", self.to);
        let bearer = format!("Bearer {}", self.world.stack.admin_token());
        let event = json!({
            "version": "2.0", "rawPath": path, "rawQueryString": "", "isBase64Encoded": false, "body": body,
            "headers": { "authorization": bearer, "content-type": "application/json" },
            "requestContext": { "http": { "method": method, "path": path, "sourceIp": "192.0.2.1" } },
        });
        self.api.invoke(&event).expect("an answer")
    }

    /// Sends an event again, while the deliverer dies at that call; which one it was, if there was one.
    fn play(&mut self, after: bool, at: usize) -> Option<String> {
        let id = format!("r-{after}-{at}");
        self.arrived(&id);
        let begun = self.begin(&id);
        self.world.plan.arm("deliverer", after, at);
        self.world.deliverer.restart();
        self.world.plan.victim.store(self.world.deliverer.pid(), super::Ordering::SeqCst);
        self.settle(&id);
        let died = self.world.plan.came();
        self.world.plan.arm("", false, 0);
        self.judge(&id, &begun, died.as_deref());
        died
    }

    fn judge(&self, id: &str, begun: &Value, died: Option<&str>) {
        let row = self.world.row_to(id, self.to).unwrap_or_else(|| panic!("{id} was lost at {died:?}"));
        let delivery: Value = serde_json::from_str(row["delivery"]["S"].as_str().unwrap_or("{}")).expect("JSON");
        let attempts = if self.to == "a" { 3 } else { 1 };
        assert_eq!(delivery["state"], "delivered", "{died:?}: {row}");
        assert_eq!(delivery["attempts"].as_array().map(Vec::len), Some(attempts), "{died:?}: {row}");
        assert!(row.get("undelivered").is_none(), "{died:?}: {row}");
        let posted = self.world.receiver.received_ids()[id];
        let more = usize::from(died == Some("dynamodb:UpdateItem"));
        assert!((3..=3 + more).contains(&posted), "{id}, {died:?}: {posted} posts");
        let rows = self.world.stack.rows(&format!("endpoint/default/{}", self.to));
        let ours = rows.iter().find(|row| row["id"]["S"] == begun["id"]).expect("a replay");
        let replay: Value = serde_json::from_str(ours["replay"]["S"].as_str().expect("a text")).expect("JSON");
        assert_eq!((&replay["state"], &replay["queued"]), (&json!("done"), &json!(1)), "{died:?}: {replay}");
        assert!(ours.get("releasing").is_none(), "{died:?}: {ours}");
        let head = self.world.stack.rows(&format!("event/default/{id}")).into_iter().find(|row| row["sk"]["S"] == "-");
        let also = &head.expect("an event")["also"]["SS"];
        assert_eq!(*also, if self.to == "a" { Value::Null } else { json!(["b"]) }, "{died:?}");
    }
}

fn at_every_call(to: &'static str, least: usize) {
    let mut world = Replayed::new(to);
    for after in [false, true] {
        let mut came = Vec::new();
        while let Some(died) = world.play(after, came.len() + 1) {
            came.push(died);
        }
        assert!(came.len() >= least, "the story is shorter than it should be: {came:?}");
    }
}

#[test]
fn a_deliverer_killed_at_any_call_sends_again_what_has_arrived_before() {
    at_every_call("a", 14);
}

#[test]
fn a_deliverer_killed_at_any_call_sends_an_event_to_an_endpoint_that_it_was_never_for() {
    at_every_call("b", 15);
}
