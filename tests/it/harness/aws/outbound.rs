//! What a deployed stack sends out: events emitted, endpoints applied, deliveries read back.

use serde_json::{Value, json};

use super::{Emulator, Function, Stack};
use crate::harness::eventually;
use crate::harness::http::Answer;

impl Stack {
    /// A token for events, made by the owner when the first is emitted.
    pub fn events_token(&self) -> String {
        let make = || {
            let made = self.admin("POST", "/api/v1/tokens", &[], br#"{"scope": "events"}"#);
            assert_eq!(made.status, 201, "{}", made.text());
            made.json()["token"].as_str().expect("a token").to_owned()
        };
        self.token.get_or_init(make).clone()
    }

    /// Emits an event, like an application that has a token.
    #[track_caller]
    pub fn emit(&self, event: &Value) -> Answer {
        self.emit_to("/", event)
    }

    /// The same with a query, `/?wait=1`.
    #[track_caller]
    pub fn emit_to(&self, path: &str, event: &Value) -> Answer {
        let bearer = format!("Bearer {}", self.events_token());
        let headers = [("authorization", &*bearer), ("content-type", "application/json")];
        self.ask("EventsUrl", "POST", path, &headers, event.to_string().as_bytes())
    }

    /// A delivery as the api shows it, if there is one yet.
    pub fn delivery(&self, event: &str, endpoint: &str) -> Option<Value> {
        let shown = self.admin("GET", &format!("/api/v1/deliveries/{event}/{endpoint}"), &[], b"");
        (shown.status == 200).then(|| shown.json())
    }

    /// Waits until a delivery is in that state, after so many attempts.
    #[track_caller]
    pub fn delivered(&self, event: &str, endpoint: &str, state: &str, attempts: usize) -> Value {
        let is_so = |it: &Value| it["state"] == state && it["attempts"].as_array().map(Vec::len) == Some(attempts);
        eventually(&format!("{event} to {endpoint} {state} after {attempts}"), || {
            self.delivery(event, endpoint).filter(is_so)
        })
    }

    /// One of the stack's functions alone, in the place of the deployed one.
    pub fn function(&self, name: &str) -> Function {
        self.function_with(name, &[])
    }

    /// The same with other variables.
    pub fn function_with(&self, name: &str, other: &[(&str, &str)]) -> Function {
        let function = name.to_lowercase();
        let mut environment = self.environment(&function);
        environment.retain(|(name, _)| other.iter().all(|(other, _)| name != other));
        environment.extend(other.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        Function::start(name, environment, self.folder().join(&function))
    }

    /// A queue that no function is fed from.
    pub fn own_queue(&self) -> String {
        let made = self.aws("sqs", "AmazonSQS.CreateQueue", &json!({ "QueueName": "own" }));
        made["QueueUrl"].as_str().expect("a queue").to_owned()
    }

    /// One call of a service that speaks JSON, by its owner.
    #[track_caller]
    pub fn aws(&self, service: &str, target: &str, body: &Value) -> Value {
        Emulator::running().call(&self.account, service, target, body)
    }

    /// A table of the owner's in that account, whose changes are told; the ARN of its stream.
    pub fn watched_table(account: &str, name: &str) -> String {
        let made = Emulator::running().call(
            account,
            "dynamodb",
            "DynamoDB_20120810.CreateTable",
            &json!({
                "TableName": name, "BillingMode": "PAY_PER_REQUEST",
                "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }],
                "AttributeDefinitions": [{ "AttributeName": "id", "AttributeType": "S" }],
                "StreamSpecification": { "StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES" },
            }),
        );
        made["TableDescription"]["LatestStreamArn"].as_str().expect("a stream").to_owned()
    }
}
