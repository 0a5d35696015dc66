//! What became of endpoints: a row each, remembered for some seconds.

use std::time::Duration;

use super::events::string;
use super::failure::{DYNAMODB, unavailable};
use super::outbound::Outbound;
use super::store::text;
use crate::seam::{Answer, EndpointState, ReadEndpointState, Unavailable, WriteEndpointState};

/// A state that others changed is known after this.
const FRESH: Duration = Duration::from_secs(5);

/// The partition of all that is known of an endpoint.
pub(super) fn partition(tenant: &str, name: &str) -> String {
    format!("endpoint/{tenant}/{name}")
}

const ROW: &str = "state";

impl ReadEndpointState for Outbound {
    async fn endpoint_state(&self, tenant: &str, name: &str) -> Answer<EndpointState> {
        let key = partition(tenant, name);
        if let Some(known) = self.states.get(&key) {
            return Ok(known);
        }
        let get = self.table.client.get_item().table_name(&self.table.name);
        let got = get.key("pk", text(&*key)).key("sk", text(ROW)).consistent_read(true).send().await;
        let row = got.map_err(|failure| unavailable(DYNAMODB, failure))?.item.unwrap_or_default();
        let state = string(&row, ROW).map(serde_json::from_str).transpose();
        let state: EndpointState = state.map_err(|problem| Unavailable(problem.to_string()))?.unwrap_or_default();
        self.states.put(key, state.clone(), FRESH);
        Ok(state)
    }
}

impl WriteEndpointState for Outbound {
    async fn write_endpoint_state(&self, tenant: &str, name: &str, state: &EndpointState) -> Answer<()> {
        let key = partition(tenant, name);
        let written = serde_json::to_string(state).map_err(|problem| Unavailable(problem.to_string()))?;
        let put = self.table.client.put_item().table_name(&self.table.name);
        let put = put.item("pk", text(&*key)).item("sk", text(ROW)).item(ROW, text(written));
        put.send().await.map_err(|failure| unavailable(DYNAMODB, failure))?;
        self.states.put(key, state.clone(), FRESH);
        Ok(())
    }
}
