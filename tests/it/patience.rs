//! Days in a moment: the waits, the end of patience, and what is forgotten when.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use shared::config::{Config, Secrets, Spec};
use shared::guard::Guard;
use shared::id::WebhookId;
use shared::inbound::{Arrival, Listener, Mailer, Next, Times};
use shared::local::{KeptMail, Sources, Store};
use shared::seam::{Clock, DeadLetters, Dequeue, Email, Refusal, SendEmail};
use shared::timestamp::Timestamp;

use crate::harness::{Hand, Nobody};

const TIMES: Times =
    Times { send: Duration::from_secs(45), lease: Duration::from_secs(60), visibility: Duration::from_secs(90) };
const DAY: Duration = Duration::from_secs(86_400);

/// A mail server that never takes anything for now, and remembers when it was asked.
#[derive(Clone)]
struct Refusing {
    clock: Hand,
    asked: Arc<Mutex<Vec<Timestamp>>>,
}

impl SendEmail for Refusing {
    async fn send_email(&self, _: &Email) -> Result<(), Refusal> {
        self.asked.lock().unwrap().push(self.clock.now());
        Err(Refusal::Later("451 come back".into()))
    }
}

struct World {
    _folder: tempfile::TempDir,
    store: Store,
    clock: Hand,
    posted: u8,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        Self { _folder: folder, store, clock: Hand::default(), posted: 0 }
    }

    fn sources() -> Sources {
        let json = serde_json::json!({"sources": {"s": {
            "verify": {"scheme": "password", "secret": "hush"}, "email": "ops@example.com", "delivery_id": {"header": "x-id"},
        }}});
        let spec: Spec = serde_json::from_value(json).unwrap();
        let secrets = Secrets::Sent { references: false };
        Sources::new(Config::check(spec, secrets, Guard::default()).unwrap().sources)
    }

    async fn post(&mut self, delivery: &str) {
        self.posted += 1;
        let at = self.clock.now();
        let arrival = Arrival { id: WebhookId::new(at, [self.posted; 10]), at, caller: IpAddr::from([192, 0, 2, 1]) };
        let request = Request::post("/").header("authorization", "Bearer hush").header("x-id", delivery);
        let request = request.body(Full::new(Bytes::from("{}"))).unwrap();
        let listener = Listener::new(Self::sources(), self.store.clone(), Nobody, Guard::default());
        assert_eq!(listener.receive("s", request, arrival).await.status(), 202);
    }

    /// Handles what is queued, setting the clock to whatever is due next, until nothing waits.
    async fn mail(&self, email: impl SendEmail) {
        let mailer = Mailer {
            sources: Self::sources(),
            memory: self.store.clone(),
            email,
            publisher: Nobody,
            owner: Vec::new(),
            clock: self.clock.clone(),
            times: TIMES,
        };
        while let Some(due) = self.store.next_due(self.clock.now()).unwrap() {
            self.clock.set(due.max(self.clock.now()));
            for leased in self.store.lease(1, self.clock.now(), TIMES.visibility).await.unwrap() {
                match mailer.mail(&leased).await.unwrap() {
                    Next::Done => self.store.remove(&leased).await.unwrap(),
                    Next::Again { due } => self.store.hide(&leased, due).await.unwrap(),
                }
            }
        }
    }

    fn kept(&self) -> KeptMail {
        KeptMail::new(self.store.clone(), "post@example.com".parse().unwrap())
    }
}

fn play<F: Future<Output = ()>>(story: impl FnOnce(World) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(story(World::new()));
}

#[test]
fn a_mail_server_that_is_down_for_three_days_makes_a_dead_letter() {
    play(|mut world| async move {
        let refusing = Refusing { clock: world.clock.clone(), asked: Arc::default() };
        world.post("1").await;
        world.mail(refusing.clone()).await;
        let asked = refusing.asked.lock().unwrap().clone();
        let waits: Vec<u64> = asked.windows(2).map(|pair| pair[1].since(pair[0]).as_secs()).collect();
        assert_eq!(waits[..6], [10, 60, 300, 900, 3_600, 3_600]);
        let patience = asked[asked.len() - 1].since(asked[0]);
        assert!(patience <= 3 * DAY && patience > 3 * DAY - Duration::from_secs(3_600), "{patience:?}");
        let dead = world.store.dead(None, 10).await.unwrap();
        assert_eq!((dead.len(), dead[0].tries as usize), (1, asked.len()));
        assert_eq!(dead[0].reason, "given up after 3 days; last: 451 come back");
    });
}

#[test]
fn a_delivery_id_makes_duplicates_for_seven_days() {
    play(|mut world| async move {
        let mails = |world: &World| world.store.kept_mails(None, 10).unwrap().len();
        world.post("1").await;
        world.mail(world.kept()).await;
        world.clock.on(7 * DAY - Duration::from_secs(1));
        world.store.sweep(world.clock.now()).await.unwrap();
        world.post("1").await;
        world.mail(world.kept()).await;
        assert_eq!(mails(&world), 1);
        world.clock.on(Duration::from_secs(2));
        world.store.sweep(world.clock.now()).await.unwrap();
        world.post("1").await;
        world.mail(world.kept()).await;
        assert_eq!(mails(&world), 2);
    });
}

#[test]
fn kept_mail_goes_after_thirty_days() {
    play(|mut world| async move {
        world.post("1").await;
        world.mail(world.kept()).await;
        world.clock.on(29 * DAY);
        world.post("2").await;
        world.mail(world.kept()).await;
        world.store.sweep(world.clock.now()).await.unwrap();
        assert_eq!(world.store.kept_mails(None, 10).unwrap().len(), 2);
        world.clock.on(2 * DAY);
        world.store.sweep(world.clock.now()).await.unwrap();
        assert_eq!(world.store.kept_mails(None, 10).unwrap().len(), 1);
    });
}
