//! History: read back by name, and page after page by time.

use std::time::Duration;

use shared::seam::{Cursor, Delivery, Page, Range, State, Step};
use shared::timestamp::Timestamp;

use super::worlds::{Mail, World};
use super::{attempt, event, kept, key, made, now};

fn from(since: Timestamp, until: Timestamp, most: usize) -> Range {
    Range { since, until, most, after: None }
}

fn all(most: usize) -> Range {
    from(Timestamp(0), Timestamp(u64::MAX), most)
}

/// Some of one moment, some of yesterday, one of a week ago.
fn moments() -> Vec<(String, Timestamp)> {
    let days = |days: u64| now().before(Duration::from_secs(days * 86_400));
    let at = |n: u64| match n {
        0 => days(7),
        1..=4 => days(1).after(Duration::from_millis(n)),
        5..=8 => now().before(Duration::from_millis(5)),
        n => now().before(Duration::from_millis(20 - n)),
    };
    (0..13).map(|n| (format!("e-{n:02}"), at(n))).collect()
}

/// Ids from the latest to the oldest.
fn latest_first() -> Vec<String> {
    let mut all = moments();
    all.sort_by(|a, b| (b.1, &b.0).cmp(&(a.1, &a.0)));
    all.into_iter().map(|(id, _)| id).collect()
}

/// Walks page after page.
async fn walk<T>(mut range: Range, page: impl AsyncFn(&Range) -> Page<T>, name: impl Fn(&T) -> String) -> Vec<String> {
    let mut found = Vec::new();
    for _ in 0..50 {
        let Page { items, next } = page(&range).await;
        assert!(items.len() <= range.most);
        found.extend(items.iter().map(&name));
        let Some(Cursor { at, event }) = next else { return found };
        range.after = Some(Cursor { at, event });
    }
    panic!("it does not end: {found:?}");
}

pub async fn events_are_walked_once_from_the_latest_to_the_oldest(world: &World<impl Mail>, (): &()) {
    for (id, received) in moments() {
        world.store.keep_event(&event(&id, received, "1"), &[]).await.unwrap();
    }
    for most in [1, 3, 5, 13, 100] {
        let page = async |range: &Range| world.store.events("default", range).await.unwrap();
        assert_eq!(walk(all(most), page, |one| one.id.to_string()).await, latest_first(), "{most} on a page");
    }
    let page = world.store.events("default", &all(1)).await.unwrap().items.remove(0);
    let (id, received) = moments().remove(8);
    assert_eq!((page.id.as_str(), page.received, page.kind.as_str()), (&*id, received, "order.created"));
    assert!(world.store.events("acme", &all(5)).await.unwrap().items.is_empty());
}

pub async fn a_range_begins_with_its_first_moment_and_ends_before_its_last(world: &World<impl Mail>, (): &()) {
    let yesterday = now().before(Duration::from_secs(86_400));
    let at = |n: u64| yesterday.after(Duration::from_millis(n));
    for n in 0..5 {
        let one = event(&format!("e-{n}"), at(n), "1");
        let turn = kept(world, &one, &["a"]).await.remove(0);
        made(world, &turn, &one, 204, Step::Delivered).await;
    }
    let range = from(at(1), at(3), 10);
    let events = world.store.events("default", &range).await.unwrap().items;
    assert_eq!(events.iter().map(|one| one.received).collect::<Vec<_>>(), [at(2), at(1)]);
    assert!(world.store.events("default", &from(at(3), at(1), 10)).await.unwrap().items.is_empty());
    let deliveries = world.store.deliveries_to("default", "a", None, &range).await.unwrap().items;
    assert_eq!(deliveries.iter().map(|one| one.received).collect::<Vec<_>>(), [at(2), at(1)]);
}

pub async fn the_deliveries_of_an_event_are_there_before_they_are_attempted(world: &World<impl Mail>, (): &()) {
    let one = event("one", now(), "1");
    let turns = kept(world, &one, &["a", "b"]).await;
    made(world, &turns[1], &one, 204, Step::Delivered).await;
    let found = world.store.deliveries_of("default", &one.id).await.unwrap().expect("an event");
    assert_eq!(found.len(), 2);
    assert_eq!(found[0], Delivery::queued(key(&one, "a"), &one));
    assert_eq!((found[1].state, &*found[1].attempts), (State::Delivered, &[attempt(1, 204)][..]));
    assert_eq!(world.store.delivery(&key(&one, "a")).await.unwrap().as_ref(), Some(&found[0]));
    assert_eq!(world.store.delivery(&key(&one, "c")).await, Ok(None));
    assert_eq!(world.store.deliveries_of("default", &"other".parse().unwrap()).await, Ok(None));
    assert_eq!(world.store.deliveries_of("acme", &one.id).await, Ok(None));
}

pub async fn the_deliveries_to_an_endpoint_are_walked_by_state(world: &World<impl Mail>, (): &()) {
    let due = world.time.now().after(Duration::from_secs(600));
    let step = |n: usize| match n % 3 {
        0 => (204, Step::Delivered),
        1 => (500, Step::Again { due }),
        _ => (500, Step::GivenUp),
    };
    for (n, (id, received)) in moments().into_iter().enumerate() {
        let one = event(&id, received, "1");
        let turns = kept(world, &one, &["a", "b"]).await;
        let (status, step) = step(n);
        made(world, &turns[0], &one, status, step).await;
        made(world, &turns[1], &one, 204, Step::Delivered).await;
    }
    let number = |id: &String| id[2..].parse::<usize>().unwrap();
    let wanted = [(None, 3), (Some(State::Delivered), 0), (Some(State::Pending), 1), (Some(State::GivenUp), 2)];
    for (state, of) in wanted {
        let expected: Vec<_> =
            latest_first().into_iter().filter(|id| state.is_none() || number(id) % 3 == of).collect();
        for most in [1, 4, 50] {
            let page = async |range: &Range| world.store.deliveries_to("default", "a", state, range).await.unwrap();
            let found = walk(all(most), page, |one| one.key.event.to_string()).await;
            assert_eq!(found, expected, "{state:?}, {most} on a page");
        }
    }
    let last = world.store.deliveries_to("default", "a", Some(State::GivenUp), &all(1)).await.unwrap().items.remove(0);
    assert_eq!((last.state, last.attempts.last().map(|it| it.status)), (State::GivenUp, Some(Some(500))));
}
