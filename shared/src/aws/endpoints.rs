//! Endpoints as the owner applied them, read again every 30 s.

use std::sync::Arc;

use tokio::sync::Mutex;

use super::applied::{Good, Proof, Ready, Row};
use super::store::Store;
use crate::config::{Config, Rings, Secrets, Spec};
use crate::endpoint::Endpoint;
use crate::guard::Guard;
use crate::quantity::Rate;
use crate::seal::Keys;
use crate::seam::{Answer, FindEndpoints, Unavailable};
use crate::timestamp::Timestamp;

/// The twin of the endpoints of one machine.
pub struct Endpoints {
    store: Store,
    proof: Proof,
    guard: Guard,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    row: Row,
    keys: Option<Keys>,
    /// By tenant, without secrets: whoever asks for all of them only matches.
    listed: Ready<Arc<[Arc<Endpoint>]>>,
    /// Those that were asked for since, with secrets where there are keys.
    ready: Ready<Arc<Endpoint>>,
}

impl Endpoints {
    /// Nothing is called yet.
    pub fn new(store: Store, proof: Proof, guard: Guard) -> Self {
        Self { store, proof, guard, state: Mutex::default() }
    }

    /// Reads what every delivery needs, before the first comes. A failure is no matter: it is read
    /// again when somebody asks.
    pub async fn warm(&self) {
        let State { row, keys, .. } = &mut *self.state.lock().await;
        row.warm(keys, &self.proof, &self.store).await;
    }

    async fn make(&self, state: &mut State, name: &str) -> Answer<(Arc<Endpoint>, Good)> {
        if state.keys.is_none() {
            state.keys = self.proof.keys().await?;
        }
        let references = if self.proof.is_never() { Vec::new() } else { state.row.spec.endpoint_references(name) };
        let looked_up = self.proof.look_up(&references).await?;
        let rings = Rings { inbound: None, outbound: state.keys.as_ref() };
        let made = one(&state.row.spec, name, Secrets::Kept { rings, looked_up: &looked_up }, self.guard);
        if made.is_err() {
            // Sealed under a newer key, perhaps: the next who asks has the keys read again.
            state.keys = None;
        }
        Ok((made?, Good::with(&references)))
    }
}

impl FindEndpoints for Endpoints {
    async fn event_rate(&self, tenant: &str) -> Answer<Option<Rate>> {
        let mut state = self.state.lock().await;
        state.row.refresh(&self.store, Timestamp::now()).await?;
        Ok(state.row.spec.limits().and_then(|limits| limits.of(tenant).rate))
    }

    /// None of them has its secrets.
    ///
    /// # Errors
    /// As long as one of them cannot be read, no event can be said to have been matched to all.
    async fn endpoints(&self, tenant: &str) -> Answer<Arc<[Arc<Endpoint>]>> {
        let now = Timestamp::now();
        let mut state = self.state.lock().await;
        let State { row, listed, .. } = &mut *state;
        row.refresh(&self.store, now).await?;
        if let Some(found) = listed.get(row, tenant, now) {
            return Ok(found);
        }
        let names = row.spec.endpoint_names_of(tenant);
        let found: Arc<[_]> =
            names.map(|name| one(&row.spec, name, Secrets::Withheld, self.guard)).collect::<Answer<Vec<_>>>()?.into();
        if !found.is_empty() {
            listed.put(row, tenant, Arc::clone(&found), Good::Always, now);
        }
        Ok(found)
    }

    async fn endpoint(&self, tenant: &str, name: &str) -> Answer<Option<Arc<Endpoint>>> {
        let now = Timestamp::now();
        let mut state = self.state.lock().await;
        state.row.refresh(&self.store, now).await?;
        if !state.row.spec.names_endpoint(tenant, name) {
            // Whoever matched an event to it has read more lately than we; and what is said to be
            // gone has its deliveries cancelled.
            state.row.read_at(&self.store, now).await?;
        }
        if !state.row.spec.names_endpoint(tenant, name) {
            return Ok(None);
        }
        if let Some(found) = state.ready.get(&state.row, name, now) {
            return Ok(Some(found));
        }
        let (made, good) = self.make(&mut state, name).await?;
        let State { row, ready, .. } = &mut *state;
        ready.put(row, name, Arc::clone(&made), good, now);
        Ok(Some(made))
    }
}

/// That endpoint. What was applied was checked: what fails now is a key that is gone, and is for the
/// owner to mend.
fn one(spec: &Spec, name: &str, secrets: Secrets<'_>, guard: Guard) -> Answer<Arc<Endpoint>> {
    let config = Config::check(spec.only_endpoint(name), secrets, guard);
    let mut config = config.map_err(|problem| Unavailable(problem.to_string()))?;
    config.endpoints.pop().ok_or_else(|| Unavailable(format!("the configuration names no endpoint {name}")))
}
