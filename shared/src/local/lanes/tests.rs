//! Lanes against a model, and under many hands: no turn is lost, and none is out twice.

mod model;

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use redb::ReadableDatabase;

use super::*;
use crate::event::{Data, Digested, Event};
use crate::seam::{AttemptClaim, Attempts, KeepEvent, Recipient, Step};

const NOW: Timestamp = Timestamp(1_700_000_000_000);
const LEASE: Duration = Duration::from_secs(75);
const LANES: [&str; 3] = ["a", "b", "c"];

fn event(id: usize) -> Event {
    let (kind, data) = ("order.created".parse().expect("a name"), Data::json("{}"));
    let digest = Digested::of(&kind, None, &[], &data);
    let (tenant, id, channels) = ("default".into(), format!("e{id}").parse().expect("a name"), Vec::new());
    Event { tenant, id, kind, timestamp: NOW, received: NOW, channels, data, digest, origin: None }
}

fn opened() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path()).expect("a store");
    (folder, store)
}

async fn keep(store: &Store, id: usize, lane: &str, due: Timestamp) {
    store.keep_event(&event(id), &[Recipient { endpoint: lane.into(), due }]).await.expect("a store");
}

/// Claims and settles it. `false` if it was settled before.
async fn settle(store: &Store, turn: &Turn, now: Timestamp, step: Step) -> bool {
    let claim = store.claim_attempt(turn, &event(0), now, now.after(LEASE)).await.expect("a store");
    let AttemptClaim::Ours(lease) = claim else { return false };
    store.settle_attempt(lease, None, step).await.expect("a store");
    true
}

fn play<T>(story: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(story)
}

#[test]
fn many_who_emit_take_and_settle_at_once_lose_nothing() {
    const EACH: usize = 150;
    let (_folder, store) = opened();
    let (out, done, settled) = (Mutex::new(HashSet::new()), AtomicUsize::new(0), Mutex::new(HashSet::new()));
    std::thread::scope(|scope| {
        for emitter in 0..3 {
            let store = &store;
            scope.spawn(move || {
                play(async {
                    for n in 0..EACH {
                        keep(store, emitter * EACH + n, LANES[n % 3], NOW).await;
                    }
                });
            });
        }
        for _ in 0..3 {
            scope.spawn(|| {
                play(async {
                    while done.load(Ordering::SeqCst) < 3 * EACH {
                        let taken = store.take_turns(5, NOW).expect("a store");
                        for turn in &taken {
                            assert!(out.lock().expect("a lock").insert(turn.key.clone()), "{turn:?} is out twice");
                        }
                        for turn in taken {
                            assert!(settle(&store, &turn, NOW, Step::Delivered).await, "{turn:?} is out again");
                            assert!(settled.lock().expect("a lock").insert(turn.key.clone()));
                            out.lock().expect("a lock").remove(&turn.key);
                            store.turn_ended(&turn, Ended::Well);
                            done.fetch_add(1, Ordering::SeqCst);
                        }
                        std::thread::yield_now();
                    }
                });
            });
        }
    });
    assert_eq!(settled.lock().expect("a lock").len(), 3 * EACH);
    assert!(store.take_turns(10, NOW).expect("a store").is_empty());
}

#[test]
fn a_store_that_cannot_be_read_for_a_moment_loses_no_lane() {
    let (folder, store) = opened();
    play(keep(&store, 1, "a", NOW));
    let empty = redb::Database::create(folder.path().join("empty")).expect("a store").begin_read().expect("a store");
    for _ in 0..2 {
        let mut taken = Vec::new();
        assert!(store.inner.lanes.state().take(10, &empty, NOW, &mut taken).is_err());
        assert!(taken.is_empty());
    }
    assert_eq!(store.take_turns(10, NOW).expect("a store").len(), 1);
}

#[test]
fn a_lane_is_as_wide_as_its_endpoint_bears_and_its_owner_allows() {
    let (_folder, store) = opened();
    play(async {
        for id in 0..200 {
            keep(&store, id, "a", NOW).await;
        }
    });
    let take = || store.take_turns(100, NOW).expect("a store");
    let mut out = take();
    assert_eq!(out.len(), 8, "it was not heard of before");
    for _ in 0..80 {
        let turn = out.remove(0);
        assert!(play(settle(&store, &turn, NOW, Step::Delivered)));
        store.turn_ended(&turn, Ended::Well);
        out.extend(take());
    }
    assert_eq!(out.len(), 64, "it is well");
    store.turn_arrived(&out[0]);
    store.turn_arrived(&out[0]);
    let again = take();
    assert_eq!(again.len(), 1, "one waits for the disk alone");
    store.turn_ended(&out[0], Ended::Well);
    assert!(take().is_empty(), "its place was given away");
    out.extend(again);
    out.remove(0);
    for turn in out.drain(..) {
        store.turn_ended(&turn, Ended::Badly);
    }
    let turn = take().remove(0);
    assert!(take().is_empty(), "two are out");
    store.turn_ended(&turn, Ended::Well);
    assert_eq!(take().len(), 2, "it recovers");
    store.inner.lanes.limit("default/a", 1, NOW.after(LEASE));
    store.turn_ended(&turn, Ended::Well);
    assert!(take().is_empty(), "its owner allows one");
    assert_eq!(store.take_turns(100, NOW.after(LEASE)).expect("a store").len(), 0, "nothing made it ready");
    store.turn_ended(&turn, Ended::Well);
    assert!(!store.take_turns(100, NOW.after(LEASE)).expect("a store").is_empty(), "what was said is forgotten");
}

#[test]
fn however_many_never_answer_there_is_room_for_who_does() {
    let (_folder, store) = opened();
    let take = || store.take_turns(512 - 384, NOW).expect("a store");
    play(async {
        keep(&store, 0, "well", NOW).await;
        let turn = take().remove(0);
        store.turn_ended(&turn, Ended::Well);
        for id in 1..1_200 {
            keep(&store, id, &format!("silent-{}", id % 100), NOW).await;
        }
    });
    let mut out: Vec<Turn> = std::iter::repeat_with(take).take(20).flatten().collect();
    assert_eq!(out.iter().filter(|turn| turn.key.endpoint.starts_with("silent")).count(), 384);
    assert_eq!(out.iter().filter(|turn| turn.key.endpoint == "well").count(), 1);
    let mut seen = HashSet::new();
    while !out.is_empty() {
        for turn in out.drain(..) {
            assert!(seen.insert(turn.key.clone()), "{turn:?} is out twice");
            assert!(play(settle(&store, &turn, NOW, Step::GivenUp)));
            store.turn_ended(&turn, Ended::Badly);
        }
        out = take();
    }
    assert_eq!(seen.len(), 1_200, "none is left behind");
    assert!(store.inner.lanes.state().is_idle());
}
