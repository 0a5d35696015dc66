//! What became of endpoints: a row each, remembered for some seconds.

use std::time::Duration;

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;

use super::events::{Row, moment, string};
use super::failure::{DYNAMODB, conditional, unavailable};
use super::outbound::Outbound;
use super::store::{number, text};
use crate::seam::{Answer, Consent, Disabled, EndpointState, ReadEndpointState, WriteEndpointState};
use crate::timestamp::Timestamp;

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
        let state = read(&got.map_err(|failure| unavailable(DYNAMODB, failure))?.item.unwrap_or_default());
        self.states.put(key, state.clone(), FRESH);
        Ok(state)
    }
}

impl WriteEndpointState for Outbound {
    async fn disable_endpoint(&self, tenant: &str, name: &str, disabled: &Disabled) -> Answer<()> {
        let update = self
            .state_row(tenant, name)
            .update_expression("SET disabled_since = :since, reason = :reason")
            .condition_expression("attribute_not_exists(disabled_since)")
            .expression_attribute_values(":since", number(disabled.since.0))
            .expression_attribute_values(":reason", text(&*disabled.reason));
        self.changed(tenant, name, conditional(update.send().await))
    }

    async fn slow_endpoint(&self, tenant: &str, name: &str, until: Timestamp) -> Answer<()> {
        let update = self
            .state_row(tenant, name)
            .update_expression("SET slowed_until = :until")
            .condition_expression("attribute_not_exists(slowed_until) OR slowed_until < :until")
            .expression_attribute_values(":until", number(until.0));
        self.changed(tenant, name, conditional(update.send().await))
    }

    async fn enable_endpoint(&self, tenant: &str, name: &str) -> Answer<()> {
        let update = self.state_row(tenant, name).update_expression("REMOVE disabled_since, reason, slowed_until");
        self.changed(tenant, name, conditional(update.send().await))
    }

    async fn endpoint_fails(&self, _: &str, _: &str, _: Timestamp) -> Answer<()> {
        Ok(())
    }

    async fn endpoint_works(&self, _: &str, _: &str, _: Timestamp) -> Answer<()> {
        Ok(())
    }

    async fn trouble_told(&self, _: &str, _: &str, _: Timestamp) -> Answer<()> {
        Ok(())
    }

    async fn note_consent(&self, _: &str, _: &str, _: &Consent) -> Answer<()> {
        Ok(())
    }
}

impl Outbound {
    fn state_row(&self, tenant: &str, name: &str) -> UpdateItemFluentBuilder {
        let update = self.table.client.update_item().table_name(&self.table.name);
        update.key("pk", text(partition(tenant, name))).key("sk", text(ROW))
    }

    /// Whoever asks next reads the row.
    fn changed(&self, tenant: &str, name: &str, written: Answer<bool>) -> Answer<()> {
        self.states.forget(&partition(tenant, name));
        written.map(|_| ())
    }
}

fn read(row: &Row) -> EndpointState {
    let reason = string(row, "reason").unwrap_or_default().to_owned();
    let disabled = moment(row, "disabled_since").map(|since| Disabled { since, reason, told: false });
    EndpointState { disabled, slowed_until: moment(row, "slowed_until"), ..EndpointState::default() }
}
