//! Attempts: claimed by number, judged once, followed by the next.

use std::time::Duration;

use shared::seam::{AttemptClaim, Delivery, State, Step, Turn};

use super::worlds::{Mail, World};
use super::{attempt, event, held, kept, key, later, made, now};

const MINUTE: Duration = Duration::from_secs(60);

pub async fn an_attempt_is_claimed_by_its_number(world: &World<impl Mail>, (): &()) {
    let one = event("one", now(), "1");
    let turn = kept(world, &one, &["a"]).await.remove(0);
    let lease = held(world, &turn, &one, now()).await;
    assert_eq!((&lease.turn, lease.until), (&turn, later(60)));
    assert_eq!(lease.delivery, Delivery::queued(key(&one, "a"), &one));
    let claim = |at| world.store.claim_attempt(&turn, &one, at, at.after(MINUTE));
    assert_eq!(claim(later(59)).await, Ok(AttemptClaim::Busy { until: later(60) }));
    let again = held(world, &turn, &one, later(60)).await;
    assert_eq!((again.until, again.delivery.attempts.len()), (later(120), 0), "a lease that ended is no attempt");
    let second = Turn { number: 2, ..turn.clone() };
    let early = world.store.claim_attempt(&second, &one, later(200), later(260)).await.unwrap();
    assert!(!matches!(early, AttemptClaim::Ours(_)), "no attempt is skipped: {early:?}");
}

pub async fn what_was_judged_is_followed_by_the_next_attempt(world: &World<impl Mail>, (): &()) {
    let one = event("one", now(), "1");
    let first = kept(world, &one, &["a"]).await.remove(0);
    let due = world.time.now().after(Duration::from_secs(3));
    made(world, &first, &one, 500, Step::Again { due }).await;
    let judged = world.store.claim_attempt(&first, &one, later(1), later(61)).await;
    assert_eq!(judged, Ok(AttemptClaim::Judged { next: Some((2, due)) }));
    assert!(world.take().await.is_empty(), "it is not due");
    world.time.pass(Duration::from_secs(4)).await;
    let second = world.take().await;
    assert_eq!(second, [Turn { number: 2, due, ..first.clone() }]);
    let lease = held(world, &second[0], &one, later(9)).await;
    assert_eq!(lease.delivery.attempts, [attempt(1, 500)]);
    world.store.settle_attempt(lease, Some(attempt(2, 204)), Step::Delivered).await.unwrap();
    for turn in [&first, &second[0]] {
        let judged = world.store.claim_attempt(turn, &one, later(10), later(70)).await;
        assert_eq!(judged, Ok(AttemptClaim::Judged { next: None }));
    }
    let known = world.store.delivery(&key(&one, "a")).await.unwrap().expect("a delivery");
    assert_eq!((known.state, known.next), (State::Delivered, None));
    assert_eq!(known.attempts, [attempt(1, 500), attempt(2, 204)]);
    assert!(world.take().await.is_empty());
}

pub async fn a_delivery_that_ended_is_never_attempted_again(world: &World<impl Mail>, (): &()) {
    let steps = [
        (Step::Delivered, State::Delivered),
        (Step::GivenUp, State::GivenUp),
        (Step::Held, State::Held),
        (Step::Cancelled, State::Cancelled),
    ];
    for (n, (step, state)) in steps.into_iter().enumerate() {
        let one = event(&format!("e-{n}"), now(), "1");
        let turn = kept(world, &one, &["a"]).await.remove(0);
        let lease = held(world, &turn, &one, now()).await;
        world.store.settle_attempt(lease, None, step).await.unwrap();
        let claim = world.store.claim_attempt(&turn, &one, later(90), later(150)).await;
        assert_eq!(claim, Ok(AttemptClaim::Judged { next: None }), "{step:?}");
        let known = world.store.delivery(&key(&one, "a")).await.unwrap().expect("a delivery");
        assert_eq!((known.state, known.next, known.attempts), (state, None, vec![]));
        assert!(world.take().await.is_empty(), "{step:?}");
    }
}

pub async fn of_many_who_claim_an_attempt_one_gets_it(world: &World<impl Mail>, (): &()) {
    let one = event("one", now(), "1");
    let turn = kept(world, &one, &["a"]).await.remove(0);
    let mut tries = tokio::task::JoinSet::new();
    for n in 0..32 {
        let (store, turn, one) = (world.store.clone(), turn.clone(), one.clone());
        tries.spawn(async move { store.claim_attempt(&turn, &one, now(), later(60 + n)).await.unwrap() });
    }
    let claims = tries.join_all().await;
    let busy = claims.iter().filter(|claim| matches!(claim, AttemptClaim::Busy { .. })).count();
    let ours = claims.iter().filter(|claim| matches!(claim, AttemptClaim::Ours(_))).count();
    assert_eq!((ours, busy), (1, 31));
}

pub async fn a_lease_that_was_lost_changes_nothing(world: &World<impl Mail>, (): &()) {
    let one = event("one", now(), "1");
    let turn = kept(world, &one, &["a"]).await.remove(0);
    let lost = held(world, &turn, &one, now()).await;
    let ours = held(world, &turn, &one, later(60)).await;
    let again = Step::Again { due: world.time.now() };
    world.store.settle_attempt(lost.clone(), Some(attempt(1, 500)), again).await.unwrap();
    let busy = world.store.claim_attempt(&turn, &one, later(61), later(121)).await;
    assert_eq!(busy, Ok(AttemptClaim::Busy { until: later(120) }));
    world.store.settle_attempt(ours, Some(attempt(1, 204)), Step::Delivered).await.unwrap();
    world.store.settle_attempt(lost, Some(attempt(1, 500)), again).await.unwrap();
    let known = world.store.delivery(&key(&one, "a")).await.unwrap().expect("a delivery");
    assert_eq!((known.state, known.attempts), (State::Delivered, vec![attempt(1, 204)]));
    assert!(world.take().await.is_empty());
}

pub async fn a_turn_is_put_off_as_it_is(world: &World<impl Mail>, (): &()) {
    let one = event("one", now(), "1");
    let turn = kept(world, &one, &["a"]).await.remove(0);
    let due = world.time.now().after(Duration::from_secs(3));
    world.store.put_off(&Turn { paced: true, ..turn.clone() }, due).await.unwrap();
    assert!(world.take().await.is_empty());
    world.time.pass(Duration::from_secs(4)).await;
    let off = Turn { paced: true, due, ..turn };
    assert_eq!(world.take().await, std::slice::from_ref(&off));
    assert_eq!(held(world, &off, &one, later(9)).await.delivery.attempts, [], "no attempt was spent");
}
