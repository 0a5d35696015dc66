//! What became of endpoints since they were configured.

use super::lanes::lane;
use super::store::{ENDPOINTS, Store};
use crate::seam::{Answer, EndpointState, ReadEndpointState, Unavailable, WriteEndpointState};

impl ReadEndpointState for Store {
    async fn endpoint_state(&self, tenant: &str, name: &str) -> Answer<EndpointState> {
        let known = self.read(|read| {
            let row = read.open_table(ENDPOINTS)?.get(&*lane(tenant, name))?;
            Ok(row.map(|row| serde_json::from_slice(row.value())))
        })?;
        known.transpose().map(Option::unwrap_or_default).map_err(|problem| Unavailable(problem.to_string()))
    }
}

impl WriteEndpointState for Store {
    async fn write_endpoint_state(&self, tenant: &str, name: &str, state: &EndpointState) -> Answer<()> {
        let lane = lane(tenant, name);
        let bytes = serde_json::to_vec(state).map_err(|problem| Unavailable(problem.to_string()))?;
        self.write(move |tables| {
            tables.endpoints()?.insert(&*lane, &*bytes)?;
            Ok(())
        })
        .await
    }
}
