//! Claims: one row each, taken by a conditional write that reads the clock of its caller.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};

use super::failure::{DYNAMODB, conditional, unavailable};
use super::store::{Store, expiry, number, text};
use crate::id::WebhookId;
use crate::seam::{Answer, Claim, ClaimKey, Claims, Lease};
use crate::timestamp::Timestamp;

/// How long a claim is remembered that was taken and never judged: its webhook is long done by then.
const UNJUDGED: Duration = Duration::from_secs(30 * 86_400);

/// Nobody holds it, and it was not done; or it was given up, and this is another webhook. A row past
/// its time counts as gone, whether or not the table has removed it yet.
const FREE: &str = "(attribute_not_exists(lease_until) OR lease_until <= :now) AND \
     (attribute_not_exists(forget) OR forget <= :now OR judged = :refused OR (judged = :given_up AND judged_by <> :id))";
const OURS: &str = "lease_by = :id AND lease_until = :until";

const COMPLETED: &str = "completed";
const REFUSED: &str = "refused";
pub(super) const GIVEN_UP: &str = "given_up";

type Row = HashMap<String, AttributeValue>;

impl Claims for Store {
    async fn claim(&self, key: &ClaimKey, id: WebhookId, now: Timestamp, lease: Duration) -> Answer<Claim> {
        let until = now.after(lease);
        let taken = self
            .claim_row(key)
            .update_expression("SET lease_by = :id, lease_until = :until, expires = :expires")
            .condition_expression(FREE)
            .expression_attribute_values(":id", text(id.to_string()))
            .expression_attribute_values(":until", number(until.0))
            .expression_attribute_values(":expires", expiry(until.after(UNJUDGED)))
            .expression_attribute_values(":now", number(now.0))
            .expression_attribute_values(":refused", text(REFUSED))
            .expression_attribute_values(":given_up", text(GIVEN_UP))
            .return_values(ReturnValue::AllOld)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match taken {
            Ok(before) => Ok(Claim::Ours(lease_of(key, id, until, now, &before.attributes.unwrap_or_default()))),
            Err(failure) => match failure.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(taken)) => {
                    Ok(not_ours(taken.item.as_ref().unwrap_or(&Row::new()), now))
                }
                _ => Err(unavailable(DYNAMODB, failure)),
            },
        }
    }

    async fn complete(&self, lease: &Lease, forget: Timestamp) -> Answer<()> {
        let done = self
            .judge(lease, COMPLETED, forget)
            .update_expression(
                "SET judged = :judged, judged_by = :id, forget = :forget, expires = :expires \
                 REMOVE lease_by, lease_until, tries, refused_since, reason",
            )
            .send();
        done.await.map_err(|failure| unavailable(DYNAMODB, failure))?;
        Ok(())
    }

    async fn refuse(&self, lease: &Lease, now: Timestamp, forget: Timestamp) -> Answer<()> {
        let refused = self
            .judge(lease, REFUSED, forget)
            .update_expression(
                "SET judged = :judged, judged_by = :id, forget = :forget, expires = :expires, \
                 tries = :tries, refused_since = :since REMOVE lease_by, lease_until",
            )
            .condition_expression(OURS)
            .expression_attribute_values(":until", number(lease.until.0))
            .expression_attribute_values(":tries", number(u64::from(lease.tries) + 1))
            .expression_attribute_values(":since", number(lease.refused_since.unwrap_or(now).0));
        unless_lost(refused).await
    }

    async fn give_up(&self, lease: &Lease, reason: &str, forget: Timestamp) -> Answer<()> {
        let given_up = self
            .judge(lease, GIVEN_UP, forget)
            .update_expression(
                "SET judged = :judged, judged_by = :id, forget = :forget, expires = :expires, \
                 reason = :reason REMOVE lease_by, lease_until, tries, refused_since",
            )
            .condition_expression(OURS)
            .expression_attribute_values(":until", number(lease.until.0))
            .expression_attribute_values(":reason", text(reason));
        unless_lost(given_up).await
    }
}

impl Store {
    fn claim_row(&self, key: &ClaimKey) -> UpdateItemFluentBuilder {
        let update = self.table.client.update_item().table_name(&self.table.name);
        update.key("pk", text(claim_key(key))).key("sk", text("-"))
    }

    fn judge(&self, lease: &Lease, judged: &str, forget: Timestamp) -> UpdateItemFluentBuilder {
        self.claim_row(&lease.key)
            .expression_attribute_values(":judged", text(judged))
            .expression_attribute_values(":id", text(lease.id.to_string()))
            .expression_attribute_values(":forget", number(forget.0))
            .expression_attribute_values(":expires", expiry(forget))
    }
}

/// The partition of a claim.
pub(super) fn claim_key(key: &ClaimKey) -> String {
    format!("claim/{}", key.0)
}

/// A lease that was lost to another changes nothing.
async fn unless_lost(update: UpdateItemFluentBuilder) -> Answer<()> {
    conditional(update.send().await).map(|_| ())
}

/// What was known of the claim before it was taken now.
fn lease_of(key: &ClaimKey, id: WebhookId, until: Timestamp, now: Timestamp, before: &Row) -> Lease {
    let refused = is(before, REFUSED) && moment(before, "forget").is_some_and(|forget| forget > now);
    let tries = before.get("tries").and_then(|tries| tries.as_n().ok()?.parse().ok()).filter(|_| refused);
    let refused_since = moment(before, "refused_since").filter(|_| refused);
    Lease { key: key.clone(), id, until, tries: tries.unwrap_or_default(), refused_since }
}

/// Why a claim was not free.
fn not_ours(row: &Row, now: Timestamp) -> Claim {
    if let Some(until) = moment(row, "lease_until").filter(|until| *until > now) {
        return Claim::Busy { until };
    }
    let by = row.get("judged_by").and_then(|by| by.as_s().ok()?.parse().ok());
    match by {
        Some(by) if is(row, COMPLETED) => Claim::Completed { by },
        Some(_) if is(row, GIVEN_UP) => {
            let reason = row.get("reason").and_then(|reason| reason.as_s().ok()).cloned();
            Claim::Buried { reason: reason.unwrap_or_default() }
        }
        // The row was removed between the refusal and the look at it: look again at once.
        _ => Claim::Busy { until: now },
    }
}

fn is(row: &Row, judged: &str) -> bool {
    row.get("judged").and_then(|value| value.as_s().ok()).is_some_and(|value| value == judged)
}

fn moment(row: &Row, name: &str) -> Option<Timestamp> {
    row.get(name)?.as_n().ok()?.parse().ok().map(Timestamp)
}
