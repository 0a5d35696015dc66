//! Stores whose deliveries are due, made through the library before the program is started.

use std::time::Duration;

use bytes::Bytes;
use shared::event::{Data, Digested, Event, EventId};
use shared::local::Store;
use shared::seam::{AttemptClaim, Attempts, DeliveryKey, KeepEvent, Recipient, Step, Turn};
use shared::timestamp::Timestamp;
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::servers;

/// Written at the same time, so that many go into one commit.
const WRITERS: usize = 256;

/// The data of every event.
pub fn data() -> Bytes {
    static DATA: std::sync::LazyLock<Bytes> =
        std::sync::LazyLock::new(|| format!("{{\"order\": 1, \"padding\": \"{}\"}}", "x".repeat(1_024 - 28)).into());
    DATA.clone()
}

/// A store that is filled once; programs are started on copies of it.
pub struct Filled(TempDir);

impl Filled {
    /// So many events, each for all of these endpoints.
    pub async fn with(events: usize, endpoints: &[String]) -> Self {
        let folder = folder();
        let store = Store::open(&folder.path().join("data")).expect("a store");
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS {
            let (store, endpoints) = (store.clone(), endpoints.to_vec());
            writers.spawn(async move {
                for n in (writer..events).step_by(WRITERS) {
                    keep(&store, n, &endpoints).await;
                }
            });
        }
        writers.join_all().await;
        Self(folder)
    }

    /// A copy that is on disk, so that nothing of it is left to be written meanwhile.
    pub fn copy(&self) -> TempDir {
        let (copy, name) = (folder(), "data/hookpost.redb");
        std::fs::create_dir(copy.path().join("data")).expect("a folder");
        std::fs::copy(self.0.path().join(name), copy.path().join(name)).expect("a copy");
        std::fs::File::open(copy.path().join(name)).and_then(|file| file.sync_all()).expect("a disk");
        copy
    }

    /// The same, and so many more held for another.
    pub async fn and_held(self, count: usize, endpoint: &'static str) -> Self {
        hold(&self.store(), count, endpoint).await;
        self
    }

    /// To be read and written before a copy is made.
    pub fn store(&self) -> Store {
        Store::open(&self.0.path().join("data")).expect("a store")
    }
}

/// An empty folder on the disk that is measured.
pub fn folder() -> TempDir {
    tempfile::tempdir_in(servers::data()).expect("a folder")
}

async fn hold(store: &Store, count: usize, endpoint: &'static str) {
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let store = store.clone();
        writers.spawn(async move {
            for n in (writer..count).step_by(WRITERS) {
                hold_one(&store, n, endpoint).await;
            }
        });
    }
    writers.join_all().await;
}

/// As it is where the endpoint was disabled when its turn came.
async fn hold_one(store: &Store, n: usize, endpoint: &str) {
    let event = event(Timestamp::now(), 1 << 63 | n as u64, Bytes::from_static(b"{}"));
    let due = event.received;
    store.keep_event(&event, &[Recipient { endpoint: endpoint.into(), due }]).await.expect("a row");
    let key = DeliveryKey { tenant: event.tenant.clone(), event: event.id.clone(), endpoint: endpoint.into() };
    let turn = Turn { key, number: 1, due, paced: false };
    let until = due.after(Duration::from_secs(60));
    let claim = store.claim_attempt(&turn, &event, due, until).await.expect("a store");
    if let AttemptClaim::Ours(lease) = claim {
        store.settle_attempt(lease, None, Step::Held).await.expect("a row");
    }
}

fn event(now: Timestamp, n: u64, data: Bytes) -> Event {
    let mut random = [0; 10];
    random[..8].copy_from_slice(&n.to_be_bytes());
    let (kind, data) = ("order.created".parse().expect("a type"), Data::json(data));
    let digest = Digested::of(&kind, None, &[], &data);
    let (tenant, id, channels) = ("default".to_owned(), EventId::new(now, random), Vec::new());
    Event { tenant, id, kind, timestamp: now, received: now, channels, data, digest, origin: None }
}

async fn keep(store: &Store, n: usize, endpoints: &[String]) {
    let event = event(Timestamp::now(), n as u64, data());
    let now = event.received;
    let to: Vec<_> = endpoints.iter().map(|endpoint| Recipient { endpoint: endpoint.clone(), due: now }).collect();
    store.keep_event(&event, &to).await.expect("a row");
}
