//! The same on the way out: from a webhook or an application to every endpoint.

mod world;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use shared::local::Store;
use shared::seam::{Clock, Delivery, DeliveryKey, History, Range, State};

use super::faulty::{Mode, Plan};
use crate::harness::play as run;
use world::World;

const WAITS: [u64; 4] = [0, 5, 60, 600];

/// How many attempts each takes to end, where nothing fails.
const ENDPOINTS: [(&str, State, usize); 5] = [
    ("dead", State::GivenUp, 4),
    ("gone", State::Held, 0),
    ("slow", State::Delivered, 1),
    ("weak", State::Delivered, 2),
    ("well", State::Delivered, 1),
];

/// Numbered without a gap, none sooner than the schedule says.
fn is_in_order(delivery: &Delivery) -> bool {
    let attempts = &delivery.attempts;
    let numbered = attempts.iter().zip(1..).all(|(attempt, number)| attempt.number == number);
    let waits = attempts.windows(2).zip(&WAITS[1..]);
    numbered && waits.into_iter().all(|(pair, wait)| pair[1].at.since(pair[0].at) >= Duration::from_secs(*wait))
}

async fn judge(world: &World, store: &Store, context: &str) {
    let fault = world.plan.came();
    let range = Range { since: Default::default(), until: world.clock.now(), most: 100, after: None };
    let events: BTreeSet<_> = store.events("default", &range).await.unwrap().items.into_iter().map(|e| e.id).collect();
    // The provider's second webhook is published too where the first was published but not completed.
    let most = if matches!(fault, Some("complete" | "enqueue")) { 3 } else { 2 };
    assert!((2..=most).contains(&events.len()), "{events:?}; {context}");
    let (posted, mut repeated, mut more) = (world.posted(), 0, 0);
    for event in &events {
        for (endpoint, state, attempts) in ENDPOINTS {
            let key = DeliveryKey { tenant: "default".into(), event: event.clone(), endpoint: endpoint.into() };
            let delivery = store.delivery(&key).await.unwrap().unwrap();
            assert_eq!((delivery.state, delivery.next), (state, None), "{delivery:?}; {context}");
            assert!(is_in_order(&delivery), "{delivery:?}; {context}");
            let times = posted.get(&(event.to_string(), endpoint.into())).copied().unwrap_or_default();
            assert!(times >= attempts.min(1), "{key} was lost; {context}");
            repeated += times.saturating_sub(delivery.attempts.len());
            more += delivery.attempts.len().saturating_sub(attempts);
        }
    }
    // Again only if the fault fell between the post and its record.
    let between = [
        "send_webhook",
        "endpoint_state",
        "endpoint_fails",
        "endpoint_works",
        "disable_endpoint",
        "backlog",
        "trouble_told",
        "slow_endpoint",
        "settle_attempt",
    ];
    let may_repeat = fault.is_some_and(|fault| between.contains(&fault));
    assert!(repeated <= usize::from(may_repeat), "{repeated} posted again; {context}");
    // `slow` rested once and `gone` was asked once; an answer that was lost costs another attempt.
    assert!((1..=3).contains(&more), "{more} attempts more; {context}");
}

/// Plays the story with that fault; tells how many calls it took, if the fault never came.
fn play(mode: Mode, at: usize) -> Option<usize> {
    let mut calls = None;
    run(async {
        let mut world = World::new(Plan::new(mode, at));
        let plan = Arc::clone(&world.plan);
        tokio::select! {
            biased;
            () = plan.stopped() => {}
            () = world.story() => {}
        }
        let fault = plan.came();
        let store = world.recover().await;
        judge(&world, store.inner(), &format!("{mode:?} at call {at}: {fault:?}")).await;
        calls = fault.is_none().then(|| plan.calls());
    });
    calls
}

#[test]
fn a_turn_that_is_handed_out_twice_is_one_attempt() {
    run(async {
        let mut world = World::new(Plan::new(Mode::FailsBefore, usize::MAX));
        world.hands_out_twice = true;
        world.story().await;
        let store = world.recover().await;
        judge(&world, store.inner(), "each turn twice").await;
    });
}

fn at_every_call(mode: Mode) {
    let calls = (1..).find_map(|at| play(mode, at)).unwrap();
    assert!(calls > 80, "the story is shorter than it should be: {calls}");
}

#[test]
fn a_call_that_fails_without_effect_loses_no_delivery() {
    at_every_call(Mode::FailsBefore);
}

#[test]
fn a_call_that_fails_after_its_effect_loses_no_delivery() {
    at_every_call(Mode::FailsAfter);
}

#[test]
fn a_crash_before_any_call_loses_no_delivery() {
    at_every_call(Mode::StopsBefore);
}

#[test]
fn a_crash_after_any_call_loses_no_delivery() {
    at_every_call(Mode::StopsAfter);
}
