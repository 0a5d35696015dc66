//! A post office whose days pass in a moment, with everybody who is told how its endpoints do.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use shared::address::EmailAddress;
use shared::event::EventId;
use shared::inbound::{Mailer, Next, Times};
use shared::local::{Ended, Endpoints, Sources, Store};
use shared::outbound::{Deliverer, Emission, Handled, Sender, Standing, Teller};
use shared::seam::{
    Clock, Dequeue, Email, EndpointState, NoAnswer, Outgoing, ReadEndpointState, Received, Refusal, SendEmail,
    WriteEndpointState,
};
use shared::timestamp::Timestamp;

use crate::crash::faulty::{Faulty, Mode, Plan};
use crate::harness::{Hand, Nobody, Played, endpoints, eventually};

const TIMES: Times =
    Times { send: Duration::from_secs(45), lease: Duration::from_secs(60), visibility: Duration::from_secs(90) };

pub const OWNER: &str = "owner@example.com";

/// Whoever reads mail, and remembers when it came.
#[derive(Clone)]
pub struct Inbox {
    clock: Hand,
    mails: Arc<Mutex<Vec<(Timestamp, Email)>>>,
}

impl SendEmail for Inbox {
    async fn send_email(&self, email: &Email) -> Result<(), Refusal> {
        self.mails.lock().unwrap().push((self.clock.now(), email.clone()));
        Ok(())
    }
}

impl Inbox {
    pub fn mails(&self) -> Vec<(Timestamp, Email)> {
        self.mails.lock().unwrap().clone()
    }

    /// The subjects of what somebody got, in order.
    pub fn subjects(&self, reader: &str) -> Vec<String> {
        let to = |email: &Email| email.to.iter().map(ToString::to_string).collect::<Vec<_>>() == [reader];
        self.mails().into_iter().filter(|(_, email)| to(email)).map(|(_, email)| email.subject).collect()
    }
}

pub struct Office {
    folder: tempfile::TempDir,
    store: Option<Faulty<Store>>,
    pub clock: Hand,
    pub endpoints: Endpoints,
    pub post: Played,
    pub inbox: Inbox,
    pub plan: Arc<Plan>,
}

/// An endpoint at an address of its own, tried once an hour unless it says otherwise.
pub fn endpoint(name: &str, more: Value) -> (String, Value) {
    let mut endpoint = json!({ "url": format!("https://{name}.example.com/hook"), "schedule": [0, "1h", "1h"] });
    endpoint.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    (name.to_owned(), endpoint)
}

impl Office {
    pub fn new(
        described: impl IntoIterator<Item = (String, Value)>,
        play: impl FnMut(&Outgoing) -> Result<Received, NoAnswer> + Send + 'static,
    ) -> Self {
        let clock = Hand::default();
        let post = Played::new(&clock, play);
        Self::planned(described, Plan::new(Mode::FailsBefore, usize::MAX), clock, post)
    }

    pub fn planned(
        described: impl IntoIterator<Item = (String, Value)>,
        plan: Plan,
        clock: Hand,
        post: Played,
    ) -> Self {
        let described: serde_json::Map<String, Value> = described.into_iter().collect();
        let inbox = Inbox { clock: clock.clone(), mails: Arc::default() };
        let folder = tempfile::tempdir().unwrap();
        let mut office =
            Self { folder, store: None, clock, endpoints: endpoints(described.into()), post, inbox, plan: plan.into() };
        office.restart();
        office
    }

    /// Everything in memory is forgotten.
    pub fn restart(&mut self) {
        self.store = None;
        // Children of other tests may hold the lock for the moment between fork and exec.
        let store = eventually("the store", || Store::open(self.folder.path()).ok());
        self.store = Some(Faulty::new(store, &self.plan));
    }

    pub fn store(&self) -> &Store {
        self.faulty().inner()
    }

    fn faulty(&self) -> &Faulty<Store> {
        self.store.as_ref().unwrap()
    }

    fn sender(&self) -> Sender<Endpoints, Faulty<Store>, Hand> {
        Sender::new(self.endpoints.clone(), self.faulty().clone(), self.clock.clone(), None)
    }

    /// Emits like an application: again under the same id until it is accepted.
    pub async fn emit(&self, id: &str) {
        self.emit_for("default", id).await;
    }

    pub async fn emit_for(&self, tenant: &str, id: &str) {
        let json = json!({ "id": id, "type": "order.created", "tenant": tenant, "data": { "id": id } }).to_string();
        for _ in 0..3 {
            let emission = Emission::read(json.as_bytes()).unwrap();
            let event = emission.into_event(EventId::new(self.clock.now(), [0; 10]), self.clock.now());
            if self.sender().fan_out(&event).await.is_ok() {
                return;
            }
            self.clock.on(Duration::from_secs(1));
        }
        panic!("{id} is not accepted");
    }

    async fn deliver_due(&self) {
        let post = Faulty::new(self.post.clone(), &self.plan);
        let (endpoints, memory, clock) = (self.endpoints.clone(), self.faulty().clone(), self.clock.clone());
        let news = Teller { sender: self.sender(), letters: memory.clone() };
        let (lease, standing) = (Duration::from_secs(75), Standing::default());
        let deliverer = Deliverer { endpoints, memory, post, news, clock, lease, standing };
        loop {
            let taken = self.store().take_turns(1, self.clock.now()).unwrap();
            let Some(turn) = taken.into_iter().next() else { return };
            match deliverer.deliver(&turn).await {
                Ok(Handled::Busy { until }) => self.clock.set(until.max(self.clock.now())),
                Ok(_) => {}
                Err(_) => self.clock.on(Duration::from_secs(5)),
            }
            self.store().turn_ended(&turn, Ended::Unasked);
        }
    }

    async fn mail_due(&self) {
        let owner: Vec<EmailAddress> = vec![OWNER.parse().unwrap()];
        let mailer = Mailer {
            sources: Sources::new(Vec::new()),
            memory: self.faulty().clone(),
            email: Faulty::new(self.inbox.clone(), &self.plan),
            publisher: Nobody,
            owner,
            clock: self.clock.clone(),
            times: TIMES,
        };
        loop {
            let Ok(taken) = self.faulty().lease(1, self.clock.now(), TIMES.visibility).await else { continue };
            let Some(leased) = taken.into_iter().next() else { return };
            // What fails here is handed out again when its lease ends.
            let _: Result<(), _> = match mailer.mail(&leased).await {
                Ok(Next::Done) => self.faulty().remove(&leased).await,
                Ok(Next::Again { due }) => self.faulty().hide(&leased, due).await,
                Err(problem) => Err(problem),
            };
        }
    }

    /// Handles everything in its time, until that moment.
    pub async fn until(&self, end: Timestamp) {
        loop {
            self.deliver_due().await;
            self.mail_due().await;
            let now = self.clock.now();
            let mail = self.store().next_due(now).unwrap();
            let next = [self.store().next_turn(), mail].into_iter().flatten().min();
            match next.filter(|next| *next <= end) {
                Some(next) if next > now => self.clock.set(next),
                Some(_) => self.clock.on(Duration::from_secs(1)),
                None => break,
            }
        }
        self.clock.set(end.max(self.clock.now()));
    }

    pub async fn pass(&self, span: Duration) {
        self.until(self.clock.now().after(span)).await;
    }

    pub async fn state(&self, endpoint: &str) -> EndpointState {
        self.store().endpoint_state("default", endpoint).await.unwrap()
    }

    pub async fn enable(&self, endpoint: &str) {
        self.store().enable_endpoint("default", endpoint).await.unwrap();
    }

    /// The types of events about endpoints that an endpoint was sent, in order, each once however often it was tried.
    pub fn operational(&self, endpoint: &str) -> Vec<Value> {
        let mut ids = std::collections::HashSet::new();
        let asked = self.post.asked().into_iter().filter(|(_, outgoing)| outgoing.endpoint == endpoint);
        let first = asked.filter(|(_, outgoing)| ids.insert(outgoing.headers["webhook-id"].clone()));
        first.map(|(_, outgoing)| serde_json::from_slice(&outgoing.body).unwrap()).collect()
    }
}
