//! The ports of the outbound path, failing when told to.

use std::sync::Arc;
use std::time::Duration;

use shared::event::{Event, EventId};
use shared::quantity::Rate;
use shared::seam::{
    Answer, Attempt, AttemptClaim, AttemptLease, Attempts, Backlog, Consent, CountAttempts, Cursor, Delivery,
    DeliveryKey, Disabled, EndpointState, History, KeepEvent, KeepPace, Keeping, LimitEvents, Matched, NoAnswer,
    Outgoing, Page, Place, Range, ReadEndpointState, ReadEvent, ReadHealth, Received, Recipient, Replay, ReplayKey,
    ReplaySteps, Replays, SendWebhook, State, Step, Tally, Trouble, Turn, Within, WriteEndpointState,
};
use shared::timestamp::Timestamp;

use super::faulty::Faulty;

impl<P: KeepEvent + Sync> KeepEvent for Faulty<P> {
    async fn keep_event(&self, event: &Event, to: &[Recipient]) -> Answer<Keeping> {
        self.call("keep_event", self.inner().keep_event(event, to)).await
    }
}

impl<P: LimitEvents + Sync> LimitEvents for Faulty<P> {
    async fn has_room(&self) -> Answer<bool> {
        self.call("has_room", self.inner().has_room()).await
    }

    async fn take_place(&self, tenant: &str, rate: Rate, now: Timestamp) -> Answer<Result<(), Timestamp>> {
        self.call("take_place", self.inner().take_place(tenant, rate, now)).await
    }
}

impl<P: ReadEvent + Sync> ReadEvent for Faulty<P> {
    async fn event(&self, tenant: &str, id: &EventId) -> Answer<Option<Arc<Event>>> {
        self.call("event", self.inner().event(tenant, id)).await
    }
}

impl<P: Attempts + Sync> Attempts for Faulty<P> {
    async fn claim_attempt(
        &self,
        turn: &Turn,
        event: &Event,
        now: Timestamp,
        until: Timestamp,
    ) -> Answer<AttemptClaim> {
        self.call("claim_attempt", self.inner().claim_attempt(turn, event, now, until)).await
    }

    async fn settle_attempt(&self, lease: Box<AttemptLease>, attempt: Option<Attempt>, step: Step) -> Answer<()> {
        self.call("settle_attempt", self.inner().settle_attempt(lease, attempt, step)).await
    }

    async fn put_off(&self, turn: &Turn, due: Timestamp) -> Answer<()> {
        self.call("put_off", self.inner().put_off(turn, due)).await
    }
}

impl<P: ReadEndpointState + Sync> ReadEndpointState for Faulty<P> {
    async fn endpoint_state(&self, tenant: &str, name: &str) -> Answer<EndpointState> {
        self.call("endpoint_state", self.inner().endpoint_state(tenant, name)).await
    }
}

impl<P: WriteEndpointState + Sync> WriteEndpointState for Faulty<P> {
    async fn disable_endpoint(&self, tenant: &str, name: &str, disabled: &Disabled) -> Answer<()> {
        self.call("disable_endpoint", self.inner().disable_endpoint(tenant, name, disabled)).await
    }

    async fn slow_endpoint(&self, tenant: &str, name: &str, until: Timestamp) -> Answer<()> {
        self.call("slow_endpoint", self.inner().slow_endpoint(tenant, name, until)).await
    }

    async fn enable_endpoint(&self, tenant: &str, name: &str) -> Answer<()> {
        self.call("enable_endpoint", self.inner().enable_endpoint(tenant, name)).await
    }

    async fn endpoint_fails(&self, tenant: &str, name: &str, since: Timestamp) -> Answer<()> {
        self.call("endpoint_fails", self.inner().endpoint_fails(tenant, name, since)).await
    }

    async fn endpoint_works(&self, tenant: &str, name: &str, at: Timestamp) -> Answer<()> {
        self.call("endpoint_works", self.inner().endpoint_works(tenant, name, at)).await
    }

    async fn trouble_told(&self, tenant: &str, name: &str, since: Timestamp) -> Answer<()> {
        self.call("trouble_told", self.inner().trouble_told(tenant, name, since)).await
    }

    async fn note_consent(&self, tenant: &str, name: &str, consent: &Consent) -> Answer<()> {
        self.call("note_consent", self.inner().note_consent(tenant, name, consent)).await
    }
}

impl<P: KeepPace + Sync> KeepPace for Faulty<P> {
    async fn reserve(&self, tenant: &str, endpoint: &str, rate: Rate, now: Timestamp) -> Answer<Timestamp> {
        self.call("reserve", self.inner().reserve(tenant, endpoint, rate, now)).await
    }

    async fn enter(
        &self,
        tenant: &str,
        endpoint: &str,
        most: u32,
        now: Timestamp,
        until: Timestamp,
    ) -> Answer<Option<Place>> {
        self.call("enter", self.inner().enter(tenant, endpoint, most, now, until)).await
    }

    async fn leave(&self, tenant: &str, endpoint: &str, place: Place) -> Answer<()> {
        self.call("leave", self.inner().leave(tenant, endpoint, place)).await
    }
}

impl<P: SendWebhook + Sync> SendWebhook for Faulty<P> {
    async fn send_webhook(&self, outgoing: Outgoing) -> Result<Received, NoAnswer> {
        let failure = NoAnswer { kind: Trouble::Timeout, words: "as planned".into() };
        self.call_or("send_webhook", failure, self.inner().send_webhook(outgoing)).await
    }
}

impl<P: CountAttempts + Sync> CountAttempts for Faulty<P> {
    async fn count_attempt(
        &self,
        tenant: &str,
        endpoint: &str,
        at: Timestamp,
        arrived: bool,
        answered_after: Option<Duration>,
    ) {
        self.inner().count_attempt(tenant, endpoint, at, arrived, answered_after).await;
    }
}

impl<P: ReadHealth + Sync> ReadHealth for Faulty<P> {
    async fn tally(&self, tenant: &str, endpoint: &str, now: Timestamp) -> Answer<Tally> {
        self.call("tally", self.inner().tally(tenant, endpoint, now)).await
    }

    async fn backlog(&self, tenant: &str, endpoint: &str) -> Answer<Backlog> {
        self.call("backlog", self.inner().backlog(tenant, endpoint)).await
    }
}

impl<P: Replays + Sync> Replays for Faulty<P> {
    async fn begin_replay(&self, replay: &Replay) -> Answer<Replay> {
        self.call("begin_replay", self.inner().begin_replay(replay)).await
    }

    async fn replays(&self, tenant: &str, endpoint: &str) -> Answer<Vec<Replay>> {
        self.call("replays", self.inner().replays(tenant, endpoint)).await
    }

    async fn stop_replay(&self, tenant: &str, endpoint: &str, id: &str, now: Timestamp) -> Answer<Option<Replay>> {
        self.call("stop_replay", self.inner().stop_replay(tenant, endpoint, id, now)).await
    }
}

impl<P: ReplaySteps + Sync> ReplaySteps for Faulty<P> {
    async fn replay(&self, key: &ReplayKey) -> Answer<Option<Replay>> {
        self.call("replay", self.inner().replay(key)).await
    }

    async fn undelivered(&self, tenant: &str, endpoint: &str, state: State, within: &Within) -> Answer<Page<Cursor>> {
        self.call("undelivered", self.inner().undelivered(tenant, endpoint, state, within)).await
    }

    async fn events_from(&self, tenant: &str, within: &Within) -> Answer<Page<Matched>> {
        self.call("events_from", self.inner().events_from(tenant, within)).await
    }

    async fn release(&self, before: &Replay, events: &[Cursor], after: &Replay) -> Answer<()> {
        self.call("release", self.inner().release(before, events, after)).await
    }
}

impl<P: History + Sync> History for Faulty<P> {
    async fn events(&self, tenant: &str, range: &Range) -> Answer<Page<Event>> {
        self.call("events", self.inner().events(tenant, range)).await
    }

    async fn deliveries_of(&self, tenant: &str, event: &EventId) -> Answer<Option<Vec<Delivery>>> {
        self.call("deliveries_of", self.inner().deliveries_of(tenant, event)).await
    }

    async fn deliveries_to(
        &self,
        tenant: &str,
        endpoint: &str,
        state: Option<State>,
        range: &Range,
    ) -> Answer<Page<Delivery>> {
        self.call("deliveries_to", self.inner().deliveries_to(tenant, endpoint, state, range)).await
    }

    async fn delivery(&self, key: &DeliveryKey) -> Answer<Option<Delivery>> {
        self.call("delivery", self.inner().delivery(key)).await
    }
}
