//! What became of endpoints since they were configured.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use redb::ReadableTable;

use super::lanes::lane;
use super::store::Store;
use super::tables::ENDPOINTS;
use crate::seam::{
    Answer, Consent, Disabled, EndpointState, Failing, ReadEndpointState, Unavailable, WriteEndpointState,
};
use crate::timestamp::Timestamp;

/// More than this is not remembered.
const MOST: usize = 10_000;

/// States by lane, as they were read last: every attempt asks for one. Nobody else writes them, for the
/// store is locked; whoever does has them read again.
#[derive(Default)]
pub(super) struct States(Mutex<HashMap<String, EndpointState>>);

impl States {
    fn known(&self) -> MutexGuard<'_, HashMap<String, EndpointState>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What cannot be read is not nothing: it may be a disabled endpoint.
fn read(bytes: &[u8]) -> Answer<EndpointState> {
    serde_json::from_slice(bytes).map_err(|problem| Unavailable(format!("the state of an endpoint: {problem}")))
}

impl ReadEndpointState for Store {
    async fn endpoint_state(&self, tenant: &str, name: &str) -> Answer<EndpointState> {
        let lane = lane(tenant, name);
        // Held while the row is read: one that is written meanwhile is forgotten after this is remembered.
        let mut known = self.inner.states.known();
        if let Some(state) = known.get(&lane) {
            return Ok(state.clone());
        }
        let row = self.read(|table| {
            let row = table.open_table(ENDPOINTS)?.get(&*lane)?;
            Ok(row.map(|row| read(row.value())))
        })?;
        let state = row.transpose()?.unwrap_or_default();
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(lane, state.clone());
        Ok(state)
    }
}

impl WriteEndpointState for Store {
    async fn disable_endpoint(&self, tenant: &str, name: &str, disabled: &Disabled) -> Answer<()> {
        let disabled = disabled.clone();
        self.change(tenant, name, |state| {
            state.disabled.get_or_insert(disabled);
        })
        .await
    }

    async fn slow_endpoint(&self, tenant: &str, name: &str, until: Timestamp) -> Answer<()> {
        self.change(tenant, name, move |state| state.slowed_until = state.slowed_until.max(Some(until))).await
    }

    async fn enable_endpoint(&self, tenant: &str, name: &str) -> Answer<()> {
        self.change(tenant, name, |state| {
            *state = EndpointState { trouble: state.trouble, recovered: state.recovered, ..EndpointState::default() };
        })
        .await
    }

    async fn endpoint_fails(&self, tenant: &str, name: &str, since: Timestamp) -> Answer<()> {
        self.change(tenant, name, move |state| {
            state.failing.get_or_insert(Failing { since, told: false });
        })
        .await
    }

    async fn endpoint_works(&self, tenant: &str, name: &str, at: Timestamp) -> Answer<()> {
        self.change(tenant, name, move |state| {
            (state.failing, state.trouble, state.recovered) = (None, None, Some(at));
        })
        .await
    }

    async fn trouble_told(&self, tenant: &str, name: &str, since: Timestamp) -> Answer<()> {
        self.change(tenant, name, move |state| {
            let failing = state.failing.as_mut().filter(|failing| failing.since == since).map(|it| &mut it.told);
            let disabled = state.disabled.as_mut().filter(|disabled| disabled.since == since).map(|it| &mut it.told);
            failing.into_iter().chain(disabled).for_each(|told| *told = true);
            state.trouble = Some(state.trouble.map_or(since, |known| known.min(since)));
        })
        .await
    }

    async fn note_consent(&self, tenant: &str, name: &str, consent: &Consent) -> Answer<()> {
        let consent = consent.clone();
        self.change(tenant, name, |state| state.consent = Some(consent)).await
    }
}

impl Store {
    async fn change(
        &self,
        tenant: &str,
        name: &str,
        change: impl FnOnce(&mut EndpointState) + Send + 'static,
    ) -> Answer<()> {
        let lane = lane(tenant, name);
        let changed = lane.clone();
        let written = self.write(move |tables| {
            let table = tables.endpoints()?;
            let known = table.get(&*lane)?.map(|row| read(row.value())).transpose();
            let bytes = known.and_then(|known| {
                let mut state = known.unwrap_or_default();
                change(&mut state);
                serde_json::to_vec(&state).map_err(|problem| Unavailable(problem.to_string()))
            });
            Ok(match bytes {
                Ok(bytes) => table.insert(&*lane, &*bytes).map(|_| Ok(()))?,
                Err(problem) => Err(problem),
            })
        });
        let written = written.await;
        // A commit that failed may have been made all the same.
        self.inner.states.known().remove(&changed);
        written?
    }
}
