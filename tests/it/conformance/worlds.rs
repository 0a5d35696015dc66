//! The twins under test, each in a world of its own.

use std::future::Future;
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::json;
use shared::aws::{self, Aws, Names};
use shared::local;
use shared::seam::{
    AwaitLearned, Bury, Claims, Clock, DeadLetters, Dequeue, Enqueue, GetBody, PutBody, TakeLearned, WriteConfig,
};
use shared::timestamp::Timestamp;

use crate::harness::{Emulator, Hand};

/// All that a store must do.
pub trait Store:
    Enqueue
    + Dequeue
    + PutBody
    + GetBody
    + Claims
    + Bury
    + DeadLetters
    + WriteConfig
    + TakeLearned
    + AwaitLearned
    + Clone
    + Send
    + Sync
    + 'static
{
}

impl<S> Store for S where
    S: Enqueue
        + Dequeue
        + PutBody
        + GetBody
        + Claims
        + Bury
        + DeadLetters
        + WriteConfig
        + TakeLearned
        + AwaitLearned
        + Clone
        + Send
        + Sync
        + 'static
{
}

/// When this run began.
pub fn start() -> Timestamp {
    static START: OnceLock<Timestamp> = OnceLock::new();
    *START.get_or_init(Timestamp::now)
}

/// The time of a queue.
pub enum Time {
    /// As it is told.
    Told(Hand),
    /// Its own, which must be waited for.
    Own,
}

impl Time {
    pub fn now(&self) -> Timestamp {
        match self {
            Self::Told(hand) => hand.now(),
            Self::Own => Timestamp::now(),
        }
    }

    pub async fn pass(&self, span: Duration) {
        match self {
            Self::Told(hand) => hand.on(span),
            Self::Own => tokio::time::sleep(span).await,
        }
    }
}

pub fn on_one_machine<F: Future<Output = ()>>(test: impl FnOnce(local::Store, Time) -> F) {
    let folder = tempfile::tempdir().unwrap();
    let store = local::Store::open(folder.path()).unwrap();
    let hand = Hand::default();
    hand.set(start());
    run(test(store, Time::Told(hand)));
}

pub fn on_aws<F: Future<Output = ()>>(test: impl FnOnce(aws::Store, Time) -> F) {
    let place = Place::new();
    let names = Names { table: place.table, bucket: place.bucket, queue_url: place.queue_url, retention: days(30) };
    run(test(aws::Store::new(&place.aws, names), Time::Own));
}

fn days(days: u64) -> Duration {
    Duration::from_secs(days * 86_400)
}

/// An account with a table, a bucket and a queue.
pub struct Place {
    pub account: String,
    pub aws: Aws,
    pub table: String,
    pub bucket: String,
    pub queue_url: String,
}

impl Place {
    pub fn new() -> Self {
        let emulator = Emulator::running();
        let account = emulator.account();
        let key = |name: &str, kind: &str| json!({ "AttributeName": name, "KeyType": kind });
        let attribute = |name: &str| json!({ "AttributeName": name, "AttributeType": "S" });
        let index = |(name, projected): (&str, Vec<&str>)| {
            json!({
                "IndexName": name, "KeySchema": [key(name, "HASH"), key("at", "RANGE")],
                "Projection": { "ProjectionType": "INCLUDE", "NonKeyAttributes": projected },
            })
        };
        let table = json!({
            "TableName": "table", "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [key("pk", "HASH"), key("sk", "RANGE")],
            "AttributeDefinitions": (["pk", "sk", "history", "at", "undelivered"].map(attribute)),
            "GlobalSecondaryIndexes": indexes().into_iter().map(index).collect::<Vec<_>>(),
        });
        emulator.call(&account, "dynamodb", "DynamoDB_20120810.CreateTable", &table);
        let queue = json!({ "QueueName": "queue", "Attributes": { "MaximumMessageSize": "1048576" } });
        let queue = emulator.call(&account, "sqs", "AmazonSQS.CreateQueue", &queue);
        let bucket = format!("bucket-{account}");
        emulator.make_bucket(&account, &bucket);
        let aws = Aws::emulator(&format!("http://{}", emulator.address), &account);
        let queue_url = queue["QueueUrl"].as_str().unwrap().to_owned();
        Self { account, aws, table: "table".into(), bucket, queue_url }
    }
}

/// The template's indexes, with what each holds beside its keys.
fn indexes() -> Vec<(&'static str, Vec<&'static str>)> {
    let template = include_str!("../../../template.yaml");
    let index = |text: &'static str| {
        let (_, list) = text.split_once("NonKeyAttributes: [").unwrap();
        (text.split_once('\n').unwrap().0, list.split_once(']').unwrap().0.split(", ").collect())
    };
    template.split("IndexName: ").skip(1).map(index).collect()
}

pub fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    runtime.block_on(test);
}
