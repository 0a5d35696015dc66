//! Sources: the default one as the template's parameters describe it, the others as the owner applied
//! them, read again every 30 s.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::Mutex;

use super::applied::{Good, Proof, Ready, Row};
use super::environment::{Misconfigured, given, variable};
use super::store::Store;
use crate::config::{Config, Rings, Secrets, Spec};
use crate::door::DEFAULT;
use crate::guard::Guard;
use crate::learned;
use crate::seal::Keys;
use crate::seam::{Answer, FindSource, LearnSecret, ListSources, ReadLearned, TakeLearned, Unavailable};
use crate::secret::Secret;
use crate::source::Source;
use crate::timestamp::Timestamp;

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

/// The twin of the sources of one machine.
pub struct Sources {
    store: Store,
    default: DefaultSource,
    proof: Proof,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    row: Row,
    keys: Option<Keys>,
    /// Those that were asked for since.
    ready: Ready<Arc<Source>>,
}

impl Sources {
    /// Nothing is called yet.
    pub fn new(store: Store, default: DefaultSource, proof: Proof) -> Self {
        Self { store, default, proof, state: Mutex::default() }
    }

    /// Reads what every webhook needs, before the first comes. A failure is no matter: it is read again
    /// when somebody asks.
    pub async fn warm(&self) {
        let State { row, keys, .. } = &mut *self.state.lock().await;
        row.warm(keys, &self.proof, &self.store).await;
    }

    async fn source(&self, state: &mut State, name: &str, now: Timestamp) -> Answer<Option<Arc<Source>>> {
        if !state.knows(name) && self.proof.is_never() {
            // Its webhook was proved genuine: whoever did that has read more lately than we.
            state.row.read_at(&self.store, now).await?;
        }
        if !state.knows(name) {
            return Ok(None);
        }
        if state.keys.is_none() {
            state.keys = self.proof.keys().await?;
        }
        let made = match self.make(state, name).await {
            Ok((source, good)) => self.join(state.keys.as_ref(), source, good).await,
            failed => failed,
        };
        if made.is_err() {
            // Sealed under a newer key, perhaps: the next who asks has the keys read again.
            state.keys = None;
        }
        let (source, good) = made?;
        let State { row, ready, .. } = state;
        ready.put(row, name, Arc::clone(&source), good, now);
        Ok(Some(source))
    }

    /// With the secret that was handed over, where one is to be.
    async fn join(&self, keys: Option<&Keys>, source: Arc<Source>, good: Good) -> Answer<(Arc<Source>, Good)> {
        let Some(keys) = keys.filter(|_| source.verifier.learns()) else { return Ok((source, good)) };
        let found = self.store.learned(&source.name).await?;
        Ok(match learned::open(keys, &source.name, found.as_ref())? {
            Some(secret) => (learned::join(&source, secret)?, Good::Briefly),
            None => (source, Good::Once),
        })
    }

    async fn make(&self, state: &State, name: &str) -> Answer<(Arc<Source>, Good)> {
        let (spec, keys) = (&state.row.spec, state.keys.as_ref());
        if !spec.names(name) {
            return Ok((self.default(keys)?, Good::Always));
        }
        let references = spec.references(name);
        let looked_up = self.proof.look_up(&references).await?;
        let rings = Rings { inbound: keys, outbound: None };
        Ok((one(spec.only(name), Secrets::Kept { rings, looked_up: &looked_up })?, Good::with(&references)))
    }

    fn default(&self, keys: Option<&Keys>) -> Answer<Arc<Source>> {
        let mut spec = Spec::default();
        spec.add_password_source(DEFAULT, PASSWORD, vec![self.default.email.clone()]);
        let Some(keys) = keys else { return one(spec, Secrets::Withheld) };
        let password = self.default.password.clone().unwrap_or_else(|| keys.default_password());
        one(spec, Secrets::Written { environment: &|_| Some(password.expose().to_owned()), outbound: None })
    }
}

impl FindSource for Sources {
    async fn find(&self, name: &str) -> Answer<Option<Arc<Source>>> {
        let now = Timestamp::now();
        let mut state = self.state.lock().await;
        state.row.refresh(&self.store, now).await?;
        match state.ready.get(&state.row, name, now) {
            Some(source) => Ok(Some(source)),
            None => self.source(&mut state, name, now).await,
        }
    }

    /// Those that webhooks came for since the environment began: to open the others costs calls.
    fn at_hand(&self) -> Vec<Arc<Source>> {
        let state = self.state.try_lock();
        state.map(|state| state.ready.all(&state.row).cloned().collect()).unwrap_or_default()
    }
}

impl LearnSecret for Sources {
    async fn learn(&self, source: &str, secret: &Secret, now: Timestamp) -> Answer<bool> {
        let keys = self.state.lock().await.keys.clone();
        let Some(keys) = keys else { return Ok(false) };
        self.store.take_learned(source, &learned::seal(&keys, source, secret, now)?).await
    }
}

impl ListSources for Sources {
    async fn list_sources(&self) -> Answer<Vec<Arc<Source>>> {
        let mut state = self.state.lock().await;
        state.row.refresh(&self.store, Timestamp::now()).await?;
        let applied = state.row.spec.source_names().map(str::to_owned);
        let names: BTreeSet<String> = applied.chain([DEFAULT.to_owned()]).collect();
        let mut found = Vec::new();
        for name in names {
            match self.make(&state, &name).await {
                Ok((source, _)) => found.push(source),
                Err(problem) => tracing::error!(source = name, %problem, "a source cannot be read; apply it again"),
            }
        }
        Ok(found)
    }
}

impl State {
    fn knows(&self, name: &str) -> bool {
        name == DEFAULT || self.row.spec.names(name)
    }
}

/// The only source of a configuration. What was applied was checked: what fails now is a key that is
/// gone, and is for the owner to mend.
fn one(spec: Spec, secrets: Secrets<'_>) -> Answer<Arc<Source>> {
    let mut config =
        Config::check(spec, secrets, Guard::default()).map_err(|problem| Unavailable(problem.to_string()))?;
    config.sources.pop().ok_or_else(|| Unavailable("the configuration names no source".into()))
}
