//! The embedded store: one database, bodies as files, and whatever may be forgotten at a restart in memory.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use redb::{ReadTransaction, ReadableDatabase, ReadableTableMetadata};
use tokio::sync::{Notify, Semaphore};

use super::bodies::Bodies;
use super::claims::Leases;
use super::deliveries::Claimed;
use super::endpoint_states::States;
use super::events::MOST_LARGE;
use super::health::Tallies;
use super::lanes::Lanes;
use super::limits::Rates;
use super::open::{OpenError, lock, make_database, make_folder, make_missing, open_database};
use super::pace::Paces;
use super::queue::HandedOut;
use super::recent::Recent;
use super::room::Room;
use super::tables::{DEAD, QUEUE, TURNS, Tables};
use super::writer::{Open, Writer};
use crate::seam::{Answer, Unavailable};

/// The embedded twin of queue, table and bucket. Clones share one store.
///
/// Everything that must outlive a crash is on disk before a call answers. Leases live in memory:
/// the lock proves that no other process holds any, so a restart frees them all at once.
#[derive(Clone)]
pub struct Store {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    writer: Writer,
    pub(super) bodies: Bodies,
    pub(super) leases: Leases,
    pub(super) handed_out: HandedOut,
    pub(super) arrived: Notify,
    pub(super) lanes: Lanes,
    pub(super) claimed: Claimed,
    pub(super) states: States,
    pub(super) recent: Recent,
    /// Memory for the data of large events.
    pub(super) large: Arc<Semaphore>,
    pub(super) paces: Paces,
    pub(super) rates: Rates,
    pub(super) room: Room,
    pub(super) tallies: Tallies,
    pub(super) replaying: Notify,
    /// Held until the last clone is gone.
    _lock: File,
}

/// How much there is of what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub queued: u64,
    pub dead: u64,
    /// Deliveries that wait for an attempt.
    pub deliveries: u64,
}

impl Store {
    /// Opens the data folder, making it if there is none.
    pub fn open(folder: &Path) -> Result<Self, OpenError> {
        make_folder(folder)?;
        let lock = lock(folder)?;
        let file = folder.join("hookpost.redb");
        if !file.exists() {
            make_database(&file)?;
        }
        let database = open_database(&file)?;
        make_missing(&database)
            .map_err(|problem| OpenError::Damaged { file: file.clone(), detail: problem.to_string() })?;
        let reopen = move || open_database(&file).map_err(|problem| problem.to_string());
        let inner = Inner {
            writer: Writer::start(database, Box::new(reopen)),
            bodies: Bodies::open(&folder.join("bodies"))?,
            leases: Leases::default(),
            handed_out: HandedOut::default(),
            arrived: Notify::new(),
            lanes: Lanes::default(),
            claimed: Claimed::default(),
            states: States::default(),
            recent: Recent::default(),
            large: Arc::new(Semaphore::new(MOST_LARGE)),
            paces: Paces::default(),
            rates: Rates::default(),
            room: Room::default(),
            tallies: Tallies::default(),
            replaying: Notify::new(),
            _lock: lock,
        };
        let store = Self { inner: Arc::new(inner) };
        store
            .find_lanes()
            .map_err(|problem| OpenError::Io { path: folder.to_owned(), problem: std::io::Error::other(problem) })?;
        Ok(store)
    }

    /// Measures history, where nobody did before.
    pub async fn measure(&self) -> Answer<()> {
        let Some(size) = self.measure_history()? else { return Ok(()) };
        self.write(move |tables| {
            tables.grown += size;
            Ok(())
        })
        .await
    }

    /// Whether the last commit succeeded: after a full disk `Err` until the next that does.
    pub fn works(&self) -> Answer<()> {
        self.inner.writer.works()
    }

    pub fn counts(&self) -> Answer<Counts> {
        self.read(|read| {
            Ok(Counts {
                queued: read.open_table(QUEUE)?.len()?,
                dead: read.open_table(DEAD)?.len()?,
                deliveries: read.open_table(TURNS)?.len()?,
            })
        })
    }

    /// Runs `change` in the next commit, and answers when that is on disk.
    pub(super) async fn write<T, F>(&self, change: F) -> Answer<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tables<'_>) -> Result<T, redb::Error> + Send + 'static,
    {
        self.inner.writer.write(change).await
    }

    /// Reads what was committed last.
    pub(super) fn read<T>(&self, look: impl FnOnce(&ReadTransaction) -> Result<T, redb::Error>) -> Answer<T> {
        let database = self.inner.writer.database()?;
        let read = database.begin_read().map_err(redb::Error::from);
        read.and_then(|read| look(&read)).map_err(|problem| Unavailable(problem.to_string()))
    }
}

/// What [`Writer`] does when the database must be opened anew.
pub(super) type Reopen = Box<dyn Fn() -> Open + Send>;
