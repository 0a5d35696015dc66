//! Whatever is done to lanes in whatever order.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

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
    /// The lanes hear of all that was settled and not told yet.
    Tell,
    Pass {
        millis: u64,
    },
    Restart,
}

fn act() -> impl Strategy<Value = Act> {
    let wait = prop_oneof![Just(0), 0..30u64];
    prop_oneof![
        8 => (0..2usize, wait.clone()).prop_map(|(lane, wait)| Act::Emit { lane, wait }),
        3 => (0..20usize).prop_map(|most| Act::Take { most }),
        3 => any::<usize>().prop_map(|which| Act::Deliver { which }),
        2 => (any::<usize>(), wait.clone()).prop_map(|(which, wait)| Act::TryAgain { which, wait }),
        2 => (any::<usize>(), wait).prop_map(|(which, wait)| Act::PutOff { which, wait }),
        3 => any::<usize>().prop_map(|which| Act::Fail { which }),
        2 => Just(Act::Tell),
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
    untold: Vec<(Turn, Ended)>,
}

impl Model {
    fn new() -> Self {
        let (folder, store) = opened();
        Self {
            folder,
            store: Some(store),
            now: NOW,
            emitted: 0,
            waiting: HashMap::new(),
            out: Vec::new(),
            untold: Vec::new(),
        }
    }

    fn store(&self) -> &Store {
        self.store.as_ref().expect("a store")
    }

    fn key(turn: &Turn) -> (String, String) {
        (turn.key.endpoint.clone(), turn.key.event.as_str().to_owned())
    }

    fn take(&mut self, most: usize) {
        let taken = self.store().take_turns(most, self.now).expect("a store");
        assert!(taken.len() <= most);
        for turn in taken {
            let known = self.waiting.get(&Self::key(&turn));
            assert_eq!(known, Some(&(turn.number, turn.due)), "{turn:?} is not what waits");
            assert!(turn.due <= self.now, "{turn:?} is early");
            let mut all = self.out.iter().chain(self.untold.iter().map(|(turn, _)| turn));
            assert!(!all.any(|out| out.key == turn.key), "{turn:?} is out twice");
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
                self.store().put_off(&turn, due).await.expect("a store");
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
        self.untold.push((turn, ended));
        if which.is_multiple_of(2) {
            self.tell();
        }
    }

    fn tell(&mut self) {
        for (turn, ended) in std::mem::take(&mut self.untold) {
            self.store().turn_ended(&turn, ended);
        }
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
            Act::Tell => self.tell(),
            Act::Pass { millis } => self.now = self.now.after(Duration::from_millis(millis)),
            Act::Restart => {
                self.out.clear();
                self.untold.clear();
                self.store = None;
                self.store = Some(Store::open(self.folder.path()).expect("a store"));
            }
        }
    }

    /// Everything that waits comes out, when it is due and no later than the lanes say.
    async fn drain(&mut self) {
        self.tell();
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
    fn no_turn_is_lost_and_none_is_out_twice(acts in proptest::collection::vec(act(), 0..120)) {
        play(async {
            let mut model = Model::new();
            for act in acts {
                model.act(act).await;
            }
            model.drain().await;
        });
    }
}
