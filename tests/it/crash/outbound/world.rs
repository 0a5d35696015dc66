//! The world of one story on the way out: what survives a crash, and what callers and receivers know.

use std::collections::{BTreeMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use serde_json::json;
use shared::config::{Config, Secrets, Spec};
use shared::event::EventId;
use shared::guard::Guard;
use shared::id::WebhookId;
use shared::inbound::{Arrival, Listener, Mailer, Next};
use shared::local::{Ended, Endpoints, Sources, Store};
use shared::outbound::{Accepted, Deliverer, Emission, Handled, Sender, Standing};
use shared::seam::{Clock, Dequeue};

use super::{ENDPOINTS, WAITS};
use crate::crash::TIMES;
use crate::crash::faulty::{Faulty, Outbox, Plan};
use crate::harness::{Hand, Nobody, Played, Unheard, answer, endpoints, eventually};

const LEASE: Duration = Duration::from_secs(75);

pub struct World {
    folder: tempfile::TempDir,
    pub clock: Hand,
    endpoints: Endpoints,
    post: Played,
    pub plan: Arc<Plan>,
    /// As queues may.
    pub hands_out_twice: bool,
    accepted: HashSet<&'static str>,
    webhooks: u8,
}

/// `weak` fails each event once, `slow` wants rest once, `gone` is gone, `dead` always fails.
fn receivers(clock: &Hand) -> Played {
    let (mut failed, mut rested) = (HashSet::new(), false);
    Played::new(clock, move |outgoing| {
        let event = outgoing.headers["webhook-id"].clone();
        match &*outgoing.endpoint {
            "weak" if failed.insert(event) => answer(500, &[]),
            "slow" if !std::mem::replace(&mut rested, true) => answer(429, &[("retry-after", "60")]),
            "gone" => answer(410, &[]),
            "dead" => answer(500, &[]),
            _ => answer(200, &[]),
        }
    })
}

fn described() -> Endpoints {
    let endpoint = |more: serde_json::Value| {
        let mut endpoint = json!({ "url": "https://example.com/hook", "schedule": WAITS });
        endpoint.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        endpoint
    };
    endpoints(json!({
        "well": endpoint(json!({ "rate": "10/s" })),
        "weak": endpoint(json!({ "max_concurrent": 1 })),
        "slow": endpoint(json!({})), "gone": endpoint(json!({})), "dead": endpoint(json!({})),
    }))
}

fn sources() -> Sources {
    let json = json!({"sources": {"s": {
        "verify": {"scheme": "password", "secret": "hush"}, "publish": "order.created", "delivery_id": {"header": "x-id"},
    }}});
    let spec: Spec = serde_json::from_value(json).unwrap();
    Sources::new(Config::check(spec, Secrets::Sent { references: false }, Guard::default()).unwrap().sources)
}

impl World {
    pub fn new(plan: Plan) -> Self {
        let (folder, clock) = (tempfile::tempdir().unwrap(), Hand::default());
        let (endpoints, post) = (described(), receivers(&clock));
        Self {
            folder,
            clock,
            endpoints,
            post,
            plan: Arc::new(plan),
            hands_out_twice: false,
            accepted: HashSet::new(),
            webhooks: 0,
        }
    }

    fn store(&self) -> Faulty<Store> {
        let store = eventually("the store", || Store::open(self.folder.path()).ok());
        Faulty::new(store, &self.plan)
    }

    fn sender(&self, store: &Faulty<Store>) -> Sender<Endpoints, Faulty<Store>, Hand> {
        Sender::new(self.endpoints.clone(), store.clone(), self.clock.clone(), None)
    }

    /// Emits like an application: again under the same id until it is accepted.
    async fn emit(&mut self, store: &Faulty<Store>, id: &'static str) {
        let json = json!({ "id": id, "type": "order.created", "data": { "id": id } }).to_string();
        for _ in 0..3 {
            let emission = Emission::read(json.as_bytes()).unwrap();
            let event = emission.into_event(EventId::new(self.clock.now(), [0; 10]), self.clock.now());
            if let Ok(accepted) = self.sender(store).fan_out(&event).await {
                assert_eq!(accepted, Accepted::Queued { endpoints: ENDPOINTS.len() });
                self.accepted.insert(id);
                return;
            }
            self.clock.on(Duration::from_secs(1));
        }
    }

    /// Posts like a provider a webhook that goes on as an event.
    async fn post(&mut self, store: &Faulty<Store>) {
        let listener = Listener::new(sources(), store.clone(), Nobody, Guard::default());
        for _ in 0..3 {
            self.webhooks += 1;
            let at = self.clock.now();
            let id = WebhookId::new(at, [self.webhooks; 10]);
            let request = Request::post("/").header("authorization", "Bearer hush").header("x-id", "webhook");
            let request = request.body(Full::new(Bytes::from_static(b"{}"))).unwrap();
            let arrival = Arrival { id, at, caller: IpAddr::from([192, 0, 2, 1]) };
            if listener.receive("s", request, arrival).await.status() == 202 {
                self.accepted.insert("webhook");
                return;
            }
        }
    }

    async fn mail(&self, store: &Faulty<Store>) {
        let mailer = Mailer {
            sources: sources(),
            memory: store.clone(),
            email: Outbox::default(),
            publisher: self.sender(store),
            owner: Vec::new(),
            clock: self.clock.clone(),
            times: TIMES,
        };
        for _ in 0..10 {
            let Ok(taken) = store.lease(3, self.clock.now(), TIMES.visibility).await else { continue };
            for leased in taken {
                let _: Result<(), _> = match mailer.mail(&leased).await {
                    Ok(Next::Done) => store.remove(&leased).await,
                    Ok(Next::Again { due }) => store.hide(&leased, due).await,
                    Err(problem) => Err(problem),
                };
            }
            self.clock.on(Duration::from_secs(30));
        }
    }

    /// Handles what is due, as the local deliverer does, until nothing waits.
    async fn deliver(&self, store: &Faulty<Store>) {
        let post = Faulty::new(self.post.clone(), &self.plan);
        let (endpoints, memory, clock) = (self.endpoints.clone(), store.clone(), self.clock.clone());
        let (news, standing) = (Unheard, Standing::default());
        let deliverer = Deliverer { endpoints, memory, post, news, clock, lease: LEASE, standing };
        for _ in 0..2_000 {
            let taken = store.inner().take_turns(3, self.clock.now()).unwrap();
            if taken.is_empty() {
                let Some(due) = store.inner().next_turn() else { return };
                self.clock.set(due.max(self.clock.now()));
            }
            for turn in taken {
                match deliverer.deliver(&turn).await {
                    Ok(Handled::Busy { until }) => self.clock.set(until),
                    Ok(_) => {}
                    Err(_) => self.clock.on(Duration::from_secs(5)),
                }
                if self.hands_out_twice {
                    // Whatever comes of it, the first one counts.
                    drop(deliverer.deliver(&turn).await);
                }
                store.inner().turn_ended(&turn, Ended::Unasked);
            }
        }
        panic!("something waits for ever");
    }

    pub async fn story(&mut self) {
        let store = self.store();
        self.emit(&store, "one").await;
        self.post(&store).await;
        self.mail(&store).await;
        self.deliver(&store).await;
    }

    pub async fn recover(&mut self) -> Faulty<Store> {
        self.plan.works_again();
        let store = self.store();
        if !self.accepted.contains("one") {
            self.emit(&store, "one").await;
        }
        if !self.accepted.contains("webhook") {
            self.post(&store).await;
        }
        self.mail(&store).await;
        self.deliver(&store).await;
        store
    }

    /// How often each event was posted to each endpoint.
    pub fn posted(&self) -> BTreeMap<(String, String), usize> {
        let mut posted = BTreeMap::new();
        for (_, outgoing) in self.post.asked() {
            let event = outgoing.headers["webhook-id"].to_str().unwrap().to_owned();
            *posted.entry((event, outgoing.endpoint)).or_insert(0) += 1;
        }
        posted
    }
}
