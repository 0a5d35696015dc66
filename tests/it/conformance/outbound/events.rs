//! Events: kept once, whole, under their id.

use bytes::Bytes;
use shared::seam::{Keeping, Step};

use super::worlds::{Mail, World};
use super::{event, kept, made, now, to};

pub async fn an_event_is_kept_once(world: &World<impl Mail>, (): &()) {
    let one = event("one", now(), "1");
    let recipients = to(&["a", "b"], world.time.now());
    assert_eq!(world.store.keep_event(&one, &recipients).await, Ok(Keeping::Kept { endpoints: 2 }));
    let turns = world.take().await;
    assert_eq!(turns.len(), 2);
    for turn in &turns {
        assert_eq!((turn.number, turn.due, turn.paced), (1, recipients[0].due, false));
        made(world, turn, &one, 204, Step::Delivered).await;
    }
    let more = to(&["a", "b", "c"], world.time.now());
    assert_eq!(world.store.keep_event(&one, &more).await, Ok(Keeping::Kept { endpoints: 2 }), "as it was first");
    assert!(world.take().await.is_empty(), "nothing is queued twice");
}

pub async fn another_event_under_the_same_id_is_refused(world: &World<impl Mail>, (): &()) {
    let (one, other) = (event("one", now(), "1"), event("one", now(), "2"));
    let recipients = to(&["a"], world.time.now());
    assert_eq!(world.store.keep_event(&one, &recipients).await, Ok(Keeping::Kept { endpoints: 1 }));
    assert_eq!(world.store.keep_event(&other, &recipients).await, Ok(Keeping::Taken));
    assert_eq!(world.store.event("default", &one.id).await.unwrap().as_deref(), Some(&one));
    let large = event("one", now(), vec![b'x'; 20_000]);
    assert_eq!(world.store.keep_event(&large, &recipients).await, Ok(Keeping::Taken));
    assert_eq!(world.store.event("default", &one.id).await.unwrap().as_deref(), Some(&one));
    let of_another_tenant = shared::event::Event { tenant: "acme".into(), ..other };
    assert_eq!(world.store.keep_event(&of_another_tenant, &[]).await, Ok(Keeping::Kept { endpoints: 0 }));
    assert_eq!(world.store.event("acme", &one.id).await.unwrap().as_deref(), Some(&of_another_tenant));
}

pub async fn data_is_kept_byte_for_byte(world: &World<impl Mail>, (): &()) {
    for size in [0, 1, 16 << 10, (16 << 10) + 1, 4 << 20] {
        let data: Bytes = (0..=255).cycle().take(size).collect();
        let one = event(&format!("of-{size}"), now(), data);
        world.store.keep_event(&one, &to(&["a"], world.time.now())).await.unwrap();
        let read = world.store.event("default", &one.id).await.unwrap().expect("an event");
        assert!(*read == one, "{size} bytes: {} bytes of {}", read.data.bytes.len(), read.data.content_type);
    }
    assert_eq!(world.store.event("default", &"nothing".parse().unwrap()).await, Ok(None));
}

pub async fn an_event_for_nobody_is_kept_too(world: &World<impl Mail>, (): &()) {
    let one = event("one", now(), "1");
    for _ in 0..2 {
        assert_eq!(world.store.keep_event(&one, &[]).await, Ok(Keeping::Kept { endpoints: 0 }));
    }
    assert!(world.take().await.is_empty());
    assert_eq!(world.store.deliveries_of("default", &one.id).await, Ok(Some(vec![])));
    kept(world, &event("two", now(), "2"), &["a"]).await;
}
