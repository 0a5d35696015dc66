//! The twins of the outbound path, each in a world of its own.

use std::cell::RefCell;
use std::time::Duration;

use serde_json::{Value, json};
use shared::aws::{self, OutboundNames};
use shared::config::{Config, Secrets, Spec};
use shared::guard::Guard;
use shared::local::{self, Ended};
use shared::seam::{
    Attempts, Clock, CountAttempts, History, KeepEvent, KeepPace, Kept, LimitEvents, ReadEvent, ReadHealth, ReplayStep,
    ReplaySteps, Replays, Tokens, Turn, WriteConfig, WriteEndpointState,
};

use crate::conformance::worlds::{Place, Time, run, start};
use crate::harness::{Emulator, Hand};

/// All that the outbound path asks of a store.
pub trait Mail:
    KeepEvent
    + LimitEvents
    + ReadEvent
    + Attempts
    + WriteEndpointState
    + KeepPace
    + Tokens
    + History
    + Replays
    + ReplaySteps
    + CountAttempts
    + ReadHealth
    + Clone
    + Send
    + Sync
    + 'static
{
}

impl<S> Mail for S where
    S: KeepEvent
        + LimitEvents
        + ReadEvent
        + Attempts
        + WriteEndpointState
        + KeepPace
        + Tokens
        + History
        + Replays
        + ReplaySteps
        + CountAttempts
        + ReadHealth
        + Clone
        + Send
        + Sync
        + 'static
{
}

/// What is due and was taken out of the queue.
#[derive(Default)]
struct Taken {
    turns: Vec<Turn>,
    steps: Vec<ReplayStep>,
}

/// A store, its time, and a hand into its queue.
pub struct World<S> {
    pub store: S,
    pub time: Time,
    take: Box<dyn Fn(&mut Taken)>,
    taken: RefCell<Taken>,
}

impl<S> World<S> {
    fn new(store: S, time: Time, take: impl Fn(&mut Taken) + 'static) -> Self {
        Self { store, time, take: Box::new(take), taken: RefCell::default() }
    }

    /// The turns that are due.
    pub async fn take(&self) -> Vec<Turn> {
        (self.take)(&mut self.taken.borrow_mut());
        std::mem::take(&mut self.taken.borrow_mut().turns)
    }

    /// The steps of replays that are due.
    pub async fn steps(&self) -> Vec<ReplayStep> {
        (self.take)(&mut self.taken.borrow_mut());
        std::mem::take(&mut self.taken.borrow_mut().steps)
    }
}

pub fn on_one_machine<F: Future<Output = ()>>(test: impl FnOnce(World<local::Store>, ()) -> F) {
    let folder = tempfile::tempdir().unwrap();
    let store = local::Store::open(folder.path()).unwrap();
    let hand = Hand::default();
    hand.set(start());
    let (queue, clock) = (store.clone(), hand.clone());
    let take = move |taken: &mut Taken| {
        let turns = queue.take_turns(100, clock.now()).unwrap();
        turns.iter().for_each(|turn| queue.turn_ended(turn, Ended::Unasked));
        taken.turns.extend(turns);
        // They are due until they are made.
        taken.steps = queue.due_steps(100, clock.now()).unwrap();
    };
    run(test(World::new(store, Time::Told(hand), take), ()));
}

pub fn on_aws<F: Future<Output = ()>>(test: impl FnOnce(World<aws::Outbound>, ()) -> F) {
    let Place { account, aws, table, bucket, queue_url } = Place::new();
    let queue = queue_url.clone();
    let take = move |taken: &mut Taken| {
        for message in std::iter::from_fn(|| Some(some(&account, &queue)).filter(|some| !some.is_empty())).flatten() {
            match serde_json::from_str(&message) {
                Ok(step) => taken.steps.push(step),
                Err(_) => taken.turns.push(serde_json::from_str(&message).unwrap()),
            }
        }
    };
    let names =
        OutboundNames { table, bucket, queue_url, retention: Duration::from_secs(30 * 86_400), schedules: None };
    run(test(World::new(aws::Outbound::new(&aws, names), Time::Own, take), ()));
}

/// The endpoints of that configuration, as a file says them.
pub fn found_on_one_machine<F: Future<Output = ()>>(test: impl FnOnce(local::Endpoints, Spec) -> F) {
    let spec = super::find::configured();
    let secrets = Secrets::Written { environment: &|_| None, outbound: None };
    let config = Config::check(spec.clone(), secrets, Guard::default()).unwrap();
    run(test(local::Endpoints::new(config.endpoints), spec));
}

/// The same, applied.
pub fn found_on_aws<F: Future<Output = ()>>(test: impl FnOnce(aws::Endpoints, Spec) -> F) {
    let (spec, Place { aws, table, bucket, queue_url, .. }) = (super::find::configured(), Place::new());
    let retention = Duration::from_secs(30 * 86_400);
    let store = aws::Store::new(&aws, aws::Names { table, bucket, queue_url, retention });
    let endpoints = aws::Endpoints::new(store.clone(), aws::Proof::Never, Guard::default());
    run(async move {
        assert!(store.write_config(&Kept { version: 1, text: spec.write() }).await.unwrap());
        test(endpoints, spec).await;
    });
}

/// Takes up to ten messages out of the queue.
fn some(account: &str, queue: &str) -> Vec<String> {
    let ask =
        |action: &str, body: Value| Emulator::running().call(account, "sqs", &format!("AmazonSQS.{action}"), &body);
    let got = ask("ReceiveMessage", json!({ "QueueUrl": queue, "MaxNumberOfMessages": 10 }));
    let messages = got["Messages"].as_array().cloned().unwrap_or_default();
    let take = |message: &Value| {
        ask("DeleteMessage", json!({ "QueueUrl": queue, "ReceiptHandle": message["ReceiptHandle"] }));
        message["Body"].as_str().unwrap().to_owned()
    };
    messages.iter().map(take).collect()
}
