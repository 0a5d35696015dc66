//! The same for replays: whatever call fails or is the last, each delivery goes on, and none is skipped.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use shared::event::EventId;
use shared::local::{Ended, Endpoints, Store};
use shared::outbound::{Deliverer, Emission, Handled, Replayer, Sender, Standing};
use shared::seam::{
    Backlog, Clock, Delivery, DeliveryKey, Disabled, History, Progress, ReadHealth, Replay, ReplayKey, ReplaySteps,
    Replays, State, Which, WriteEndpointState,
};

use super::faulty::{Faulty, Mode, Plan};
use crate::harness::{Hand, Played, Unheard, answer, endpoints, eventually, play as run};

const LEASE: Duration = Duration::from_secs(75);
const EVENTS: [&str; 5] = ["e-1", "e-2", "e-3", "e-4", "e-5"];

/// Five events are held for `a`, and `new` was configured when all had been accepted.
struct World {
    folder: tempfile::TempDir,
    clock: Hand,
    endpoints: Endpoints,
    post: Played,
    plan: Arc<Plan>,
}

/// Two deliveries are a page.
fn described() -> Endpoints {
    let endpoint = |name: &str| json!({ "url": format!("https://example.com/{name}"), "rate": "12/m" });
    endpoints(json!({ "a": endpoint("a"), "new": endpoint("new") }))
}

fn replays() -> [ReplayKey; 2] {
    let key = |endpoint: &str, which| ReplayKey { tenant: "default".into(), endpoint: endpoint.into(), which };
    [key("a", Which::Held), key("new", Which::Missing { since: Default::default() })]
}

impl World {
    async fn new(plan: Plan) -> Self {
        let (folder, clock) = (tempfile::tempdir().unwrap(), Hand::default());
        let post = Played::new(&clock, |_| answer(200, &[]));
        let world = Self { folder, clock, endpoints: described(), post, plan: Arc::new(plan) };
        world.hold(&world.store()).await;
        world
    }

    fn store(&self) -> Faulty<Store> {
        let store = eventually("the store", || Store::open(self.folder.path()).ok());
        Faulty::new(store, &self.plan)
    }

    async fn hold(&self, store: &Faulty<Store>) {
        let (store, since) = (store.inner(), self.clock.now());
        let disabled = Disabled { since, reason: "the owner did it".into(), told: true };
        store.disable_endpoint("default", "a", &disabled).await.unwrap();
        let only = endpoints(json!({ "a": { "url": "https://example.com/a" } }));
        let sender = Sender::new(only, store.clone(), self.clock.clone(), None);
        for id in EVENTS {
            let json = json!({ "id": id, "type": "order.created", "data": {} }).to_string();
            let event = Emission::read(json.as_bytes()).unwrap().into_event(id.parse().unwrap(), self.clock.now());
            sender.fan_out(&event).await.unwrap();
            self.clock.on(Duration::from_secs(1));
        }
        let store = Faulty::new(store.clone(), &Arc::new(Plan::new(Mode::FailsBefore, usize::MAX)));
        self.deliver_due(&store).await;
        let held = store.inner().backlog("default", "a").await.unwrap().held;
        assert_eq!(held as usize, EVENTS.len());
        store.inner().enable_endpoint("default", "a").await.unwrap();
    }

    /// Like an owner: again until it is answered.
    async fn begin(&self, store: &Faulty<Store>) {
        for (n, key) in (0..).zip(replays()) {
            let begin = |n| Replay::begun(key.clone(), [n; 10], self.clock.now());
            if store.inner().replay(&key).await.unwrap().is_none() && store.begin_replay(&begin(n)).await.is_err() {
                store.begin_replay(&begin(n + 100)).await.unwrap();
            }
        }
    }

    async fn deliver_due(&self, store: &Faulty<Store>) -> usize {
        let (endpoints, memory, clock) = (self.endpoints.clone(), store.clone(), self.clock.clone());
        let (post, news, standing) = (Faulty::new(self.post.clone(), &self.plan), Unheard, Standing::default());
        let deliverer = Deliverer { endpoints, memory, post, news, clock, lease: LEASE, standing };
        let turns = store.inner().take_turns(100, self.clock.now()).unwrap();
        for turn in &turns {
            match deliverer.deliver(turn).await {
                Ok(Handled::Busy { until }) => self.clock.set(until.max(self.clock.now())),
                Ok(_) => {}
                Err(_) => self.clock.on(Duration::from_secs(5)),
            }
            store.inner().turn_ended(turn, Ended::Unasked);
        }
        turns.len()
    }

    /// Makes steps and delivers, as one machine does, until nothing waits.
    async fn go_on(&self, store: &Faulty<Store>) {
        let (endpoints, memory, clock) = (self.endpoints.clone(), store.clone(), self.clock.clone());
        let replayer = Replayer { endpoints, memory, clock };
        for _ in 0..500 {
            let steps = store.inner().due_steps(10, self.clock.now()).unwrap();
            for step in &steps {
                if replayer.step(step).await.is_err() {
                    self.clock.on(Duration::from_secs(5));
                }
            }
            if self.deliver_due(store).await + steps.len() > 0 {
                continue;
            }
            let next = store.inner().next_step().unwrap().into_iter().chain(store.inner().next_turn()).min();
            let Some(due) = next else { return };
            self.clock.set(due.max(self.clock.now()));
        }
        panic!("something waits for ever");
    }

    fn posted(&self) -> BTreeMap<(String, String), usize> {
        let mut posted = BTreeMap::new();
        for (_, outgoing) in self.post.asked() {
            let event = outgoing.headers["webhook-id"].to_str().unwrap().to_owned();
            *posted.entry((outgoing.endpoint, event)).or_insert(0) += 1;
        }
        posted
    }
}

async fn judge(world: &World, store: &Store, context: &str) {
    for key in replays() {
        let replay = store.replay(&key).await.unwrap().expect("a replay");
        assert_eq!((replay.state, replay.queued), (Progress::Done, EVENTS.len() as u64), "{replay:?}; {context}");
        assert_eq!(store.replays("default", &key.endpoint).await.unwrap().len(), 1, "{context}");
        let left = store.backlog("default", &key.endpoint).await.unwrap();
        // An answer that was lost was a failure, until the next attempt.
        assert_eq!(left, Backlog::default(), "{context}");
    }
    let (posted, mut repeated) = (world.posted(), 0);
    for (endpoint, id) in ["a", "new"].into_iter().flat_map(|endpoint| EVENTS.map(|id| (endpoint, id))) {
        let event: EventId = id.parse().unwrap();
        let key = DeliveryKey { tenant: "default".into(), event, endpoint: endpoint.into() };
        let delivery: Delivery = store.delivery(&key).await.unwrap().expect("a delivery");
        assert_eq!((delivery.state, delivery.next), (State::Delivered, None), "{delivery:?}; {context}");
        let numbered = delivery.attempts.iter().zip(1..).all(|(attempt, number)| attempt.number == number);
        assert!(numbered, "{delivery:?}; {context}");
        let times = posted.get(&(endpoint.into(), id.into())).copied().unwrap_or_default();
        assert!(times > 0, "{key} was skipped; {context}");
        repeated += times - 1;
    }
    let between = ["send_webhook", "settle_attempt", "endpoint_works", "endpoint_fails"];
    let may_repeat = world.plan.came().is_some_and(|fault| between.contains(&fault));
    assert!(repeated <= usize::from(may_repeat), "{repeated} posted again; {context}");
}

/// Plays the story with that fault; tells how many calls it took, if the fault never came.
fn play(mode: Mode, at: usize) -> Option<usize> {
    let mut calls = None;
    run(async {
        // What goes before is no part of the story.
        let mut world = World::new(Plan::new(mode, usize::MAX)).await;
        world.plan = Arc::new(Plan::new(mode, at));
        let (plan, store) = (Arc::clone(&world.plan), world.store());
        let story = async {
            world.begin(&store).await;
            world.go_on(&store).await;
        };
        tokio::select! {
            biased;
            () = plan.stopped() => {}
            () = story => {}
        }
        let fault = plan.came();
        drop(store);
        plan.works_again();
        let store = world.store();
        world.begin(&store).await;
        world.go_on(&store).await;
        judge(&world, store.inner(), &format!("{mode:?} at call {at}: {fault:?}")).await;
        calls = fault.is_none().then(|| plan.calls());
    });
    calls
}

fn at_every_call(mode: Mode) {
    let calls = (1..).find_map(|at| play(mode, at)).unwrap();
    assert!(calls > 100, "the story is shorter than it should be: {calls}");
}

#[test]
fn a_call_that_fails_without_effect_skips_nothing_of_a_replay() {
    at_every_call(Mode::FailsBefore);
}

#[test]
fn a_call_that_fails_after_its_effect_skips_nothing_of_a_replay() {
    at_every_call(Mode::FailsAfter);
}

#[test]
fn a_crash_before_any_call_skips_nothing_of_a_replay() {
    at_every_call(Mode::StopsBefore);
}

#[test]
fn a_crash_after_any_call_skips_nothing_of_a_replay() {
    at_every_call(Mode::StopsAfter);
}
