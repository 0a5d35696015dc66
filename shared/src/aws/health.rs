//! How endpoints are doing.

use std::time::Duration;

use super::outbound::Outbound;
use crate::seam::{Answer, Backlog, CountAttempts, ReadHealth, Tally};
use crate::timestamp::Timestamp;

impl CountAttempts for Outbound {
    async fn count_attempt(&self, _: &str, _: &str, _: Timestamp, _: bool, _: Option<Duration>) {}
}

impl ReadHealth for Outbound {
    async fn tally(&self, _: &str, _: &str, _: Timestamp) -> Answer<Tally> {
        Ok(Tally::default())
    }

    async fn backlog(&self, _: &str, _: &str) -> Answer<Backlog> {
        Ok(Backlog::default())
    }
}
