//! Bodies too big for the queue, a file each.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use super::open::OpenError;
use super::store::Store;
use crate::id::WebhookId;
use crate::seam::{Answer, GetBody, PutBody, Unavailable};

/// The ending of a body that is not all there.
const UNFINISHED: &str = "unfinished";

#[derive(Clone)]
pub(super) struct Bodies {
    folder: Arc<PathBuf>,
}

impl Bodies {
    pub(super) fn open(folder: &Path) -> Result<Self, OpenError> {
        let io = |problem| OpenError::Io { path: folder.to_owned(), problem };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(io)?;
        let bodies = Self { folder: Arc::new(folder.to_owned()) };
        bodies.remove_unfinished().map_err(io)?;
        Ok(bodies)
    }

    fn path(&self, id: WebhookId) -> PathBuf {
        self.folder.join(id.to_string())
    }

    pub(super) fn holds(&self, id: WebhookId) -> bool {
        self.path(id).exists()
    }

    pub(super) fn remove(&self, id: WebhookId) {
        match fs::remove_file(self.path(id)) {
            Err(problem) if problem.kind() != ErrorKind::NotFound => {
                tracing::warn!(%id, %problem, "a body that nobody needs cannot be removed")
            }
            _ => {}
        }
    }

    /// All that are kept, unfinished ones left out.
    pub(super) fn ids(&self) -> std::io::Result<Vec<WebhookId>> {
        let names = fs::read_dir(&*self.folder)?.map(|entry| Ok(entry?.file_name()));
        let names: Vec<_> = names.collect::<std::io::Result<_>>()?;
        Ok(names.iter().filter_map(|name| name.to_str()?.parse().ok()).collect())
    }

    /// Whole or not at all, and on disk.
    fn put(&self, id: WebhookId, body: &[u8]) -> std::io::Result<()> {
        let path = self.path(id);
        let unfinished = path.with_extension(UNFINISHED);
        let write = || {
            let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
            file.write_all(body)?;
            file.sync_all()
        };
        if let Err(problem) = write() {
            // A full disk needs no half bodies; what stays is swept at the next start.
            drop(fs::remove_file(&unfinished));
            return Err(problem);
        }
        fs::rename(&unfinished, &path)?;
        File::open(&*self.folder)?.sync_all()
    }

    /// Removes what a crash left half written. Only at start: later it may be somebody's work.
    pub(super) fn remove_unfinished(&self) -> std::io::Result<()> {
        for entry in fs::read_dir(&*self.folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == UNFINISHED) {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }
}

impl PutBody for Store {
    async fn put_body(&self, id: WebhookId, body: &Bytes) -> Answer<()> {
        let (bodies, body) = (self.inner.bodies.clone(), body.clone());
        blocking(move || bodies.put(id, &body)).await
    }
}

impl GetBody for Store {
    async fn get_body(&self, id: WebhookId) -> Answer<Option<Bytes>> {
        let path = self.inner.bodies.path(id);
        blocking(move || match fs::read(path) {
            Ok(body) => Ok(Some(Bytes::from(body))),
            Err(problem) if problem.kind() == ErrorKind::NotFound => Ok(None),
            Err(problem) => Err(problem),
        })
        .await
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> std::io::Result<T> + Send + 'static) -> Answer<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|problem| Unavailable(problem.to_string()))?.map_err(|problem| Unavailable(problem.to_string()))
}
