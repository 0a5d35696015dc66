//! The applied configuration as the functions read it: when it is asked for and what was read is 30 s
//! old; what is made of it is kept as long as it is good.

use std::collections::HashMap;
use std::time::Duration;

use super::secrets::SecretStore;
use super::store::Store;
use crate::config::Spec;
use crate::seal::Keys;
use crate::seam::{Answer, Kept, ReadConfig, Unavailable};
use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// How long what was read is in use before it is read again.
const FRESH: Duration = Duration::from_secs(30);

/// How soon a reading is repeated that failed. What was read before stays in use.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// How long a reference that was looked up is good: a secret rotated elsewhere is known by then.
const LOOKED_UP: Duration = Duration::from_secs(300);

/// Whether a function proves webhooks genuine, others' or ours, and so needs secrets.
#[derive(Clone)]
pub enum Proof {
    /// With the keys in that key secret.
    By { secrets: SecretStore, key_secret: String },
    /// It only asks who is to be told.
    Never,
}

impl Proof {
    pub(super) fn is_never(&self) -> bool {
        matches!(self, Self::Never)
    }

    pub(super) async fn keys(&self) -> Answer<Option<Keys>> {
        match self {
            Self::By { secrets, key_secret } => secrets.keys(key_secret).await.map(Some),
            Self::Never => Ok(None),
        }
    }

    pub(super) async fn look_up(&self, references: &[String]) -> Answer<HashMap<String, Secret>> {
        match self {
            Self::By { secrets, .. } => secrets.look_up(references).await,
            Self::Never => Ok(HashMap::new()),
        }
    }
}

/// The row as it was last read.
#[derive(Default)]
pub(super) struct Row {
    /// When to read again; nothing was read yet if none.
    due: Option<Timestamp>,
    read: Option<Timestamp>,
    version: u64,
    pub(super) spec: Spec,
}

impl Row {
    /// Reads it if that is due. What was read before stays in use if that fails.
    pub(super) async fn refresh(&mut self, store: &Store, now: Timestamp) -> Answer<()> {
        if self.due.is_some_and(|due| due > now) {
            return Ok(());
        }
        match self.read_at(store, now).await {
            Err(problem) if self.due.is_some() => {
                tracing::error!(%problem, "the configuration cannot be read again; what was read before stays in use");
                self.due = Some(now.after(AFTER_FAILURE));
                Ok(())
            }
            other => other,
        }
    }

    /// As it is now.
    ///
    /// # Errors
    /// It cannot be read now, whatever was read before.
    pub(super) async fn read_at(&mut self, store: &Store, now: Timestamp) -> Answer<()> {
        if self.read == Some(now) {
            return Ok(());
        }
        let kept = store.read_config().await?;
        self.take(kept, now)
    }

    /// Reads it, and the keys that go with it, before anybody asks. A failure is no matter: both are read
    /// again when somebody does.
    pub(super) async fn warm(&mut self, keys: &mut Option<Keys>, proof: &Proof, store: &Store) {
        let read = tokio::try_join!(proof.keys(), store.read_config());
        if let Ok((found, kept)) = read {
            *keys = found;
            // Whoever asks first is told.
            drop(self.take(kept, Timestamp::now()));
        }
    }

    /// # Errors
    /// What is kept cannot be read. What was read before stays in use.
    fn take(&mut self, kept: Option<Kept>, now: Timestamp) -> Answer<()> {
        let Kept { version, text } = kept.unwrap_or(Kept { version: 0, text: "{}".into() });
        if self.due.is_none() || version != self.version {
            let unreadable = || Unavailable("the applied configuration cannot be read; apply it again".into());
            let spec = Spec::read(&text).ok_or_else(unreadable)?;
            (self.version, self.spec) = (version, spec);
        }
        (self.read, self.due) = (Some(now), Some(now.after(FRESH)));
        Ok(())
    }
}

/// What was made of the row since it changed, by name, and until when it is good.
pub(super) struct Ready<T> {
    version: u64,
    made: HashMap<String, (T, Timestamp)>,
}

impl<T> Default for Ready<T> {
    fn default() -> Self {
        Self { version: 0, made: HashMap::new() }
    }
}

/// How long what was made is good.
#[derive(Clone, Copy)]
pub(super) enum Good {
    /// As long as the configuration is.
    Always,
    /// As long as what was looked up for it.
    LookedUp,
    /// As long as what is read of the configuration.
    Briefly,
    /// This once: it may be another at any moment.
    Once,
}

impl Good {
    pub(super) fn with(references: &[String]) -> Self {
        if references.is_empty() { Self::Always } else { Self::LookedUp }
    }

    fn until(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Always => Timestamp(u64::MAX),
            Self::LookedUp => now.after(LOOKED_UP),
            Self::Briefly => now.after(FRESH),
            Self::Once => now,
        }
    }
}

impl<T: Clone> Ready<T> {
    pub(super) fn get(&self, row: &Row, name: &str, now: Timestamp) -> Option<T> {
        let (made, until) = self.made.get(name).filter(|_| self.version == row.version)?;
        (*until > now).then(|| made.clone())
    }

    /// All that was made and not forgotten, good or not.
    pub(super) fn all(&self, row: &Row) -> impl Iterator<Item = &T> {
        self.made.values().filter(|_| self.version == row.version).map(|(made, _)| made)
    }

    pub(super) fn put(&mut self, row: &Row, name: &str, made: T, good: Good, now: Timestamp) {
        if self.version != row.version {
            (self.version, self.made) = (row.version, HashMap::new());
        }
        self.made.insert(name.to_owned(), (made, good.until(now)));
    }
}
