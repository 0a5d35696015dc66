//! Replays: a row each, and the steps that are next.

use super::outbound::Outbound;
use crate::seam::{Answer, Cursor, Matched, Page, Replay, ReplayKey, ReplaySteps, Replays, State, Unavailable, Within};
use crate::timestamp::Timestamp;

fn unfinished<T>() -> Answer<T> {
    Err(Unavailable("replays are unfinished".into()))
}

impl Replays for Outbound {
    async fn begin_replay(&self, _: &Replay) -> Answer<Replay> {
        unfinished()
    }

    async fn replays(&self, _: &str, _: &str) -> Answer<Vec<Replay>> {
        unfinished()
    }

    async fn stop_replay(&self, _: &str, _: &str, _: &str, _: Timestamp) -> Answer<Option<Replay>> {
        unfinished()
    }
}

impl ReplaySteps for Outbound {
    async fn replay(&self, _: &ReplayKey) -> Answer<Option<Replay>> {
        unfinished()
    }

    async fn undelivered(&self, _: &str, _: &str, _: State, _: &Within) -> Answer<Page<Cursor>> {
        unfinished()
    }

    async fn events_from(&self, _: &str, _: &Within) -> Answer<Page<Matched>> {
        unfinished()
    }

    async fn release(&self, _: &Replay, _: &[Cursor], _: &Replay) -> Answer<()> {
        unfinished()
    }
}
