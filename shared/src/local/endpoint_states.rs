//! What became of endpoints since they were configured.

use redb::ReadableTable;

use super::lanes::lane;
use super::store::{ENDPOINTS, Store};
use crate::seam::{Answer, Disabled, EndpointState, ReadEndpointState, Unavailable, WriteEndpointState};
use crate::timestamp::Timestamp;

/// What cannot be read is not nothing: it may be a disabled endpoint.
fn read(bytes: &[u8]) -> Answer<EndpointState> {
    serde_json::from_slice(bytes).map_err(|problem| Unavailable(format!("the state of an endpoint: {problem}")))
}

impl ReadEndpointState for Store {
    async fn endpoint_state(&self, tenant: &str, name: &str) -> Answer<EndpointState> {
        let row = self.read(|table| {
            let row = table.open_table(ENDPOINTS)?.get(&*lane(tenant, name))?;
            Ok(row.map(|row| read(row.value())))
        })?;
        Ok(row.transpose()?.unwrap_or_default())
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
        self.change(tenant, name, |state| *state = EndpointState::default()).await
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
        written.await?
    }
}
