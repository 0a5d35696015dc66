//! The twins of the outbound path, each in a world of its own.

use std::time::Duration;

use serde_json::{Value, json};
use shared::aws::{self, OutboundNames};
use shared::local::{self, Ended};
use shared::seam::{Attempts, Clock, History, KeepEvent, KeepPace, ReadEvent, Tokens, Turn, WriteEndpointState};

use crate::conformance::worlds::{Place, Time, run, start};
use crate::harness::{Emulator, Hand};

/// All that the outbound path asks of a store.
pub trait Mail:
    KeepEvent + ReadEvent + Attempts + WriteEndpointState + KeepPace + Tokens + History + Clone + Send + Sync + 'static
{
}

impl<S> Mail for S where
    S: KeepEvent
        + ReadEvent
        + Attempts
        + WriteEndpointState
        + KeepPace
        + Tokens
        + History
        + Clone
        + Send
        + Sync
        + 'static
{
}

/// A store, its time, and a hand into its queue.
pub struct World<S> {
    pub store: S,
    pub time: Time,
    take: Box<dyn Fn() -> Vec<Turn>>,
}

impl<S> World<S> {
    /// The turns that are due.
    pub async fn take(&self) -> Vec<Turn> {
        (self.take)()
    }
}

pub fn on_one_machine<F: Future<Output = ()>>(test: impl FnOnce(World<local::Store>, ()) -> F) {
    let folder = tempfile::tempdir().unwrap();
    let store = local::Store::open(folder.path()).unwrap();
    let hand = Hand::default();
    hand.set(start());
    let (queue, clock) = (store.clone(), hand.clone());
    let take = move || {
        let turns = queue.take_turns(100, clock.now()).unwrap();
        turns.iter().for_each(|turn| queue.turn_ended(turn, Ended::Unasked));
        turns
    };
    run(test(World { store, time: Time::Told(hand), take: Box::new(take) }, ()));
}

pub fn on_aws<F: Future<Output = ()>>(test: impl FnOnce(World<aws::Outbound>, ()) -> F) {
    let Place { account, aws, table, bucket, queue_url } = Place::new();
    let queue = queue_url.clone();
    let take =
        move || std::iter::from_fn(|| Some(some(&account, &queue)).filter(|some| !some.is_empty())).flatten().collect();
    let names =
        OutboundNames { table, bucket, queue_url, retention: Duration::from_secs(30 * 86_400), schedules: None };
    run(test(World { store: aws::Outbound::new(&aws, names), time: Time::Own, take: Box::new(take) }, ()));
}

/// Takes up to ten messages out of the queue.
fn some(account: &str, queue: &str) -> Vec<Turn> {
    let ask =
        |action: &str, body: Value| Emulator::running().call(account, "sqs", &format!("AmazonSQS.{action}"), &body);
    let got = ask("ReceiveMessage", json!({ "QueueUrl": queue, "MaxNumberOfMessages": 10 }));
    let messages = got["Messages"].as_array().cloned().unwrap_or_default();
    let take = |message: &Value| {
        ask("DeleteMessage", json!({ "QueueUrl": queue, "ReceiptHandle": message["ReceiptHandle"] }));
        serde_json::from_str(message["Body"].as_str().unwrap()).unwrap()
    };
    messages.iter().map(take).collect()
}
