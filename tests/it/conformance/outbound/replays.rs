//! Replays: begun once, stepped once, and what they put back on its way.

use std::time::Duration;

use shared::event::Event;
use shared::seam::{Cursor, Page, Progress, Replay, ReplayKey, State, Step, Turn, Which, Within};
use shared::timestamp::Timestamp;

use super::worlds::{Mail, World};
use super::{attempt, event, kept, key, later, made, now};

fn replay_key(which: Which) -> ReplayKey {
    ReplayKey { tenant: "default".into(), endpoint: "a".into(), which }
}

fn begun(which: Which, at: Timestamp, n: u8) -> Replay {
    Replay::begun(replay_key(which), [n; 10], at)
}

/// What it is a step later, with so many more put back on their way.
fn stepped(before: &Replay, queued: u64) -> Replay {
    Replay { step: before.step + 1, queued: before.queued + queued, ..before.clone() }
}

fn done(before: &Replay, queued: u64) -> Replay {
    let at = before.due.after(Duration::from_secs(1));
    Replay { state: Progress::Done, ended: Some(at), ..stepped(before, queued) }
}

fn cursor(event: &Event) -> Cursor {
    Cursor { at: event.received, event: event.id.clone() }
}

fn within(most: usize) -> Within {
    Within { since: Timestamp(0), until: later(60), after: None, most }
}

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

pub async fn of_equal_replays_one_is_running(world: &World<impl Mail>, (): &()) {
    let at = |seconds| world.time.now().after(Duration::from_secs(seconds));
    let start = at(0);
    let first = begun(Which::Held, start, 1);
    assert_eq!(world.store.begin_replay(&first).await.unwrap(), first);
    assert_eq!(world.steps().await, [first.next_step()]);
    let later = |seconds: u64, n| begun(Which::Held, start.after(Duration::from_secs(seconds)), n);
    assert_eq!(world.store.begin_replay(&later(600, 2)).await.unwrap(), first, "it is running");
    let other = begun(Which::Failed { since: now() }, start.after(Duration::from_millis(5)), 3);
    assert_eq!(world.store.begin_replay(&other).await.unwrap(), other);
    assert_eq!(world.store.replays("default", "a").await.unwrap(), [other.clone(), first.clone()], "latest first");
    world.store.release(&first, &[], &done(&first, 0)).await.unwrap();
    assert_eq!(world.store.begin_replay(&later(59, 4)).await.unwrap(), done(&first, 0), "a second click");
    let again = later(60, 5);
    assert_eq!(world.store.begin_replay(&again).await.unwrap(), again);
    assert_eq!(world.store.replays("default", "a").await.unwrap(), [again, other]);
    assert_eq!(world.store.replays("default", "b").await.unwrap(), []);
    assert_eq!(world.store.replays("acme", "a").await.unwrap(), []);
    assert_eq!(world.store.replay(&replay_key(Which::Missing { since: now() })).await.unwrap(), None);
}

pub async fn of_many_who_begin_a_replay_at_once_one_does(world: &World<impl Mail>, (): &()) {
    let (mut tries, at) = (tokio::task::JoinSet::new(), world.time.now());
    for n in 0..16 {
        let store = world.store.clone();
        tries.spawn(async move { store.begin_replay(&begun(Which::Held, at, n)).await.unwrap().id });
    }
    let mut ids = tries.join_all().await;
    ids.dedup();
    assert_eq!(ids.len(), 1, "{ids:?}");
    assert_eq!(world.store.replays("default", "a").await.unwrap().len(), 1);
}

pub async fn a_replay_that_was_stopped_goes_no_further(world: &World<impl Mail>, (): &()) {
    let replay = begun(Which::Held, world.time.now(), 1);
    world.store.begin_replay(&replay).await.unwrap();
    let (end, id) = (world.time.now().after(Duration::from_secs(5)), &*replay.id);
    let stop = async |endpoint: &str, id: &str, at| world.store.stop_replay("default", endpoint, id, at).await.unwrap();
    assert_eq!(stop("a", "rp_other", end).await, None);
    assert_eq!(stop("b", id, end).await, None);
    let stopped = stop("a", id, end).await.expect("a replay");
    assert_eq!((stopped.state, stopped.ended, stopped.step), (Progress::Stopped, Some(end), 0));
    assert!(stopped.why.is_some());
    assert_eq!(stop("a", id, end.after(Duration::from_secs(1))).await.as_ref(), Some(&stopped), "once");
    world.store.release(&replay, &[], &stepped(&replay, 0)).await.unwrap();
    assert_eq!(world.store.replay(&replay.key).await.unwrap(), Some(stopped));
    let again = begun(Which::Held, world.time.now().after(Duration::from_secs(61)), 2);
    assert_eq!(world.store.begin_replay(&again).await.unwrap(), again, "it may begin anew");
}

pub async fn a_step_is_noted_once(world: &World<impl Mail>, (): &()) {
    let first = begun(Which::Held, world.time.now(), 1);
    world.store.begin_replay(&first).await.unwrap();
    assert_eq!(world.steps().await, [first.next_step()]);
    let second = stepped(&first, 5);
    world.store.release(&first, &[], &second).await.unwrap();
    assert_eq!(world.steps().await, [second.next_step()], "the next is queued");
    let other = Replay { queued: 9, ..second.clone() };
    world.store.release(&first, &[], &other).await.unwrap();
    assert_eq!(world.store.replay(&first.key).await.unwrap().as_ref(), Some(&second), "the first who makes it");
    let third = Replay { due: world.time.now().after(Duration::from_secs(3)), ..stepped(&second, 1) };
    world.store.release(&second, &[], &third).await.unwrap();
    assert_eq!(world.steps().await, [], "it is not due");
    world.time.pass(Duration::from_secs(4)).await;
    assert_eq!(world.steps().await, [third.next_step()]);
    world.store.release(&third, &[], &done(&third, 0)).await.unwrap();
    world.time.pass(Duration::from_secs(4)).await;
    assert_eq!(world.steps().await, [], "it has ended");
}

/// Three days, some of one moment.
fn moments() -> Vec<(String, Timestamp)> {
    let days = |days: u64| now().before(Duration::from_secs(days * 86_400));
    let at = |n: u64| match n {
        0..=3 => days(2).after(Duration::from_millis(n)),
        4..=8 => days(1),
        n => now().before(Duration::from_millis(20 - n)),
    };
    (0..16).map(|n| (format!("e-{n:02}"), at(n))).collect()
}

/// Walks page after page.
async fn walk<T>(most: usize, page: impl AsyncFn(&Within) -> Page<T>, name: impl Fn(&T) -> String) -> Vec<String> {
    let (mut found, mut within) = (Vec::new(), within(most));
    for _ in 0..50 {
        let Page { items, next } = page(&within).await;
        assert!(items.len() <= most);
        found.extend(items.iter().map(&name));
        if next.is_none() {
            return found;
        }
        within.after = next;
    }
    panic!("it does not end: {found:?}");
}

pub async fn what_has_not_arrived_is_walked_from_the_oldest_on(world: &World<impl Mail>, (): &()) {
    let due = world.time.now().after(Duration::from_secs(600));
    let steps = [Step::Delivered, Step::Held, Step::GivenUp, Step::Again { due }];
    for (n, (id, received)) in moments().into_iter().enumerate() {
        let one = event(&id, received, "1");
        let turns = kept(world, &one, &["a", "b"]).await;
        made(world, &turns[0], &one, 500, steps[n % 4]).await;
        made(world, &turns[1], &one, 500, Step::Held).await;
    }
    for (state, of) in [(State::Held, 1), (State::GivenUp, 2), (State::Pending, 3)] {
        let all = moments().into_iter().enumerate().filter(|(n, _)| n % 4 == of).map(|(_, (id, _))| id);
        let expected: Vec<_> = all.collect();
        for most in [1, 3, 50] {
            let page = async |within: &Within| world.store.undelivered("default", "a", state, within).await.unwrap();
            let found = walk(most, page, |one| one.event.to_string()).await;
            assert_eq!(found, expected, "{state:?}, {most} on a page");
        }
    }
    let day = now().before(Duration::from_secs(86_400));
    let part = Within { since: day, until: day.after(Duration::from_millis(1)), ..within(50) };
    let found = world.store.undelivered("default", "a", State::Held, &part).await.unwrap().items;
    assert_eq!(found, [Cursor { at: day, event: "e-05".parse().unwrap() }]);
    let before = Within { until: day, ..within(50) };
    let found = world.store.undelivered("default", "a", State::Held, &before).await.unwrap().items;
    assert_eq!(found.iter().map(|one| one.event.as_str()).collect::<Vec<_>>(), ["e-01"]);
}

pub async fn events_are_walked_from_the_oldest_on(world: &World<impl Mail>, (): &()) {
    let expected: Vec<_> = moments().into_iter().map(|(id, _)| id).collect();
    for (n, (id, received)) in moments().into_iter().enumerate() {
        let endpoints: &[&str] = if n % 2 == 0 { &["a", "b"] } else { &[] };
        world.store.keep_event(&event(&id, received, "1"), &super::to(endpoints, later(600))).await.unwrap();
    }
    for most in [1, 3, 16, 50] {
        let page = async |within: &Within| world.store.events_from("default", within).await.unwrap();
        assert_eq!(walk(most, page, |one| one.event.id.to_string()).await, expected, "{most} on a page");
    }
    let day = now().before(Duration::from_secs(86_400));
    let part = Within { since: day, until: now().before(Duration::from_millis(20)), ..within(50) };
    let found = world.store.events_from("default", &part).await.unwrap().items;
    assert_eq!(found.iter().map(|one| one.event.id.as_str()).collect::<Vec<_>>(), expected[4..=8]);
    assert_eq!((found[0].event.received, found[0].event.kind.as_str()), (day, "order.created"));
    assert_eq!((&*found[0].endpoints, &*found[1].endpoints), (&["a".to_owned(), "b".to_owned()][..], &[][..]));
    assert!(world.store.events_from("acme", &within(5)).await.unwrap().items.is_empty());
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
    for one in [&new, &tried, &gone] {
        released(world, Which::One { event: one.id.clone() }, &[one]).await;
    }
    let again: Vec<Turn> = world.take().await.into_iter().filter(|turn| *turn != first).collect();
    assert_eq!(again, [], "nothing is queued twice");
    world.time.pass(Duration::from_secs(5)).await;
    let turns: Vec<Turn> = world.take().await.into_iter().filter(|turn| *turn != first).collect();
    assert_eq!(turns, [Turn { number: 2, due, ..turn }]);
    assert_eq!(world.store.delivery(&key(&gone, "a")).await.unwrap(), None);
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
