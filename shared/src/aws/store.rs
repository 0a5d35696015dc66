//! Queue, table and bucket, as the functions share them.

use std::sync::OnceLock;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;

use super::clients::Aws;
use super::environment::{Misconfigured, given, variable};
use crate::timestamp::Timestamp;

/// How long dead letters are kept where the template does not say.
pub(super) const RETENTION_DAYS: u64 = 30;

/// The twin of the embedded store. Which of its ports a function may use is for its role to say.
#[derive(Clone)]
pub struct Store {
    pub(super) table: Table,
    pub(super) bucket: Bucket,
    pub(super) queue: Queue,
    pub(super) retention: Duration,
}

#[derive(Clone)]
pub(super) struct Table {
    pub(super) client: aws_sdk_dynamodb::Client,
    pub(super) name: String,
}

#[derive(Clone)]
pub(super) struct Queue {
    pub(super) client: aws_sdk_sqs::Client,
    pub(super) url: String,
}

/// Few webhooks are big: its client is made for the first.
#[derive(Clone)]
pub(super) struct Bucket {
    aws: Aws,
    client: OnceLock<aws_sdk_s3::Client>,
    pub(super) name: String,
}

/// Where the store is.
#[derive(Clone, Debug)]
pub struct Names {
    pub table: String,
    pub bucket: String,
    pub queue_url: String,
    pub retention: Duration,
}

impl Names {
    pub fn from_environment() -> Result<Self, Misconfigured> {
        let days = match given("RETENTION_DAYS") {
            Some(days) => days.parse().map_err(|_| Misconfigured("RETENTION_DAYS"))?,
            None => RETENTION_DAYS,
        };
        Ok(Self {
            table: variable("TABLE_NAME")?,
            bucket: variable("BUCKET_NAME")?,
            queue_url: variable("INBOUND_QUEUE_URL")?,
            retention: Duration::from_secs(days * 86_400),
        })
    }
}

impl Store {
    pub fn from_environment(aws: &Aws) -> Result<Self, Misconfigured> {
        Ok(Self::new(aws, Names::from_environment()?))
    }

    /// Nothing is called yet.
    pub fn new(aws: &Aws, names: Names) -> Self {
        Self {
            table: Table::new(aws, names.table),
            bucket: Bucket::new(aws, names.bucket),
            queue: Queue { client: aws_sdk_sqs::Client::new(&aws.config), url: names.queue_url },
            retention: names.retention,
        }
    }
}

impl Table {
    pub(super) fn new(aws: &Aws, name: String) -> Self {
        Self { client: aws_sdk_dynamodb::Client::new(&aws.config), name }
    }
}

impl Bucket {
    pub(super) fn new(aws: &Aws, name: String) -> Self {
        Self { aws: aws.clone(), client: OnceLock::new(), name }
    }

    pub(super) fn client(&self) -> &aws_sdk_s3::Client {
        self.client.get_or_init(|| {
            // Emulators have no name for each bucket; S3 takes either form.
            let config = aws_sdk_s3::config::Builder::from(&*self.aws.config);
            let path_style = self.aws.config.endpoint_url().is_some();
            aws_sdk_s3::Client::from_conf(config.force_path_style(path_style).build())
        })
    }
}

pub(super) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(super) fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// A moment as DynamoDB removes by it: whole seconds, never too early.
pub(super) fn expiry(moment: Timestamp) -> AttributeValue {
    number(moment.seconds() + 1)
}
