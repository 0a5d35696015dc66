//! Where the outbound path keeps events and deliveries: the same table and bucket, and a queue of turns.

use std::sync::Arc;
use std::time::Duration;

use super::clients::Aws;
use super::environment::{Misconfigured, given, variable};
use super::fresh::Fresh;
use super::health::Counts;
use super::metrics::Metrics;
use super::store::{Bucket, RETENTION_DAYS, Table};
use super::turns::{Schedules, Turns};
use crate::schedule::LONGEST;
use crate::seam::{EndpointState, Token};

const DAY: Duration = Duration::from_secs(86_400);

/// The twin of the embedded store, for events. Which of its ports a function may use is for its role
/// to say.
#[derive(Clone)]
pub struct Outbound {
    pub(super) table: Table,
    pub(super) bucket: Bucket,
    pub(super) turns: Turns,
    pub(super) states: Arc<Fresh<EndpointState>>,
    pub(super) tokens: Arc<Fresh<Token>>,
    pub(super) counts: Arc<Counts>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) retention: Duration,
}

/// Where it is.
#[derive(Clone, Debug)]
pub struct OutboundNames {
    pub table: String,
    pub bucket: String,
    pub queue_url: String,
    pub retention: Duration,
    /// For whoever puts turns off for longer than a queue does.
    pub schedules: Option<Schedules>,
}

impl OutboundNames {
    pub fn from_environment() -> Result<Self, Misconfigured> {
        let days = match given("RETENTION_DAYS") {
            Some(days) => days.parse().map_err(|_| Misconfigured("RETENTION_DAYS"))?,
            None => RETENTION_DAYS,
        };
        let schedules = match given("SCHEDULE_GROUP") {
            Some(group) => {
                Some(Schedules { group, role: variable("SCHEDULE_ROLE_ARN")?, queue: variable("OUTBOUND_QUEUE_ARN")? })
            }
            None => None,
        };
        Ok(Self {
            table: variable("TABLE_NAME")?,
            bucket: variable("BUCKET_NAME")?,
            queue_url: variable("OUTBOUND_QUEUE_URL")?,
            retention: Duration::from_secs(days * 86_400),
            schedules,
        })
    }
}

impl Outbound {
    /// How long an event and its deliveries are kept: no shorter than deliveries may take.
    pub(super) fn kept(&self) -> Duration {
        self.retention.max(LONGEST + DAY)
    }

    pub fn from_environment(aws: &Aws) -> Result<Self, Misconfigured> {
        Ok(Self::new(aws, OutboundNames::from_environment()?))
    }

    /// Nothing is called yet.
    pub fn new(aws: &Aws, names: OutboundNames) -> Self {
        Self {
            table: Table::new(aws, names.table),
            bucket: Bucket::new(aws, names.bucket),
            turns: Turns::new(aws, names.queue_url, names.schedules),
            states: Arc::default(),
            tokens: Arc::default(),
            counts: Arc::default(),
            metrics: Arc::default(),
            retention: names.retention,
        }
    }
}
