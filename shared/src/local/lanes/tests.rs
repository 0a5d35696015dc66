//! Lanes against a model: no turn is lost, and none is out twice.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use proptest::prelude::*;
use redb::ReadableDatabase;

use super::*;
use crate::event::{Data, Digested, Event};
use crate::seam::{AttemptClaim, Attempts, KeepEvent, Recipient, Step};

const NOW: Timestamp = Timestamp(1_700_000_000_000);
const LEASE: Duration = Duration::from_secs(75);
const LANES: [&str; 3] = ["a", "b", "c"];

fn event(id: usize) -> Event {
    let (kind, data) = ("order.created".parse().unwrap(), Data::json("{}"));
    let digest = Digested::of(&kind, None, &[], &data);
    let (tenant, id, channels) = ("default".into(), format!("e{id}").parse().unwrap(), Vec::new());
    Event { tenant, id, kind, timestamp: NOW, received: NOW, channels, data, digest }
}

fn opened() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    (folder, store)
}

async fn keep(store: &Store, id: usize, lane: &str, due: Timestamp) {
    store.keep_event(&event(id), &[Recipient { endpoint: lane.into(), due }]).await.unwrap();
}

/// Claims and settles it. `false` if it was settled before.
async fn settle(store: &Store, turn: &Turn, now: Timestamp, step: Step) -> bool {
    let claim = store.claim_attempt(turn, &event(0), now, now.after(LEASE)).await.unwrap();
    let AttemptClaim::Ours(lease) = claim else { return false };
    store.settle_attempt(lease, None, step).await.unwrap();
    true
}

fn play<T>(story: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(story)
}

#[derive(Clone, Debug)]
enum Act {
    Emit {
        lane: usize,
        wait: u64,
    },
    Take {
        most: usize,
    },
    Deliver {
        which: usize,
    },
    TryAgain {
        which: usize,
        wait: u64,
    },
    PutOff {
        which: usize,
        wait: u64,
    },
    /// The store did not answer.
    Fail {
        which: usize,
    },
    Pass {
        millis: u64,
    },
    Restart,
}

fn act() -> impl Strategy<Value = Act> {
    let wait = prop_oneof![Just(0), 0..30u64];
    prop_oneof![
        4 => (0..LANES.len(), wait.clone()).prop_map(|(lane, wait)| Act::Emit { lane, wait }),
        3 => (0..20usize).prop_map(|most| Act::Take { most }),
        3 => any::<usize>().prop_map(|which| Act::Deliver { which }),
        2 => (any::<usize>(), wait.clone()).prop_map(|(which, wait)| Act::TryAgain { which, wait }),
        2 => (any::<usize>(), wait).prop_map(|(which, wait)| Act::PutOff { which, wait }),
        1 => any::<usize>().prop_map(|which| Act::Fail { which }),
        2 => (0..20u64).prop_map(|millis| Act::Pass { millis }),
        1 => Just(Act::Restart),
    ]
}

/// What must be so.
struct Model {
    folder: tempfile::TempDir,
    store: Option<Store>,
    now: Timestamp,
    emitted: usize,
    /// By lane and event: the attempt that is next, and when it is due.
    waiting: HashMap<(String, String), (u32, Timestamp)>,
    out: Vec<Turn>,
}

impl Model {
    fn new() -> Self {
        let (folder, store) = opened();
        Self { folder, store: Some(store), now: NOW, emitted: 0, waiting: HashMap::new(), out: Vec::new() }
    }

    fn store(&self) -> &Store {
        self.store.as_ref().unwrap()
    }

    fn key(turn: &Turn) -> (String, String) {
        (turn.key.endpoint.clone(), turn.key.event.as_str().to_owned())
    }

    fn take(&mut self, most: usize) {
        let taken = self.store().take_turns(most, self.now).unwrap();
        assert!(taken.len() <= most);
        for turn in taken {
            let known = self.waiting.get(&Self::key(&turn));
            assert_eq!(known, Some(&(turn.number, turn.due)), "{turn:?} is not what waits");
            assert!(turn.due <= self.now, "{turn:?} is early");
            assert!(!self.out.iter().any(|out| out.key == turn.key), "{turn:?} is out twice");
            self.out.push(turn);
        }
    }

    fn one_out(&mut self, which: usize) -> Option<Turn> {
        (!self.out.is_empty()).then(|| self.out.swap_remove(which % self.out.len()))
    }

    async fn end(&mut self, which: usize, wait: Option<u64>, is_put_off: bool) {
        let Some(turn) = self.one_out(which) else { return };
        let due = wait.map(|wait| self.now.after(Duration::from_millis(wait)));
        let ended = match due {
            Some(due) if is_put_off => {
                self.store().put_off(&turn, due).await.unwrap();
                self.waiting.insert(Self::key(&turn), (turn.number, due));
                Ended::Unasked
            }
            Some(due) => {
                assert!(settle(self.store(), &turn, self.now, Step::Again { due }).await);
                self.waiting.insert(Self::key(&turn), (turn.number + 1, due));
                Ended::Badly
            }
            None => {
                assert!(settle(self.store(), &turn, self.now, Step::Delivered).await);
                self.waiting.remove(&Self::key(&turn));
                Ended::Well
            }
        };
        if ended == Ended::Well {
            self.store().turn_arrived(&turn);
        }
        self.store().turn_ended(&turn, ended);
    }

    async fn act(&mut self, act: Act) {
        match act {
            Act::Emit { lane, wait } => {
                self.emitted += 1;
                let due = self.now.after(Duration::from_millis(wait));
                keep(self.store(), self.emitted, LANES[lane], due).await;
                self.waiting.insert((LANES[lane].into(), format!("e{}", self.emitted)), (1, due));
            }
            Act::Take { most } => self.take(most),
            Act::Deliver { which } => self.end(which, None, false).await,
            Act::TryAgain { which, wait } => self.end(which, Some(wait), false).await,
            Act::PutOff { which, wait } => self.end(which, Some(wait), true).await,
            Act::Fail { which } => {
                if let Some(turn) = self.one_out(which) {
                    self.store().turn_ended(&turn, Ended::Unasked);
                }
            }
            Act::Pass { millis } => self.now = self.now.after(Duration::from_millis(millis)),
            Act::Restart => {
                self.out.clear();
                self.store = None;
                self.store = Some(Store::open(self.folder.path()).unwrap());
            }
        }
    }

    /// Everything that waits comes out, when it is due and no later than the lanes say.
    async fn drain(&mut self) {
        while !self.waiting.is_empty() {
            self.take(usize::MAX);
            if self.out.is_empty() {
                let next = self.store().next_turn().expect("a lane that knows of what waits");
                assert!(self.waiting.values().any(|(_, due)| *due <= next), "it would be late");
                self.now = self.now.after(Duration::from_millis(1)).max(next);
            }
            while !self.out.is_empty() {
                self.end(0, None, false).await;
            }
        }
        self.take(usize::MAX);
        assert!(self.out.is_empty() && self.store().inner.lanes.state().is_idle(), "nothing is left behind");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn no_turn_is_lost_and_none_is_out_twice(acts in proptest::collection::vec(act(), 0..60)) {
        play(async {
            let mut model = Model::new();
            for act in acts {
                model.act(act).await;
            }
            model.drain().await;
        });
    }
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
                        let taken = store.take_turns(5, NOW).unwrap();
                        for turn in &taken {
                            assert!(out.lock().unwrap().insert(turn.key.clone()), "{turn:?} is out twice");
                        }
                        for turn in taken {
                            assert!(settle(&store, &turn, NOW, Step::Delivered).await, "{turn:?} is out again");
                            assert!(settled.lock().unwrap().insert(turn.key.clone()));
                            out.lock().unwrap().remove(&turn.key);
                            store.turn_ended(&turn, Ended::Well);
                            done.fetch_add(1, Ordering::SeqCst);
                        }
                        std::thread::yield_now();
                    }
                });
            });
        }
    });
    assert_eq!(settled.lock().unwrap().len(), 3 * EACH);
    assert!(store.take_turns(10, NOW).unwrap().is_empty());
}

#[test]
fn a_store_that_cannot_be_read_for_a_moment_loses_no_lane() {
    let (folder, store) = opened();
    play(keep(&store, 1, "a", NOW));
    let empty = redb::Database::create(folder.path().join("empty")).unwrap().begin_read().unwrap();
    for _ in 0..2 {
        let mut taken = Vec::new();
        assert!(store.inner.lanes.state().take(10, &empty, NOW, &mut taken).is_err());
        assert!(taken.is_empty());
    }
    assert_eq!(store.take_turns(10, NOW).unwrap().len(), 1);
}

#[test]
fn a_lane_is_as_wide_as_its_endpoint_bears_and_its_owner_allows() {
    let (_folder, store) = opened();
    play(async {
        for id in 0..200 {
            keep(&store, id, "a", NOW).await;
        }
    });
    let take = || store.take_turns(100, NOW).unwrap();
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
    assert_eq!(store.take_turns(100, NOW.after(LEASE)).unwrap().len(), 0, "nothing made it ready");
    store.turn_ended(&turn, Ended::Well);
    assert!(!store.take_turns(100, NOW.after(LEASE)).unwrap().is_empty(), "what was said is forgotten");
}
