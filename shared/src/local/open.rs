//! The data folder: made, locked, and its database opened or refused with what to do.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use redb::{Database, ReadableDatabase, TableDefinition};

use super::tables::{LEARNED, Tables, UNDELIVERED};
use super::undelivered;

/// The layout of the tables below. A store of a later layout is left alone.
const FORMAT: u64 = 1;
const META: TableDefinition<&str, u64> = TableDefinition::new("meta");

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

pub(super) fn make_folder(folder: &Path) -> Result<(), OpenError> {
    let io = |problem| OpenError::Io { path: folder.to_owned(), problem };
    if folder.is_dir() {
        return Ok(());
    }
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(io)?;
    // What is in here is nobody else's business, a repository's least of all.
    fs::write(folder.join(".gitignore"), "*\n").map_err(io)
}

pub(super) fn lock(folder: &Path) -> Result<File, OpenError> {
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
pub(super) fn make_database(file: &Path) -> Result<(), OpenError> {
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

/// A store from before there were such tables gets them, filled, or stays as it was.
pub(super) fn make_missing(database: &Database) -> Result<(), redb::Error> {
    let read = database.begin_read()?;
    let lacks_undelivered = is_missing(read.open_table(UNDELIVERED))?;
    if !lacks_undelivered && !is_missing(read.open_table(LEARNED))? {
        return Ok(());
    }
    let write = database.begin_write()?;
    Tables::make_all(&write)?;
    if lacks_undelivered {
        undelivered::find_all(&write)?;
    }
    write.commit()?;
    Ok(())
}

fn is_missing<T>(opened: Result<T, redb::TableError>) -> Result<bool, redb::Error> {
    match opened {
        Ok(_) => Ok(false),
        Err(redb::TableError::TableDoesNotExist(_)) => Ok(true),
        Err(problem) => Err(problem.into()),
    }
}

pub(super) fn open_database(file: &Path) -> Result<Database, OpenError> {
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
