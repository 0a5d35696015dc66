//! Rates and calls under way, over all who deliver: rows of the endpoints that have limits, no others.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::ReturnValue;

use super::endpoint_states::partition;
use super::events::moment;
use super::failure::{DYNAMODB, conditional, unavailable};
use super::outbound::Outbound;
use super::store::{number, text};
use crate::quantity::Rate;
use crate::seam::{Answer, KeepPace, Place, Unavailable};
use crate::timestamp::Timestamp;

const RATE: &str = "rate";
const PLACES: &str = "places";

/// A word of DynamoDB's own, which expressions may not spell out.
const FREE: &str = "free";

/// So often a place is looked for that others take at the same time.
const TRIES: usize = 4;

impl KeepPace for Outbound {
    /// The row holds the first place that is free, in microseconds since 1970.
    async fn reserve(&self, tenant: &str, endpoint: &str, rate: Rate, now: Timestamp) -> Answer<Timestamp> {
        let apart = rate.apart().as_micros() as u64;
        for _ in 0..TRIES {
            let queued = self
                .limit_row(tenant, endpoint, RATE)
                .update_expression("SET #free = #free + :apart")
                .condition_expression("#free >= :now")
                .expression_attribute_names("#free", FREE)
                .expression_attribute_values(":apart", number(apart))
                .expression_attribute_values(":now", number(now.0 * 1_000))
                .return_values(ReturnValue::UpdatedOld)
                .send()
                .await;
            match queued {
                Ok(old) => {
                    let place = old.attributes.as_ref().and_then(|row| moment(row, FREE)).unwrap_or_default();
                    return Ok(Timestamp(place.0.div_ceil(1_000)));
                }
                Err(failure) => match failure.as_service_error() {
                    Some(UpdateItemError::ConditionalCheckFailedException(_)) => {}
                    _ => return Err(unavailable(DYNAMODB, failure)),
                },
            }
            let at_once = self
                .limit_row(tenant, endpoint, RATE)
                .update_expression("SET #free = :next")
                .condition_expression("attribute_not_exists(#free) OR #free < :now")
                .expression_attribute_names("#free", FREE)
                .expression_attribute_values(":next", number(now.0 * 1_000 + apart))
                .expression_attribute_values(":now", number(now.0 * 1_000));
            if conditional(at_once.send().await)? {
                return Ok(now);
            }
        }
        Err(Unavailable(format!("{DYNAMODB}: the rate of {endpoint} is much in demand")))
    }

    /// The row holds until when each place is taken.
    async fn enter(
        &self,
        tenant: &str,
        endpoint: &str,
        most: u32,
        now: Timestamp,
        until: Timestamp,
    ) -> Answer<Option<Place>> {
        let get = self.table.client.get_item().table_name(&self.table.name).consistent_read(true);
        let get = get.key("pk", text(partition(tenant, endpoint))).key("sk", text(PLACES));
        let got = get.send().await.map_err(|failure| unavailable(DYNAMODB, failure))?;
        let row = got.item.unwrap_or_default();
        let is_free = |slot: &u32| moment(&row, &attribute(*slot)).is_none_or(|taken| taken <= now);
        for slot in (0..most).filter(is_free).take(TRIES) {
            let take = self
                .limit_row(tenant, endpoint, PLACES)
                .update_expression("SET #place = :until")
                .condition_expression("attribute_not_exists(#place) OR #place <= :now")
                .expression_attribute_names("#place", attribute(slot))
                .expression_attribute_values(":until", number(until.0))
                .expression_attribute_values(":now", number(now.0));
            if conditional(take.send().await)? {
                return Ok(Some(Place { slot, until }));
            }
        }
        Ok(None)
    }

    async fn leave(&self, tenant: &str, endpoint: &str, place: Place) -> Answer<()> {
        let leave = self
            .limit_row(tenant, endpoint, PLACES)
            .update_expression("REMOVE #place")
            .condition_expression("#place = :until")
            .expression_attribute_names("#place", attribute(place.slot))
            .expression_attribute_values(":until", number(place.until.0));
        conditional(leave.send().await).map(|_| ())
    }
}

fn attribute(slot: u32) -> String {
    format!("p{slot}")
}

impl Outbound {
    fn limit_row(&self, tenant: &str, endpoint: &str, row: &str) -> UpdateItemFluentBuilder {
        let update = self.table.client.update_item().table_name(&self.table.name);
        update.key("pk", text(partition(tenant, endpoint))).key("sk", text(row))
    }
}
