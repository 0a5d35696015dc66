//! A crash at every step: the k-th call on the seam fails or is the last, for every k.

pub mod faulty;
mod outbound;
mod ports;
mod replays;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use shared::config::{Config, Secrets, Spec};
use shared::guard::Guard;
use shared::id::WebhookId;
use shared::inbound::{Arrival, Listener, Mailer, Next, Times};
use shared::local::{Sources, Store};
use shared::seam::{Clock, DeadLetters, Dequeue};

use crate::harness::{Hand, Nobody, eventually};
use faulty::{Faulty, Mode, Outbox, Plan};

const TIMES: Times =
    Times { send: Duration::from_secs(45), lease: Duration::from_secs(60), visibility: Duration::from_secs(90) };

/// The world of one story: what survives a crash, and what the callers and recipients know.
struct World {
    folder: tempfile::TempDir,
    clock: Hand,
    outbox: Outbox,
    plan: Arc<Plan>,
    /// Delivery ids that were answered 202.
    accepted: Vec<&'static str>,
    next: u8,
}

/// What is posted: its delivery id, its body, and how the mail server takes it.
const POSTS: [(&str, usize); 5] =
    [("plain", 10), ("plain", 10), ("refused-once", 10), ("big", 100_000), ("refused-for-good", 70_000)];

fn sources() -> Sources {
    let json = serde_json::json!({"sources": {"s": {
        "verify": {"scheme": "password", "secret": "hush"}, "email": "ops@example.com", "delivery_id": {"header": "x-id"},
    }}});
    let spec: Spec = serde_json::from_value(json).unwrap();
    Sources::new(Config::check(spec, Secrets::Sent { references: false }, Guard::default()).unwrap().sources)
}

impl World {
    fn new(plan: Plan) -> Self {
        let clock = Hand::default();
        let folder = tempfile::tempdir().unwrap();
        Self { folder, clock, outbox: Outbox::default(), plan: Arc::new(plan), accepted: Vec::new(), next: 0 }
    }

    fn store(&self) -> Faulty<Store> {
        // Children of other tests may hold the lock for the moment between fork and exec.
        let store = eventually("the store", || Store::open(self.folder.path()).ok());
        Faulty::new(store, &self.plan)
    }

    /// Posts like a provider: again until it is answered 202.
    async fn post(&mut self, store: &Faulty<Store>, delivery: &'static str, size: usize) {
        let listener = Listener::new(sources(), store.clone(), Nobody, Guard::default());
        for _ in 0..3 {
            self.next += 1;
            let at = self.clock.now();
            let arrival = Arrival { id: WebhookId::new(at, [self.next; 10]), at, caller: IpAddr::from([192, 0, 2, 1]) };
            let body = Full::new(Bytes::from(format!("{delivery} {}", "x".repeat(size))));
            let request = Request::post("/").header("authorization", "Bearer hush").header("x-id", delivery);
            let reply = listener.receive("s", request.body(body).unwrap(), arrival).await;
            if reply.status() == 202 {
                self.accepted.push(delivery);
                return;
            }
            assert_eq!(reply.status(), 503, "only what invites a retry");
        }
    }

    /// Handles what is due, as the local mailer does, until nothing waits.
    async fn mail(&self, store: &Faulty<Store>) {
        let email = Faulty::new(self.outbox.clone(), &self.plan);
        let mailer = Mailer {
            sources: sources(),
            memory: store.clone(),
            email,
            publisher: Nobody,
            owner: Vec::new(),
            clock: self.clock.clone(),
            times: TIMES,
        };
        for _ in 0..40 {
            let Ok(taken) = store.lease(3, self.clock.now(), TIMES.visibility).await else { continue };
            for leased in taken {
                // What fails here is handed out again when its lease ends.
                let _: Result<(), _> = match mailer.mail(&leased).await {
                    Ok(Next::Done) => store.remove(&leased).await,
                    Ok(Next::Again { due }) => store.hide(&leased, due).await,
                    Err(problem) => Err(problem),
                };
            }
            self.clock.on(Duration::from_secs(30));
        }
    }

    async fn story(&mut self) {
        let store = self.store();
        for (delivery, size) in POSTS {
            self.post(&store, delivery, size).await;
        }
        self.mail(&store).await;
    }

    /// After the crash: the same folder, a world that works, a provider that repeats what was not answered.
    async fn recover(&mut self) {
        self.plan.works_again();
        let store = self.store();
        for (delivery, size) in POSTS {
            if !self.accepted.contains(&delivery) {
                self.post(&store, delivery, size).await;
            }
        }
        self.mail(&store).await;
        assert_eq!(store.inner().counts().unwrap().queued, 0, "an empty queue");
        let dead = store.inner().dead(None, 10).await.unwrap();
        assert!(dead.iter().all(|letter| letter.reason.contains("550")), "{dead:?}");
        // One that was kept, but answered 503, comes a second time and dies a second time.
        assert!((1..=2).contains(&dead.len()), "{dead:?}");
        self.outbox.takes_everything();
        for letter in dead {
            assert!(store.inner().retry(letter.id, self.clock.now()).await.unwrap());
        }
        self.mail(&store).await;
        store.inner().sweep_bodies(self.clock.now()).unwrap();
        assert_eq!(std::fs::read_dir(self.folder.path().join("bodies")).unwrap().count(), 0, "no body is left");
    }

    /// How often each was mailed.
    fn mailed(&self) -> BTreeMap<String, usize> {
        let mut mailed = BTreeMap::new();
        for delivery in self.outbox.mails() {
            *mailed.entry(delivery).or_insert(0) += 1;
        }
        mailed
    }
}

/// Plays the story with that fault; tells how many calls it took, if the fault never came.
fn play(mode: Mode, at: usize) -> Option<usize> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut world = World::new(Plan::new(mode, at));
        let plan = Arc::clone(&world.plan);
        tokio::select! {
            biased;
            () = plan.stopped() => {}
            () = world.story() => {}
        }
        let fault = plan.came();
        world.recover().await;
        let mailed = world.mailed();
        let context = format!("{mode:?} at call {at}: {fault:?}");
        for delivery in ["plain", "refused-once", "big", "refused-for-good"] {
            let times = mailed.get(delivery).copied().unwrap_or_default();
            assert!(times >= 1, "{delivery} was lost; {context}");
            // Twice only if the fault fell between the mail and its record.
            let most = if matches!(fault, Some("send_email" | "complete")) { 2 } else { 1 };
            assert!(times <= most, "{delivery} was mailed {times} times; {context}");
        }
        let total: usize = mailed.values().sum();
        assert!(total <= 5, "one fault repeats one mail at most; {context}; {mailed:?}");
        if fault.is_none() { Some(plan.calls()) } else { None }
    })
}

fn at_every_call(mode: Mode) {
    let mut at = 0;
    loop {
        at += 1;
        if let Some(calls) = play(mode, at) {
            assert!(calls > 25 && at > 25, "the story is shorter than it should be: {calls}");
            return;
        }
    }
}

#[test]
fn a_call_that_fails_without_effect_loses_nothing() {
    at_every_call(Mode::FailsBefore);
}

#[test]
fn a_call_that_fails_after_its_effect_loses_nothing() {
    at_every_call(Mode::FailsAfter);
}

#[test]
fn a_crash_before_any_call_loses_nothing() {
    at_every_call(Mode::StopsBefore);
}

#[test]
fn a_crash_after_any_call_loses_nothing() {
    at_every_call(Mode::StopsAfter);
}
