//! How endpoints are doing: attempts counted by the hour, and what has not arrived.

use std::time::Duration;

use shared::seam::{Backlog, Step, Tally};

use super::worlds::{Mail, World};
use super::{event, kept, later, made, now};

pub async fn attempts_are_counted_for_a_day(world: &World<impl Mail>, (): &()) {
    let count = async |seconds, arrived, millis: Option<u64>| {
        let took = millis.map(Duration::from_millis);
        world.store.count_attempt("default", "a", later(seconds), arrived, took).await;
    };
    let tally = async |name: &str, at| world.store.tally("default", name, later(at)).await.unwrap();
    assert_eq!(tally("a", 0).await, Tally::default());
    for (arrived, took) in [(true, Some(7)), (true, Some(70)), (false, Some(70)), (false, None), (true, Some(99_000))] {
        count(0, arrived, took).await;
    }
    // Counts of a minute may not be written yet; those of the minute before it are.
    count(61, true, Some(7)).await;
    count(122, true, Some(7)).await;
    let known = tally("a", 123).await;
    assert_eq!(known.failed, 2);
    assert!((4..=5).contains(&known.delivered), "{known:?}");
    assert_eq!((known.took[3], known.took[11], known.took.iter().sum::<u64>()), (2, 1, known.delivered + 1));
    assert_eq!(tally("a", 23 * 3_600).await, known);
    assert_eq!(tally("a", 26 * 3_600).await, Tally::default(), "too long ago");
    assert_eq!(tally("b", 123).await, Tally::default());
    assert_eq!(world.store.tally("acme", "a", later(123)).await.unwrap(), Tally::default());
}

pub async fn what_has_not_arrived_is_counted_by_endpoint(world: &World<impl Mail>, (): &()) {
    let backlog = async |name: &str| world.store.backlog("default", name).await.unwrap();
    assert_eq!(backlog("a").await, Backlog::default());
    let start = world.time.now();
    let due = |seconds: u64| start.after(Duration::from_secs(600 + seconds));
    let steps = [
        Step::Delivered,
        Step::Again { due: due(20) },
        Step::Again { due: due(10) },
        Step::Held,
        Step::GivenUp,
        Step::Held,
        Step::Cancelled,
    ];
    for (n, step) in steps.into_iter().enumerate() {
        let one = event(&format!("e-{n}"), now().before(Duration::from_millis(100 - n as u64)), "1");
        let turn = kept(world, &one, &["a"]).await.remove(0);
        made(world, &turn, &one, 500, step).await;
    }
    let one = event("waits", now().before(Duration::from_millis(200)), "1");
    kept(world, &one, &["a"]).await;
    let oldest = Some(now().before(Duration::from_millis(99)));
    assert_eq!(backlog("a").await, Backlog { oldest, next: Some(due(10)), held: 2, given_up: 1 });
    assert_eq!(backlog("b").await, Backlog::default());
    assert_eq!(world.store.backlog("acme", "a").await.unwrap(), Backlog::default());
}
