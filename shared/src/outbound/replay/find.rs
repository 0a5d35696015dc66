//! Allowed → found: the next page of what the replay is of, oldest first.

use std::time::Duration;

use super::Replayer;
use super::allow::{Allowed, MOST};
use crate::endpoint::Endpoint;
use crate::event::{Event, EventId};
use crate::seam::{Answer, Cursor, Matched, Page, ReadEvent, Replay, ReplayKey, ReplaySteps, State, Which, Within};
use crate::timestamp::Timestamp;

/// Events whose deliveries are to go back on their way.
pub(super) struct Found {
    pub(super) events: Vec<Cursor>,
    /// Everything up to here was looked at.
    pub(super) after: Option<Cursor>,
    pub(super) is_last: bool,
}

pub(super) enum Finding {
    Found(Found),
    Stop { why: &'static str },
}

impl<F, M: ReplaySteps + ReadEvent, C> Replayer<F, M, C> {
    pub(super) async fn find(&self, allowed: &Allowed) -> Answer<Finding> {
        let Allowed { replay, pace, .. } = allowed;
        let found = match &replay.key.which {
            Which::Held => self.held(replay, pace.page()).await?,
            Which::Failed { since } => self.given_up(replay, *since, pace.page()).await?,
            Which::Missing { since } => self.missing(allowed, *since).await?,
            Which::One { event } => return self.one(&replay.key, event).await,
        };
        Ok(Finding::Found(found))
    }

    /// Those that are held while the others are released, by somebody who did not know yet that the endpoint is
    /// enabled, are found in another round: the last round finds none.
    async fn held(&self, replay: &Replay, most: usize) -> Answer<Found> {
        let Page { items, next } = self.page(replay, State::Held, Timestamp(0), most).await?;
        let is_last = items.is_empty() && replay.after.is_none();
        Ok(Found { events: items, after: next, is_last })
    }

    async fn given_up(&self, replay: &Replay, since: Timestamp, most: usize) -> Answer<Found> {
        let Page { items, next } = self.page(replay, State::GivenUp, since, most).await?;
        let is_last = next.is_none();
        let after = next.or_else(|| items.last().cloned()).or_else(|| replay.after.clone());
        Ok(Found { events: items, after, is_last })
    }

    async fn page(&self, replay: &Replay, state: State, since: Timestamp, most: usize) -> Answer<Page<Cursor>> {
        let ReplayKey { tenant, endpoint, .. } = &replay.key;
        self.memory.undelivered(tenant, endpoint, state, &within(replay, since, most)).await
    }

    async fn missing(&self, allowed: &Allowed, since: Timestamp) -> Answer<Found> {
        let (replay, most) = (&allowed.replay, allowed.pace.page());
        let ReplayKey { tenant, endpoint: name, .. } = &replay.key;
        let page = self.memory.events_from(tenant, &within(replay, since, MOST)).await?;
        let (mut events, mut after, mut is_last) = (Vec::new(), replay.after.clone(), page.next.is_none());
        for Matched { event, endpoints } in page.items {
            if events.len() == most {
                is_last = false;
                break;
            }
            let is_wanted = wants(&allowed.endpoint, &event);
            let cursor = Cursor { at: event.received, event: event.id };
            after = Some(cursor.clone());
            if is_wanted && !endpoints.contains(name) {
                events.push(cursor);
            }
        }
        // A page may go further than the events on it.
        let after = if events.len() == most { after } else { page.next.or(after) };
        Ok(Found { events, after, is_last })
    }

    async fn one(&self, key: &ReplayKey, event: &EventId) -> Answer<Finding> {
        let Some(event) = self.memory.event(&key.tenant, event).await? else {
            return Ok(Finding::Stop { why: "the event is no longer kept" });
        };
        let cursor = Cursor { at: event.received, event: event.id.clone() };
        Ok(Finding::Found(Found { events: vec![cursor.clone()], after: Some(cursor), is_last: true }))
    }
}

/// As it would be matched if it came now.
fn wants(endpoint: &Endpoint, event: &Event) -> bool {
    match event.id.is_operational() {
        true => endpoint.wants_operational(&event.kind),
        false => endpoint.wants(&event.kind, &event.channels),
    }
}

/// What was accepted when the replay began belongs to it, to the last moment.
fn within(replay: &Replay, since: Timestamp, most: usize) -> Within {
    Within { since, until: replay.began.after(Duration::from_millis(1)), after: replay.after.clone(), most }
}
