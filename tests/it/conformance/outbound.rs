//! The ports of the outbound path: events, attempts, endpoints' states, limits and health, tokens, history, replays.

mod attempts;
mod endpoints;
mod events;
mod find;
mod health;
mod history;
mod limits;
mod released;
mod replays;
mod worlds;

use std::time::Duration;

use bytes::Bytes;
use shared::event::{Data, Digested, Event};
use shared::seam::{Attempt, AttemptClaim, AttemptLease, DeliveryKey, Recipient, Step, Turn};
use shared::timestamp::Timestamp;

use super::{later, now, suite};
use attempts::*;
use endpoints::*;
use events::*;
use health::*;
use history::*;
use limits::*;
use released::*;
use replays::*;
use worlds::{Mail, World};

/// An event of the tenant `default` with that data.
fn event(id: &str, received: Timestamp, data: impl Into<Bytes>) -> Event {
    let data = Data { content_type: "application/json; charset=utf-8".into(), bytes: data.into() };
    let (kind, channels) = ("order.created".parse().unwrap(), vec!["one".to_owned(), "two".to_owned()]);
    let timestamp = Timestamp(1_700_000_000_123);
    let digest = Digested::of(&kind, Some(timestamp), &channels, &data);
    Event {
        tenant: "default".into(),
        id: id.parse().unwrap(),
        kind,
        timestamp,
        received,
        channels,
        data,
        digest,
        origin: None,
    }
}

fn key(event: &Event, endpoint: &str) -> DeliveryKey {
    DeliveryKey { tenant: event.tenant.clone(), event: event.id.clone(), endpoint: endpoint.into() }
}

fn to(endpoints: &[&str], due: Timestamp) -> Vec<Recipient> {
    endpoints.iter().map(|endpoint| Recipient { endpoint: (*endpoint).into(), due }).collect()
}

fn attempt(number: u32, status: u16) -> Attempt {
    let response = Some("a \"text\"".to_owned());
    Attempt { number, at: later(u64::from(number)), took: 12, status: Some(status), error: None, response }
}

/// Keeps an event for those endpoints, and takes their first turns.
async fn kept(world: &World<impl Mail>, event: &Event, endpoints: &[&str]) -> Vec<Turn> {
    world.store.keep_event(event, &to(endpoints, world.time.now())).await.unwrap();
    let mut turns = world.take().await;
    turns.sort_by(|a, b| a.key.endpoint.cmp(&b.key.endpoint));
    assert_eq!(turns.iter().map(|turn| &*turn.key.endpoint).collect::<Vec<_>>(), endpoints, "{}", event.id);
    turns
}

/// The attempt is ours for a minute.
async fn held(world: &World<impl Mail>, turn: &Turn, event: &Event, at: Timestamp) -> Box<AttemptLease> {
    match world.store.claim_attempt(turn, event, at, at.after(Duration::from_secs(60))).await.unwrap() {
        AttemptClaim::Ours(lease) => lease,
        other => panic!("{other:?}"),
    }
}

/// Makes an attempt that ends so.
async fn made(world: &World<impl Mail>, turn: &Turn, event: &Event, status: u16, step: Step) {
    let lease = held(world, turn, event, now()).await;
    world.store.settle_attempt(lease, Some(attempt(turn.number, status)), step).await.unwrap();
}

suite![
    on_one_machine, on_aws:
    an_event_is_kept_once,
    another_event_under_the_same_id_is_refused,
    data_is_kept_byte_for_byte,
    an_event_for_nobody_is_kept_too,
    an_attempt_is_claimed_by_its_number,
    what_was_judged_is_followed_by_the_next_attempt,
    a_delivery_that_ended_is_never_attempted_again,
    of_many_who_claim_an_attempt_one_gets_it,
    a_lease_that_was_lost_changes_nothing,
    a_turn_is_put_off_as_it_is,
    orders_to_an_endpoint_do_not_undo_each_other,
    a_rate_gives_places_that_are_apart,
    of_many_who_reserve_at_once_each_gets_a_place_of_its_own,
    no_more_calls_are_under_way_than_an_endpoint_bears,
    a_place_is_free_again_when_its_time_is_over,
    a_tenants_rate_gives_a_seconds_worth_at_once_and_then_says_when,
    of_many_who_emit_at_once_no_more_are_taken_than_the_rate_allows,
    a_token_is_found_until_it_is_removed,
    events_are_walked_once_from_the_latest_to_the_oldest,
    a_range_begins_with_its_first_moment_and_ends_before_its_last,
    the_deliveries_of_an_event_are_there_before_they_are_attempted,
    the_deliveries_to_an_endpoint_are_walked_by_state,
    a_run_of_failures_begins_once_and_ends_with_a_success,
    what_people_were_told_is_known_until_the_trouble_is_over,
    an_endpoint_that_is_enabled_is_asked_for_consent_again,
    attempts_are_counted_for_a_day,
    what_has_not_arrived_is_counted_by_endpoint,
    of_equal_replays_one_is_running,
    of_many_who_begin_a_replay_at_once_one_does,
    a_replay_that_was_stopped_goes_no_further,
    a_step_is_noted_once,
    what_has_not_arrived_is_walked_from_the_oldest_on,
    events_are_walked_from_the_oldest_on,
    what_was_held_or_given_up_goes_on_with_the_next_attempt,
    what_is_on_its_way_stays_so,
    one_that_waits_for_its_next_attempt_is_tried_at_once_and_once,
    an_event_that_was_never_for_an_endpoint_is_sent_there,
    what_has_arrived_is_sent_again_if_it_is_named,
];
