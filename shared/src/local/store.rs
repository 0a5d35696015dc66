//! The data folder: one embedded database, bodies as files, and a lock that keeps others out.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use redb::{Database, ReadTransaction, ReadableDatabase, ReadableTableMetadata, TableDefinition};
use tokio::sync::Notify;

use super::bodies::Bodies;
use super::claims::Leases;
use super::deliveries::Claimed;
use super::lanes::Lanes;
use super::pace::Paces;
use super::queue::HandedOut;
use super::writer::{Open, Tables, Writer};
use crate::seam::{Answer, Unavailable};

/// The layout of the tables below. A store of a later layout is left alone.
const FORMAT: u64 = 1;
const META: TableDefinition<&str, u64> = TableDefinition::new("meta");

/// Waiting messages by due time and id: one row each, in the order in which they are handed out.
pub(super) const QUEUE: TableDefinition<(u64, u128), &[u8]> = TableDefinition::new("queue");
pub(super) const CLAIMS: TableDefinition<&str, &[u8]> = TableDefinition::new("claims");
/// When each claim may be forgotten.
pub(super) const FORGET: TableDefinition<(u64, &str), ()> = TableDefinition::new("forget");
pub(super) const DEAD: TableDefinition<u128, &[u8]> = TableDefinition::new("dead");
/// The applied configuration and its version.
pub(super) const CONFIG: TableDefinition<&str, (u64, &str)> = TableDefinition::new("config");
pub(super) const MAIL: TableDefinition<u128, &[u8]> = TableDefinition::new("mail");

/// A tenant or lane, a moment in milliseconds, and an event.
pub(super) type ByTime = (&'static str, u64, &'static str);

/// Events by tenant and id.
pub(super) const EVENTS: TableDefinition<(&str, &str), &[u8]> = TableDefinition::new("events");
/// The same by tenant, when they were accepted, and id.
pub(super) const EVENTS_BY_TIME: TableDefinition<(&str, u64, &str), ()> = TableDefinition::new("events by time");
/// Turns by lane (tenant and endpoint), due time and event: the number of the attempt, and whether it is paced.
pub(super) const TURNS: TableDefinition<(&str, u64, &str), (u32, bool)> = TableDefinition::new("turns");
/// Deliveries by lane and event, once anything came of them.
pub(super) const DELIVERIES: TableDefinition<(&str, &str), &[u8]> = TableDefinition::new("deliveries");
/// All deliveries by lane, when their event was accepted, and event: their state.
pub(super) const DELIVERIES_BY_TIME: TableDefinition<(&str, u64, &str), u8> =
    TableDefinition::new("deliveries by time");
pub(super) const ENDPOINTS: TableDefinition<&str, &[u8]> = TableDefinition::new("endpoints");
pub(super) const TOKENS: TableDefinition<&str, &[u8]> = TableDefinition::new("tokens");

/// Pages that the database keeps in memory.
const CACHE: usize = 12 << 20;

/// Why a data folder could not be opened. Nothing in it was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(
        "{folder}: another hookpost{who} is using this data folder; stop it, or choose another folder with HOOKPOST_DATA"
    )]
    InUse { folder: PathBuf, who: String },
    #[error(
        "{file}: the store is damaged ({detail}); nothing was changed. Restore it from a copy, or move it away to begin with an empty one"
    )]
    Damaged { file: PathBuf, detail: String },
    #[error(
        "{file}: the store was made by a newer version of hookpost (format {found}; this one knows up to {FORMAT}); nothing was changed"
    )]
    Newer { file: PathBuf, found: u64 },
    #[error("{path}: {problem}")]
    Io { path: PathBuf, problem: std::io::Error },
}

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
    pub(super) paces: Paces,
    /// Held until the last clone is gone.
    _lock: File,
}

/// How much there is of what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub queued: u64,
    pub dead: u64,
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
            paces: Paces::default(),
            _lock: lock,
        };
        let store = Self { inner: Arc::new(inner) };
        store
            .find_lanes()
            .map_err(|problem| OpenError::Io { path: folder.to_owned(), problem: std::io::Error::other(problem) })?;
        Ok(store)
    }

    /// Whether the last commit succeeded: after a full disk `Err` until the next that does.
    pub fn works(&self) -> Answer<()> {
        self.inner.writer.works()
    }

    pub fn counts(&self) -> Answer<Counts> {
        self.read(|read| Ok(Counts { queued: read.open_table(QUEUE)?.len()?, dead: read.open_table(DEAD)?.len()? }))
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

fn make_folder(folder: &Path) -> Result<(), OpenError> {
    let io = |problem| OpenError::Io { path: folder.to_owned(), problem };
    if folder.is_dir() {
        return Ok(());
    }
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(io)?;
    // What is in here is nobody else's business, a repository's least of all.
    fs::write(folder.join(".gitignore"), "*\n").map_err(io)
}

fn lock(folder: &Path) -> Result<File, OpenError> {
    let path = folder.join("lock");
    let io = |problem| OpenError::Io { path: path.clone(), problem };
    let mut file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path).map_err(io)?;
    match file.try_lock() {
        Ok(()) => {
            file.set_len(0).and_then(|()| write!(file, "{}", std::process::id())).map_err(io)?;
            Ok(file)
        }
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            let known = file.read_to_string(&mut pid).is_ok() && !pid.is_empty();
            let who = if known { format!(" (process {pid})") } else { String::new() };
            Err(OpenError::InUse { folder: folder.to_owned(), who })
        }
        Err(TryLockError::Error(problem)) => Err(io(problem)),
    }
}

/// A new database appears whole or not at all.
fn make_database(file: &Path) -> Result<(), OpenError> {
    let io = |problem: std::io::Error| OpenError::Io { path: file.to_owned(), problem };
    let other = |problem: redb::Error| io(std::io::Error::other(problem));
    let unfinished = file.with_extension("unfinished");
    match fs::remove_file(&unfinished) {
        Err(problem) if problem.kind() != std::io::ErrorKind::NotFound => return Err(io(problem)),
        _ => {}
    }
    let made = || -> Result<(), redb::Error> {
        let database = Database::create(&unfinished)?;
        let write = database.begin_write()?;
        write.open_table(META)?.insert("format", FORMAT)?;
        Tables::make_all(&write)?;
        write.commit()?;
        Ok(())
    };
    made().map_err(other)?;
    fs::set_permissions(&unfinished, std::os::unix::fs::PermissionsExt::from_mode(0o600)).map_err(io)?;
    fs::rename(&unfinished, file).map_err(io)?;
    // The name must be on disk as well as what it names; so must the folder's own, where we may look.
    let folder = file.parent().unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(io)?;
    match File::open(folder.join("..")) {
        Ok(above) => above.sync_all().map_err(io),
        Err(_) => Ok(()),
    }
}

/// A store from before there were such tables gets them.
fn make_missing(database: &Database) -> Result<(), redb::Error> {
    match database.begin_read()?.open_table(TOKENS) {
        Err(redb::TableError::TableDoesNotExist(_)) => {}
        found => return found.map(drop).map_err(redb::Error::from),
    }
    let write = database.begin_write()?;
    Tables::make_all(&write)?;
    write.commit()?;
    Ok(())
}

fn open_database(file: &Path) -> Result<Database, OpenError> {
    // A file altered by others may make the database panic instead of answering.
    let opened = catch_unwind(AssertUnwindSafe(|| Database::builder().set_cache_size(CACHE).open(file)));
    let damaged = |detail: String| OpenError::Damaged { file: file.to_owned(), detail };
    let database = match opened {
        Ok(Ok(database)) => database,
        Ok(Err(problem)) => return Err(cannot_open(file, problem)),
        Err(_) => return Err(damaged("it cannot be read".into())),
    };
    let format = || -> Result<Option<u64>, redb::Error> {
        Ok(database.begin_read()?.open_table(META)?.get("format")?.map(|found| found.value()))
    };
    match format() {
        Ok(Some(FORMAT)) => Ok(database),
        Ok(Some(found)) => Err(OpenError::Newer { file: file.to_owned(), found }),
        Ok(None) => Err(damaged("it does not say its format".into())),
        Err(problem) => Err(damaged(problem.to_string())),
    }
}

fn cannot_open(file: &Path, problem: redb::DatabaseError) -> OpenError {
    use redb::{DatabaseError, StorageError};
    match problem {
        DatabaseError::DatabaseAlreadyOpen => OpenError::InUse { folder: file.to_owned(), who: String::new() },
        DatabaseError::Storage(StorageError::Io(problem)) if problem.kind() != std::io::ErrorKind::InvalidData => {
            OpenError::Io { path: file.to_owned(), problem }
        }
        other => OpenError::Damaged { file: file.to_owned(), detail: other.to_string() },
    }
}

impl Tables<'_> {
    /// Makes every table, so that readers find them.
    fn make_all(write: &redb::WriteTransaction) -> Result<(), redb::Error> {
        write.open_table(QUEUE)?;
        write.open_table(CLAIMS)?;
        write.open_table(FORGET)?;
        write.open_table(DEAD)?;
        write.open_table(MAIL)?;
        write.open_table(CONFIG)?;
        write.open_table(EVENTS)?;
        write.open_table(EVENTS_BY_TIME)?;
        write.open_table(TURNS)?;
        write.open_table(DELIVERIES)?;
        write.open_table(DELIVERIES_BY_TIME)?;
        write.open_table(ENDPOINTS)?;
        write.open_table(TOKENS)?;
        Ok(())
    }
}

/// What [`Writer`] does when the database must be opened anew.
pub(super) type Reopen = Box<dyn Fn() -> Open + Send>;
