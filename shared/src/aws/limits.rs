//! The limits on events, over all who accept them: a row of each tenant that has a rate, no others.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;

use super::events::moment;
use super::failure::{DYNAMODB, conditional, unavailable};
use super::outbound::Outbound;
use super::store::{number, text};
use crate::quantity::{Rate, SOON};
use crate::seam::{Answer, LimitEvents, Unavailable};
use crate::timestamp::Timestamp;

/// A word of DynamoDB's own, which expressions may not spell out.
const FREE: &str = "free";

/// So often a place is looked for that others take at the same time.
const TRIES: usize = 4;

impl LimitEvents for Outbound {
    /// A table grows as long as it is paid for.
    async fn has_room(&self) -> Answer<bool> {
        Ok(true)
    }

    /// The row holds the first place that is free, in microseconds since 1970. Most of the time it is one write.
    async fn take_place(&self, tenant: &str, rate: Rate, now: Timestamp) -> Answer<Result<(), Timestamp>> {
        let (apart, micros) = (rate.apart().as_micros() as u64, now.0 * 1_000);
        for _ in 0..TRIES {
            let Some(free) = self.take_next(tenant, apart, micros).await? else { return Ok(Ok(())) };
            if (micros + SOON + 1..=rate.furthest(micros)).contains(&free) {
                return Ok(rate.take(free, now).map(|_| ()));
            }
            let first = self
                .rate_row(tenant)
                .update_expression("SET #free = :next")
                .condition_expression("attribute_not_exists(#free) OR #free < :now OR #free > :furthest")
                .expression_attribute_values(":furthest", number(rate.furthest(micros)))
                .expression_attribute_values(":next", number(micros + apart))
                .expression_attribute_values(":now", number(micros));
            if conditional(first.send().await)? {
                return Ok(Ok(()));
            }
        }
        Err(Unavailable(format!("{DYNAMODB}: the rate of the tenant {tenant} is much in demand")))
    }
}

impl Outbound {
    /// Takes the place after those that were taken; what the row holds instead, if that is past or too far ahead.
    async fn take_next(&self, tenant: &str, apart: u64, micros: u64) -> Answer<Option<u64>> {
        let next = self
            .rate_row(tenant)
            .update_expression("SET #free = #free + :apart")
            .condition_expression("#free BETWEEN :now AND :soon")
            .expression_attribute_values(":apart", number(apart))
            .expression_attribute_values(":now", number(micros))
            .expression_attribute_values(":soon", number(micros + SOON))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let Err(failure) = next.send().await else { return Ok(None) };
        match failure.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(found)) => {
                Ok(Some(found.item.as_ref().and_then(|row| moment(row, FREE)).map_or(0, |free| free.0)))
            }
            _ => Err(unavailable(DYNAMODB, failure)),
        }
    }

    fn rate_row(&self, tenant: &str) -> UpdateItemFluentBuilder {
        let update = self.table.client.update_item().table_name(&self.table.name);
        let update = update.key("pk", text(format!("rate/{tenant}"))).key("sk", text("events"));
        update.expression_attribute_names("#free", FREE)
    }
}
