//! Sources: the default one as the template's parameters describe it, the others as the owner applied
//! them, read again every 30 s.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;

use super::environment::{Misconfigured, given, variable};
use super::secrets::SecretStore;
use super::store::Store;
use crate::config::{Config, Secrets, Spec};
use crate::door::DEFAULT;
use crate::seal::Keys;
use crate::seam::{Answer, FindSource, Kept, ReadConfig, Unavailable};
use crate::secret::Secret;
use crate::source::Source;
use crate::timestamp::Timestamp;

/// How long what was read is in use before it is read again.
const FRESH: Duration = Duration::from_secs(30);

/// How soon a reading is repeated that failed. What was read before stays in use.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// How long a reference that was looked up is good: a secret rotated elsewhere is known by then.
const LOOKED_UP: Duration = Duration::from_secs(300);

const PASSWORD: &str = "WEBHOOK_PASSWORD";

/// What the parameters say of the default source.
#[derive(Clone, Debug)]
pub struct DefaultSource {
    pub email: String,
    /// The owner's own; without it, one derived from the key secret.
    pub password: Option<Secret>,
}

impl DefaultSource {
    pub fn from_environment() -> Result<Self, Misconfigured> {
        Ok(Self { email: variable("EMAIL_ADDRESS")?, password: given(PASSWORD).map(Secret::new) })
    }
}

/// Whether a function proves webhooks genuine, and so needs secrets.
#[derive(Clone)]
pub enum Proof {
    /// With the keys in that key secret.
    By { secrets: SecretStore, key_secret: String },
    /// It only asks who is to be told.
    Never,
}

/// The twin of the sources of one machine.
pub struct Sources {
    store: Store,
    default: DefaultSource,
    proof: Proof,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// When to read again; nothing was read yet if none.
    due: Option<Timestamp>,
    read: Option<Timestamp>,
    version: u64,
    spec: Spec,
    keys: Option<Keys>,
    /// Those that were asked for since, and until when they are good.
    ready: HashMap<String, (Arc<Source>, Timestamp)>,
}

impl Sources {
    /// Nothing is called yet.
    pub fn new(store: Store, default: DefaultSource, proof: Proof) -> Self {
        Self { store, default, proof, state: Mutex::default() }
    }

    /// Reads what every webhook needs, before the first comes. A failure is no matter: it is read again
    /// when somebody asks.
    pub async fn warm(&self) {
        let (keys, kept) = tokio::join!(self.keys(), self.store.read_config());
        let mut state = self.state.lock().await;
        if let (Ok(keys), Ok(kept)) = (keys, kept) {
            state.keys = keys;
            // Whoever asks first is told.
            drop(state.take(kept, Timestamp::now()));
        }
    }

    async fn keys(&self) -> Answer<Option<Keys>> {
        match &self.proof {
            Proof::By { secrets, key_secret } => secrets.keys(key_secret).await.map(Some),
            Proof::Never => Ok(None),
        }
    }

    /// Reads the configuration. What was read before stays in use if that fails.
    async fn read(&self, state: &mut State, now: Timestamp) -> Answer<()> {
        let read = self.store.read_config().await;
        match read.and_then(|kept| state.take(kept, now)) {
            Ok(()) => {}
            Err(problem) if state.due.is_none() => return Err(problem),
            Err(problem) => {
                tracing::error!(%problem, "sources cannot be read again; those read before stay in use");
                state.due = Some(now.after(AFTER_FAILURE));
            }
        }
        Ok(())
    }

    async fn source(&self, state: &mut State, name: &str, now: Timestamp) -> Answer<Option<Arc<Source>>> {
        if !state.knows(name) && matches!(self.proof, Proof::Never) && state.read != Some(now) {
            // Its webhook was proved genuine: whoever did that has read more lately than we.
            self.read(state, now).await?;
        }
        if !state.knows(name) {
            return Ok(None);
        }
        if state.keys.is_none() {
            state.keys = self.keys().await?;
        }
        let made = self.make(state, name).await;
        if made.is_err() {
            // Sealed under a newer key, perhaps: the next who asks has the keys read again.
            state.keys = None;
        }
        let (source, is_for_good) = made?;
        let good = if is_for_good { Timestamp(u64::MAX) } else { now.after(LOOKED_UP) };
        state.ready.insert(name.to_owned(), (Arc::clone(&source), good));
        Ok(Some(source))
    }

    /// A source, and whether it is good for as long as the configuration is.
    async fn make(&self, state: &State, name: &str) -> Answer<(Arc<Source>, bool)> {
        let keys = state.keys.as_ref();
        if !state.spec.names(name) {
            return Ok((self.default(keys)?, true));
        }
        let references = state.spec.references(name);
        let looked_up = match &self.proof {
            Proof::By { secrets, .. } => secrets.look_up(&references).await?,
            Proof::Never => HashMap::new(),
        };
        Ok((applied(&state.spec, name, keys, &looked_up)?, references.is_empty()))
    }

    fn default(&self, keys: Option<&Keys>) -> Answer<Arc<Source>> {
        let mut spec = Spec::default();
        spec.add_password_source(DEFAULT, PASSWORD, vec![self.default.email.clone()]);
        let Some(keys) = keys else { return one(spec, Secrets::Withheld) };
        let password = self.default.password.clone().unwrap_or_else(|| keys.default_password());
        one(spec, Secrets::Written { environment: &|_| Some(password.expose().to_owned()) })
    }
}

impl FindSource for Sources {
    async fn find(&self, name: &str) -> Answer<Option<Arc<Source>>> {
        let now = Timestamp::now();
        let mut state = self.state.lock().await;
        if state.due.is_none_or(|due| due <= now) {
            self.read(&mut state, now).await?;
        }
        match state.ready.get(name) {
            Some((source, good)) if *good > now => Ok(Some(Arc::clone(source))),
            _ => self.source(&mut state, name, now).await,
        }
    }
}

impl State {
    fn knows(&self, name: &str) -> bool {
        name == DEFAULT || self.spec.names(name)
    }

    /// # Errors
    /// What is kept cannot be read. What was read before stays in use.
    fn take(&mut self, kept: Option<Kept>, now: Timestamp) -> Answer<()> {
        let Kept { version, text } = kept.unwrap_or(Kept { version: 0, text: "{}".into() });
        if self.due.is_none() || version != self.version {
            let unreadable = || Unavailable("the applied configuration cannot be read; apply it again".into());
            let spec = Spec::read(&text).ok_or_else(unreadable)?;
            (self.version, self.spec, self.ready) = (version, spec, HashMap::new());
        }
        (self.read, self.due) = (Some(now), Some(now.after(FRESH)));
        Ok(())
    }
}

fn applied(spec: &Spec, name: &str, keys: Option<&Keys>, looked_up: &HashMap<String, Secret>) -> Answer<Arc<Source>> {
    one(spec.only(name), keys.map_or(Secrets::Withheld, |keys| Secrets::Kept { keys, looked_up }))
}

/// The only source of a configuration. What was applied was checked: what fails now is a key that is
/// gone, and is for the owner to mend.
fn one(spec: Spec, secrets: Secrets<'_>) -> Answer<Arc<Source>> {
    let mut config = Config::check(spec, secrets).map_err(|problem| Unavailable(problem.to_string()))?;
    config.sources.pop().ok_or_else(|| Unavailable("the configuration names no source".into()))
}
