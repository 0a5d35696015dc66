//! One thread that writes: everything that waits goes into one commit, and is answered when it is on disk.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use redb::Database;
use tokio::sync::{mpsc, oneshot};

use super::store::Reopen;
use super::tables::Tables;
use crate::seam::{Answer, Unavailable};

/// Changes in one commit.
const BATCH: usize = 256;

/// Changes that wait; more make their callers wait to be let in.
const WAITING: usize = 1_024;

/// After an error of the disk the database must be opened anew: not more often than this.
const REOPEN_EVERY: Duration = Duration::from_secs(1);

pub(super) type Open = Result<Database, String>;

/// The database, or why there is none now.
type Shared = Arc<RwLock<Result<Arc<Database>, Unavailable>>>;

/// Why the last commit failed, if it did.
type Trouble = Arc<RwLock<Option<Unavailable>>>;

pub(super) struct Writer {
    changes: Option<mpsc::Sender<Box<dyn Change>>>,
    database: Shared,
    trouble: Trouble,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(database: Database, reopen: Reopen) -> Self {
        let (changes, waiting) = mpsc::channel(WAITING);
        let database: Shared = Arc::new(RwLock::new(Ok(Arc::new(database))));
        let trouble = Trouble::default();
        let (shared, told) = (Arc::clone(&database), Arc::clone(&trouble));
        let thread = thread::Builder::new().name("writer".into()).spawn(move || run(waiting, &shared, &told, &reopen));
        Self { changes: Some(changes), database, trouble, thread: thread.ok() }
    }

    /// Whether the last commit succeeded.
    pub(super) fn works(&self) -> Answer<()> {
        match &*self.trouble.read().unwrap_or_else(PoisonError::into_inner) {
            None => Ok(()),
            Some(problem) => Err(problem.clone()),
        }
    }

    pub(super) fn database(&self) -> Answer<Arc<Database>> {
        self.database.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) async fn write<T, F>(&self, change: F) -> Answer<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tables<'_>) -> Result<T, redb::Error> + Send + 'static,
    {
        let stopped = || Unavailable("the store is closed".into());
        let (reply, answer) = oneshot::channel();
        let pending = Pending { change: Some(change), value: None, reply };
        let changes = self.changes.as_ref().ok_or_else(stopped)?;
        changes.send(Box::new(pending)).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.changes.take());
        if let Some(thread) = self.thread.take() {
            // A writer that panicked has told its callers by hanging up.
            drop(thread.join());
        }
    }
}

/// A change that waits for its commit.
trait Change: Send {
    fn apply(&mut self, tables: &mut Tables<'_>) -> Result<(), redb::Error>;
    fn answer(self: Box<Self>, committed: Answer<()>);
}

struct Pending<F, T> {
    change: Option<F>,
    value: Option<T>,
    reply: oneshot::Sender<Answer<T>>,
}

impl<F, T> Change for Pending<F, T>
where
    T: Send,
    F: FnOnce(&mut Tables<'_>) -> Result<T, redb::Error> + Send,
{
    fn apply(&mut self, tables: &mut Tables<'_>) -> Result<(), redb::Error> {
        if let Some(change) = self.change.take() {
            self.value = Some(change(tables)?);
        }
        Ok(())
    }

    fn answer(self: Box<Self>, committed: Answer<()>) {
        let Self { value, reply, .. } = *self;
        let value = committed.and_then(|()| value.ok_or_else(|| Unavailable("the change was not made".into())));
        // A caller that has gone away needs no answer.
        drop(reply.send(value));
    }
}

fn run(mut waiting: mpsc::Receiver<Box<dyn Change>>, shared: &Shared, trouble: &Trouble, reopen: &Reopen) {
    let mut opened = Instant::now();
    while let Some(first) = waiting.blocking_recv() {
        let mut batch = vec![first];
        while batch.len() < BATCH
            && let Ok(next) = waiting.try_recv()
        {
            batch.push(next);
        }
        let database = shared.read().unwrap_or_else(PoisonError::into_inner).clone();
        let committed = database.and_then(|database| commit(&database, &mut batch));
        if committed.is_err() && opened.elapsed() >= REOPEN_EVERY {
            open_anew(shared, reopen);
            opened = Instant::now();
        }
        *trouble.write().unwrap_or_else(PoisonError::into_inner) = committed.as_ref().err().cloned();
        for change in batch {
            change.answer(committed.clone());
        }
    }
}

fn commit(database: &Database, batch: &mut [Box<dyn Change>]) -> Answer<()> {
    let write = || -> Result<(), redb::Error> {
        let mut write = database.begin_write()?;
        // Opening after a crash then takes milliseconds, not a walk through the whole file.
        write.set_quick_repair(true);
        let mut tables = Tables::of(&write);
        for change in batch {
            change.apply(&mut tables)?;
        }
        tables.note_growth()?;
        drop(tables);
        write.commit()?;
        Ok(())
    };
    // A damaged file may make the database panic; the next commit is then made with a new one.
    let written = catch_unwind(AssertUnwindSafe(write));
    let written = written.map_err(|_| Unavailable("the database broke down".into()))?;
    written.map_err(|problem| Unavailable(problem.to_string()))
}

/// A database that met an error of the disk takes nothing more. What was committed is safe.
fn open_anew(shared: &Shared, reopen: &Reopen) {
    let mut database = shared.write().unwrap_or_else(PoisonError::into_inner);
    let closing = Unavailable("the store is being opened anew".into());
    if let Ok(old) = std::mem::replace(&mut *database, Err(closing)) {
        // Readers hold it for moments only; the file cannot be opened twice.
        while Arc::strong_count(&old) > 1 {
            thread::sleep(Duration::from_millis(1));
        }
    }
    *database = reopen().map(Arc::new).map_err(Unavailable);
    match &*database {
        Ok(_) => tracing::warn!("the store was opened anew after an error"),
        Err(problem) => tracing::error!(%problem, "the store cannot be opened; trying again"),
    }
}
