//! The twins under test, each in a world of its own.

use std::future::Future;
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::json;
use shared::aws::{self, Aws, Names};
use shared::local;
use shared::seam::{Bury, Claims, Clock, DeadLetters, Dequeue, Enqueue, GetBody, PutBody, WriteConfig};
use shared::timestamp::Timestamp;

use crate::harness::{Emulator, Hand};

/// All that a store must do.
pub trait Store:
    Enqueue + Dequeue + PutBody + GetBody + Claims + Bury + DeadLetters + WriteConfig + Clone + Send + Sync + 'static
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
    let emulator = Emulator::running();
    let account = emulator.account();
    let key = |name: &str, kind: &str| json!({ "AttributeName": name, "KeyType": kind });
    let attribute = |name: &str| json!({ "AttributeName": name, "AttributeType": "S" });
    let table = json!({
        "TableName": "table", "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [key("pk", "HASH"), key("sk", "RANGE")],
        "AttributeDefinitions": [attribute("pk"), attribute("sk")],
    });
    emulator.call(&account, "dynamodb", "DynamoDB_20120810.CreateTable", &table);
    let queue = emulator.call(
        &account,
        "sqs",
        "AmazonSQS.CreateQueue",
        &json!({ "QueueName": "queue", "Attributes": { "MaximumMessageSize": "1048576" } }),
    );
    let names = Names {
        table: "table".into(),
        bucket: format!("bucket-{account}"),
        queue_url: queue["QueueUrl"].as_str().unwrap().to_owned(),
        retention: Duration::from_secs(30 * 86_400),
    };
    emulator.make_bucket(&account, &names.bucket);
    let aws = Aws::emulator(&format!("http://{}", emulator.address), &account);
    run(test(aws::Store::new(&aws, names), Time::Own));
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    runtime.block_on(test);
}
