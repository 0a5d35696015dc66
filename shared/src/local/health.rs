//! How endpoints are doing.

use std::time::Duration;

use super::store::Store;
use crate::seam::{Answer, Backlog, CountAttempts, ReadHealth, Tally};
use crate::timestamp::Timestamp;

impl CountAttempts for Store {
    async fn count_attempt(&self, _: &str, _: &str, _: Timestamp, _: bool, _: Option<Duration>) {}
}

impl ReadHealth for Store {
    async fn tally(&self, _: &str, _: &str, _: Timestamp) -> Answer<Tally> {
        Ok(Tally::default())
    }

    async fn backlog(&self, _: &str, _: &str) -> Answer<Backlog> {
        Ok(Backlog::default())
    }
}
