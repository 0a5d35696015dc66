//! Stores whose deliveries are due, made through the library before the program is started.

use bytes::Bytes;
use shared::event::{Data, Digested, Event, EventId};
use shared::local::Store;
use shared::seam::{KeepEvent, Recipient};
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
}

/// An empty folder on the disk that is measured.
pub fn folder() -> TempDir {
    tempfile::tempdir_in(servers::data()).expect("a folder")
}

async fn keep(store: &Store, n: usize, endpoints: &[String]) {
    let (now, mut random) = (Timestamp::now(), [0; 10]);
    random[..8].copy_from_slice(&(n as u64).to_be_bytes());
    let (kind, data) = ("order.created".parse().expect("a type"), Data::json(data()));
    let digest = Digested::of(&kind, None, &[], &data);
    let (tenant, id, channels) = ("default".to_owned(), EventId::new(now, random), Vec::new());
    let event = Event { tenant, id, kind, timestamp: now, received: now, channels, data, digest };
    let to: Vec<_> = endpoints.iter().map(|endpoint| Recipient { endpoint: endpoint.clone(), due: now }).collect();
    store.keep_event(&event, &to).await.expect("a row");
}
