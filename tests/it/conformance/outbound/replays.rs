//! Replays: begun once, stepped once, and what they put back on its way.

use std::time::Duration;

use shared::event::Event;
use shared::seam::{Cursor, Page, Progress, Replay, ReplayKey, State, Step, Which, Within};
use shared::timestamp::Timestamp;

use super::worlds::{Mail, World};
use super::{event, kept, later, made, now};

fn replay_key(which: Which) -> ReplayKey {
    ReplayKey { tenant: "default".into(), endpoint: "a".into(), which }
}

pub(super) fn begun(which: Which, at: Timestamp, n: u8) -> Replay {
    Replay::begun(replay_key(which), [n; 10], at)
}

/// What it is a step later, with so many more put back on their way.
pub(super) fn stepped(before: &Replay, queued: u64) -> Replay {
    Replay { step: before.step + 1, queued: before.queued + queued, ..before.clone() }
}

pub(super) fn done(before: &Replay, queued: u64) -> Replay {
    let at = before.due.after(Duration::from_secs(1));
    Replay { state: Progress::Done, ended: Some(at), ..stepped(before, queued) }
}

pub(super) fn cursor(event: &Event) -> Cursor {
    Cursor { at: event.received, event: event.id.clone() }
}

pub(super) fn within(most: usize) -> Within {
    Within { since: Timestamp(0), until: later(60), after: None, most }
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
    let held = later(1, 4);
    assert_eq!(world.store.begin_replay(&held).await.unwrap(), held, "what was held is so no longer");
    world.store.release(&other, &[], &done(&other, 0)).await.unwrap();
    let later = |seconds, n| begun(other.key.which.clone(), other.began.after(Duration::from_secs(seconds)), n);
    assert_eq!(world.store.begin_replay(&later(59, 5)).await.unwrap(), done(&other, 0), "a second click");
    let again = later(60, 6);
    assert_eq!(world.store.begin_replay(&again).await.unwrap(), again);
    assert_eq!(world.store.replays("default", "a").await.unwrap(), [again, held]);
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
