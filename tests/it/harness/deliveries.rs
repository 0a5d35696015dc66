//! The outbound path over the embedded store, with a clock that the story sets and receivers that it plays.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};
use shared::config::{Config, Secrets, Spec};
use shared::event::{Event, EventId};
use shared::guard::Guard;
use shared::local::{Ended, Endpoints, Store};
use shared::outbound::{Accepted, Deliverer, Emission, Handled, Sender, Standing};
use shared::seal::Keys;
use shared::seam::{
    Answer, Clock, Delivery, DeliveryKey, History, News, NoAnswer, Outgoing, Received, SendWebhook, Tell,
};
use shared::secret::Secret;
use shared::timestamp::Timestamp;

use super::clock::Hand;

type Play = dyn FnMut(&Outgoing) -> Result<Received, NoAnswer> + Send;

/// Receivers, played by the story.
#[derive(Clone)]
pub struct Played {
    clock: Hand,
    play: Arc<Mutex<Box<Play>>>,
    asked: Arc<Mutex<Vec<(Timestamp, Outgoing)>>>,
}

impl Played {
    pub fn new(clock: &Hand, play: impl FnMut(&Outgoing) -> Result<Received, NoAnswer> + Send + 'static) -> Self {
        Self { clock: clock.clone(), play: Arc::new(Mutex::new(Box::new(play))), asked: Arc::default() }
    }

    /// What was sent, and when.
    pub fn asked(&self) -> Vec<(Timestamp, Outgoing)> {
        self.asked.lock().unwrap().clone()
    }

    /// From now on it goes like this.
    pub fn plays(&self, play: impl FnMut(&Outgoing) -> Result<Received, NoAnswer> + Send + 'static) {
        *self.play.lock().unwrap() = Box::new(play);
    }
}

impl SendWebhook for Played {
    async fn send_webhook(&self, outgoing: Outgoing) -> Result<Received, NoAnswer> {
        self.asked.lock().unwrap().push((self.clock.now(), outgoing.clone()));
        (self.play.lock().unwrap())(&outgoing)
    }
}

/// An answer of that status with those headers.
pub fn answer(status: u16, headers: &[(&'static str, &str)]) -> Result<Received, NoAnswer> {
    let pair = |(name, value): &(&'static str, &str)| {
        (HeaderName::from_static(name), HeaderValue::from_str(value).expect("a value"))
    };
    Ok(Received { status, headers: headers.iter().map(pair).collect::<HeaderMap>(), body: Bytes::new() })
}

/// The endpoints of a configuration, as JSON below `endpoints`.
pub fn endpoints(endpoints: Value) -> Endpoints {
    let spec: Spec = serde_json::from_value(json!({ "endpoints": endpoints })).expect("a configuration");
    let keys = Keys::one(Secret::new("0123456789012345678901234567890123456789"));
    let secrets = Secrets::Written { environment: &|_| None, outbound: Some(&keys) };
    Endpoints::new(Config::check(spec, secrets, Guard::default()).expect("endpoints").endpoints)
}

/// A world in which days pass in a moment.
pub struct Days {
    _folder: tempfile::TempDir,
    pub store: Store,
    pub clock: Hand,
    pub endpoints: Endpoints,
    pub post: Played,
    standing: Standing,
}

/// For stories in which nobody listens to news.
#[derive(Clone, Default)]
pub struct Unheard;

impl Tell for Unheard {
    async fn tell(&self, _: &News) -> Answer<()> {
        Ok(())
    }
}

impl Days {
    pub fn new(described: Value, play: impl FnMut(&Outgoing) -> Result<Received, NoAnswer> + Send + 'static) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path()).expect("a store");
        let clock = Hand::default();
        let post = Played::new(&clock, play);
        let standing = Standing::default();
        Self { _folder: folder, store, clock, endpoints: endpoints(described), post, standing }
    }

    /// Accepts an event of that id and type now.
    pub async fn emit(&self, id: &str, kind: &str) -> Event {
        let json = json!({ "id": id, "type": kind, "data": { "id": id } }).to_string();
        let emission = Emission::read(json.as_bytes()).expect("an event");
        let event = emission.into_event(EventId::new(self.clock.now(), [0; 10]), self.clock.now());
        let sender = Sender::new(self.endpoints.clone(), self.store.clone(), self.clock.clone(), None);
        let accepted = sender.fan_out(&event).await.expect("a store");
        assert!(matches!(accepted, Accepted::Queued { .. }), "{accepted:?}");
        event
    }

    fn deliverer(&self) -> Deliverer<Endpoints, Store, Played, Unheard, Hand> {
        let (endpoints, memory, post) = (self.endpoints.clone(), self.store.clone(), self.post.clone());
        let (news, clock, lease) = (Unheard, self.clock.clone(), Duration::from_secs(75));
        Deliverer { endpoints, memory, post, news, clock, lease, standing: self.standing.clone() }
    }

    /// Handles what is due now, one after the other.
    pub async fn deliver_due(&self) -> Vec<Handled> {
        let mut all = Vec::new();
        loop {
            let turns = self.store.take_turns(1, self.clock.now()).expect("a store");
            let Some(turn) = turns.into_iter().next() else { return all };
            let handled = self.deliverer().deliver(&turn).await.expect("a store");
            self.store.turn_ended(&turn, Ended::Unasked);
            all.push(handled);
        }
    }

    /// Handles everything, setting the clock to whatever is due next, until nothing waits.
    pub async fn deliver_all(&self) {
        self.deliver_due().await;
        while let Some(due) = self.store.next_turn() {
            self.clock.set(due.max(self.clock.now()));
            self.deliver_due().await;
        }
    }

    pub async fn delivery(&self, event: &str, endpoint: &str) -> Delivery {
        let key =
            DeliveryKey { tenant: "default".into(), event: event.parse().expect("an id"), endpoint: endpoint.into() };
        self.store.delivery(&key).await.expect("a store").expect("a delivery")
    }
}

/// Plays a story on one thread.
pub fn play(story: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(story);
}
