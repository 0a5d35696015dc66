//! What became of endpoints: a row each, remembered for some seconds.

use std::time::Duration;

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;

use super::events::{Row, moment, string};
use super::failure::{DYNAMODB, conditional, unavailable};
use super::outbound::Outbound;
use super::store::{number, text};
use crate::seam::{
    Answer, Consent, Disabled, EndpointState, Failing, ReadEndpointState, Unavailable, WriteEndpointState,
};
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
            .update_expression("SET disabled_since = :since, reason = :reason, disabled_told = :told")
            .condition_expression("attribute_not_exists(disabled_since)")
            .expression_attribute_values(":since", number(disabled.since.0))
            .expression_attribute_values(":reason", text(&*disabled.reason))
            .expression_attribute_values(":told", AttributeValue::Bool(disabled.told));
        self.changed(tenant, name, update).await
    }

    async fn slow_endpoint(&self, tenant: &str, name: &str, until: Timestamp) -> Answer<()> {
        let update = self
            .state_row(tenant, name)
            .update_expression("SET slowed_until = :until")
            .condition_expression("attribute_not_exists(slowed_until) OR slowed_until < :until")
            .expression_attribute_values(":until", number(until.0));
        self.changed(tenant, name, update).await
    }

    async fn enable_endpoint(&self, tenant: &str, name: &str) -> Answer<()> {
        let update = self.state_row(tenant, name).update_expression(
            "REMOVE disabled_since, reason, disabled_told, slowed_until, failing_since, failing_told, consent",
        );
        self.changed(tenant, name, update).await
    }

    async fn endpoint_fails(&self, tenant: &str, name: &str, since: Timestamp) -> Answer<()> {
        let update = self
            .state_row(tenant, name)
            .update_expression("SET failing_since = :since")
            .condition_expression("attribute_not_exists(failing_since)")
            .expression_attribute_values(":since", number(since.0));
        self.changed(tenant, name, update).await
    }

    async fn endpoint_works(&self, tenant: &str, name: &str, at: Timestamp) -> Answer<()> {
        let update = self
            .state_row(tenant, name)
            .update_expression("SET recovered = :at REMOVE failing_since, failing_told, trouble")
            .expression_attribute_values(":at", number(at.0));
        self.changed(tenant, name, update).await
    }

    /// The trouble first: after a crash in between the same news are told again, which changes nothing.
    async fn trouble_told(&self, tenant: &str, name: &str, since: Timestamp) -> Answer<()> {
        for (update, condition) in [
            ("SET trouble = :since", "attribute_not_exists(trouble) OR trouble > :since"),
            ("SET failing_told = :yes", "failing_since = :since"),
            ("SET disabled_told = :yes", "disabled_since = :since"),
        ] {
            let row = self.state_row(tenant, name).update_expression(update).condition_expression(condition);
            let mut row = row.expression_attribute_values(":since", number(since.0));
            if update.ends_with(":yes") {
                row = row.expression_attribute_values(":yes", AttributeValue::Bool(true));
            }
            self.changed(tenant, name, row).await?;
        }
        Ok(())
    }

    async fn note_consent(&self, tenant: &str, name: &str, consent: &Consent) -> Answer<()> {
        let written = serde_json::to_string(consent).map_err(|problem| Unavailable(problem.to_string()))?;
        let update = self.state_row(tenant, name).update_expression("SET consent = :consent");
        self.changed(tenant, name, update.expression_attribute_values(":consent", text(written))).await
    }
}

impl Outbound {
    fn state_row(&self, tenant: &str, name: &str) -> UpdateItemFluentBuilder {
        let update = self.table.client.update_item().table_name(&self.table.name);
        update.key("pk", text(partition(tenant, name))).key("sk", text(ROW))
    }

    /// Writes it, if its condition holds. Whoever asks next reads the row.
    async fn changed(&self, tenant: &str, name: &str, update: UpdateItemFluentBuilder) -> Answer<()> {
        let written = conditional(update.send().await);
        self.states.forget(&partition(tenant, name));
        written.map(|_| ())
    }
}

fn read(row: &Row) -> EndpointState {
    let is_told = |name: &str| row.get(name).is_some_and(|told| told.as_bool() == Ok(&true));
    let reason = string(row, "reason").unwrap_or_default().to_owned();
    EndpointState {
        disabled: moment(row, "disabled_since").map(|since| Disabled { since, reason, told: is_told("disabled_told") }),
        slowed_until: moment(row, "slowed_until"),
        failing: moment(row, "failing_since").map(|since| Failing { since, told: is_told("failing_told") }),
        recovered: moment(row, "recovered"),
        trouble: moment(row, "trouble"),
        // One that cannot be read is asked for again.
        consent: string(row, "consent").and_then(|consent| serde_json::from_str(consent).ok()),
    }
}
