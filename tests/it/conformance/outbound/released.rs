//! What a replay puts back on its way, and what it leaves as it is.

use std::time::Duration;

use shared::event::Event;
use shared::seam::{AttemptClaim, Replay, State, Step, Turn, Which};

use super::replays::{begun, cursor, done, within};
use super::worlds::{Mail, World};
use super::{attempt, event, kept, key, later, made, now};

/// Begins one and puts these back on their way with its only step.
async fn released(world: &World<impl Mail>, which: Which, events: &[&Event]) -> Replay {
    let replay = begun(which, world.time.now(), 1);
    assert_eq!(world.store.begin_replay(&replay).await.unwrap(), replay);
    let events: Vec<_> = events.iter().map(|event| cursor(event)).collect();
    let after = done(&replay, events.len() as u64);
    world.store.release(&replay, &events, &after).await.unwrap();
    assert_eq!(world.store.replay(&replay.key).await.unwrap().as_ref(), Some(&after));
    after
}

pub async fn what_was_held_or_given_up_goes_on_with_the_next_attempt(world: &World<impl Mail>, (): &()) {
    let (held, tried, other) = (event("held", now(), "1"), event("tried", now(), "1"), event("up", now(), "1"));
    for (one, attempts) in [(&held, 0), (&tried, 2), (&other, 1)] {
        let mut turn = kept(world, one, &["a"]).await.remove(0);
        let last = if one.id == other.id { Step::GivenUp } else { Step::Held };
        for number in 1..=attempts {
            let due = world.time.now();
            made(world, &turn, one, 500, if number == attempts { last } else { Step::Again { due } }).await;
            turn = world.take().await.pop().unwrap_or(turn);
        }
        if attempts == 0 {
            let lease = super::held(world, &turn, one, now()).await;
            world.store.settle_attempt(lease, None, Step::Held).await.unwrap();
        }
    }
    released(world, Which::Held, &[&held, &tried, &other]).await;
    let mut turns = world.take().await;
    turns.sort_by_key(|turn| turn.number);
    let numbers: Vec<_> = turns.iter().map(|turn| (turn.key.event.as_str(), turn.number)).collect();
    assert_eq!(numbers, [("held", 1), ("tried", 3)], "what was given up is not held");
    assert!(turns.iter().all(|turn| turn.due <= world.time.now()), "{turns:?}");
    released(world, Which::Failed { since: now() }, &[&held, &tried, &other]).await;
    turns.extend(world.take().await.into_iter().filter(|turn| turn.key.event == other.id));
    assert_eq!((turns.len(), turns[2].number), (3, 2), "{turns:?}");
    for (turn, one) in turns.iter().zip([&held, &tried, &other]) {
        let known = world.store.delivery(&key(one, "a")).await.unwrap().expect("a delivery");
        assert_eq!((known.state, known.next), (State::Pending, Some((turn.number, turn.due))));
        let lease = super::held(world, turn, one, later(200)).await;
        assert_eq!((lease.delivery.before, lease.delivery.attempts.len()), (turn.number - 1, turn.number as usize - 1));
        world.store.settle_attempt(lease, Some(attempt(turn.number, 204)), Step::Delivered).await.unwrap();
        let known = world.store.delivery(&key(one, "a")).await.unwrap().expect("a delivery");
        assert_eq!((known.state, known.attempts.len()), (State::Delivered, turn.number as usize));
    }
    for state in [State::Held, State::GivenUp, State::Pending] {
        let left = world.store.undelivered("default", "a", state, &within(9)).await.unwrap().items;
        assert_eq!(left, [], "{state:?}");
    }
    assert!(world.take().await.is_empty());
}

pub async fn what_is_on_its_way_stays_so(world: &World<impl Mail>, (): &()) {
    let (new, tried) = (event("new", now(), "1"), event("tried", now(), "1"));
    let due = world.time.now().after(Duration::from_secs(4));
    let turn = kept(world, &tried, &["a"]).await.remove(0);
    made(world, &turn, &tried, 500, Step::Again { due }).await;
    let first = kept(world, &new, &["a"]).await.remove(0);
    let gone = event("gone", now(), "1");
    for one in [&new, &gone] {
        released(world, Which::One { event: one.id.clone() }, &[one]).await;
    }
    released(world, Which::Failed { since: now() }, &[&tried]).await;
    let again: Vec<Turn> = world.take().await.into_iter().filter(|turn| *turn != first).collect();
    assert_eq!(again, [], "nothing is queued twice");
    world.time.pass(Duration::from_secs(5)).await;
    let turns: Vec<Turn> = world.take().await.into_iter().filter(|turn| *turn != first).collect();
    assert_eq!(turns, [Turn { number: 2, due, ..turn }]);
    assert_eq!(world.store.delivery(&key(&gone, "a")).await.unwrap(), None);
}

pub async fn one_that_waits_for_its_next_attempt_is_tried_at_once_and_once(world: &World<impl Mail>, (): &()) {
    let one = event("one", now(), "1");
    let due = world.time.now().after(Duration::from_secs(4));
    let turn = kept(world, &one, &["a"]).await.remove(0);
    made(world, &turn, &one, 500, Step::Again { due }).await;
    released(world, Which::One { event: one.id.clone() }, &[&one]).await;
    let [hurried] = &*world.take().await else { panic!("one turn") };
    assert!(hurried.number == 2 && hurried.due < due, "{hurried:?}");
    made(world, hurried, &one, 200, Step::Delivered).await;
    world.time.pass(Duration::from_secs(5)).await;
    for late in world.take().await {
        let claim = world.store.claim_attempt(&late, &one, world.time.now(), later(60)).await.unwrap();
        assert_eq!(claim, AttemptClaim::Judged { next: None }, "a message that was on its way");
    }
    assert_eq!(world.store.delivery(&key(&one, "a")).await.unwrap().unwrap().attempts.len(), 2);
}

pub async fn an_event_that_was_never_for_an_endpoint_is_sent_there(world: &World<impl Mail>, (): &()) {
    let (nobodys, others) = (event("nobodys", now(), "1"), event("others", now(), "{\"n\":1}"));
    world.store.keep_event(&nobodys, &[]).await.unwrap();
    let turn = kept(world, &others, &["b"]).await.remove(0);
    made(world, &turn, &others, 204, Step::Delivered).await;
    released(world, Which::Missing { since: now() }, &[&nobodys, &others]).await;
    let mut turns = world.take().await;
    turns.sort_by(|a, b| a.key.event.cmp(&b.key.event));
    assert_eq!(turns.len(), 2);
    for (turn, one) in turns.iter().zip([&nobodys, &others]) {
        assert_eq!((&turn.key, turn.number), (&key(one, "a"), 1));
        assert_eq!(world.store.event("default", &one.id).await.unwrap().as_deref(), Some(one), "as it was");
        made(world, turn, one, 204, Step::Delivered).await;
    }
    let known = world.store.deliveries_of("default", &others.id).await.unwrap().expect("an event");
    let states: Vec<_> = known.iter().map(|one| (&*one.key.endpoint, one.state)).collect();
    assert_eq!(states, [("b", State::Delivered), ("a", State::Delivered)]);
    let found = world.store.events_from("default", &within(9)).await.unwrap().items;
    assert_eq!(found.iter().map(|one| &*one.endpoints).collect::<Vec<_>>(), [&["a"][..], &["b", "a"]]);
    assert!(world.take().await.is_empty());
    assert_eq!(world.store.keep_event(&others, &[]).await.unwrap(), shared::seam::Keeping::Kept { endpoints: 2 });
}

pub async fn what_has_arrived_is_sent_again_if_it_is_named(world: &World<impl Mail>, (): &()) {
    let one = event("one", now(), "1");
    let turn = kept(world, &one, &["a"]).await.remove(0);
    made(world, &turn, &one, 204, Step::Delivered).await;
    released(world, Which::Held, &[&one]).await;
    assert!(world.take().await.is_empty(), "it was not held");
    released(world, Which::One { event: one.id.clone() }, &[&one]).await;
    let again = world.take().await;
    assert_eq!((again.len(), again[0].number), (1, 2));
    made(world, &again[0], &one, 204, Step::Delivered).await;
    let known = world.store.delivery(&key(&one, "a")).await.unwrap().expect("a delivery");
    assert_eq!((known.state, known.before), (State::Delivered, 1));
    assert_eq!(known.attempts, [attempt(1, 204), attempt(2, 204)]);
}
