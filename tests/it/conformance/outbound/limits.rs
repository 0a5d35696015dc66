//! Places within a tenant's rate.

use std::time::Duration;

use shared::quantity::Rate;
use shared::timestamp::Timestamp;

use super::super::now;
use super::worlds::{Mail, World};

const FIVE: Rate = Rate { per_second: 5.0, burst: 50.0 };

pub async fn a_tenants_rate_gives_a_seconds_worth_at_once_and_then_says_when(world: &World<impl Mail>, (): &()) {
    let (store, now) = (&world.store, now());
    let take = async |tenant: &str, at: Timestamp| store.take_place(tenant, FIVE, at).await.unwrap();
    let mut taken = 0;
    let when = loop {
        match take("busy", now).await {
            Ok(()) => taken += 1,
            Err(when) => break when,
        }
    };
    assert_eq!((taken, when.since(now)), (6, Duration::from_millis(200)));
    assert_eq!((take("other", now).await, take("busy", when).await), (Ok(()), Ok(())));
    assert_eq!(take("busy", when).await, Err(when.after(Duration::from_millis(200))));
    assert_eq!(take("busy", now.after(Duration::from_secs(60))).await, Ok(()));
    assert!(store.has_room().await.unwrap());
}

pub async fn of_many_who_emit_at_once_no_more_are_taken_than_the_rate_allows(world: &World<impl Mail>, (): &()) {
    let now = now();
    let all: Vec<_> = (0..12)
        .map(|_| {
            let store = world.store.clone();
            tokio::spawn(async move { store.take_place("many", FIVE, now).await })
        })
        .collect();
    let mut taken = 0;
    for one in all {
        // What is much in demand may be refused for now.
        taken += usize::from(matches!(one.await.unwrap(), Ok(Ok(()))));
    }
    assert!((1..=6).contains(&taken), "{taken}");
}
